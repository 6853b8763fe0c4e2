package truth

import "slices"

func loginQueries() []query {
	return []query{
		{name: "failed_logins_repeated", params: burstParams("5", "60"), other: burstParams("3", "10"), rows: func(k *look) *Answer {
			return k.burst(pick(k.logins(), []test{refused}))
		}},
		{
			name: "login_after_failures", params: options{"threshold": "5", "window_minutes": "30", "ignored_users": notPeople},
			other: options{"threshold": "2", "window_minutes": "240"}, rows: loginAfterFailures,
		},
		{name: "login_addresses", params: options{"limit": "100", "ignored_users": notPeople}, other: options{"limit": "1000"}, rows: loginAddresses},
		{name: "new_networks", params: options{"days": "90", "ignored_users": notPeople}, other: options{"days": "5"}, span: backSpan, rows: newNetworks},
		{name: "logins_without_sso", params: options{"limit": "100", "ignored_users": notPeople}, other: options{"ignored_users": "System-User", "limit": "1000"}, rows: loginsWithoutSSO},
		{name: "databricks_staff_logins", params: options{"limit": "100"}, other: options{"limit": "1000"}, rows: staffLogins},
		{name: "databricks_staff_access", params: options{"limit": "100"}, other: options{"limit": "1000"}, rows: func(k *look) *Answer {
			return k.list(k.in("genie", action("databricksAccess")), func(e *Event) []any {
				return []any{e.column("user"), e.column("approver"), e.column("duration"), e.column("reason"), e.workspace}
			}, "user", "approver", "duration", "reason", "workspaceId")
		}},
		{name: "ip_denials", params: options{"limit": "100"}, other: options{"limit": "1000"}, rows: ipDenials},
		{name: "ip_denials_per_hour", rows: ipDenialsPerHour},
	}
}

func burstParams(threshold, minutes string) options {
	return options{"threshold": threshold, "window_minutes": minutes, "ignored_users": notPeople}
}

var loginActions = action("login", "aadBrowserLogin", "aadTokenLogin", "certLogin", "jwtLogin", "mfaLogin", "oidcBrowserLogin",
	"oidcTokenAuthorization", "samlLogin", "tokenLogin", "passwordVerifyAuthentication")

// logins are those of the time range, in order.
func (k *look) logins() []*Event { return loginsWithin(k.log, k.from, k.to) }

func loginsWithin(l *Log, from, to Time) []*Event {
	return pick(within(l.events, from, to), []test{func(e *Event) bool {
		return e.table == "accounts" && loginActions(e) || e.table == "ssh" && e.is("login")
	}})
}

func loginAfterFailures(k *look) *Answer {
	a := columns("user", "failures", "first", "num_logins")
	for who, g := range groups(pick(k.logins(), []test{k.people()}), byActor) {
		if who[0] == nil {
			continue
		}
		failures := group(pick(g, []test{refused}))
		most, n := 0, 0
		var first Time
		for _, e := range pick(g, []test{ok}) {
			before := len(within(failures, e.at-k.span("window_minutes", minute), e.at+1))
			if before < k.int("threshold") {
				continue
			}
			if n == 0 {
				first = e.at
			}
			most = max(most, before)
			n++
		}
		if n > 0 {
			a.add(who[0], most, first, n)
		}
	}
	return a.order("-failures", "user")
}

func loginAddresses(k *look) *Answer {
	a := columns("user", "address", "num_logins", "first", "last")
	for l, g := range groups(pick(k.logins(), []test{ok, k.people()}), func(e *Event) labels { return labels{e.actor, e.address} }) {
		a.add(l[0], l[1], len(g), g.first(), g.last())
	}
	return a.order("-num_logins", "user", "address").limit(k.int("limit"))
}

func newNetworks(k *look) *Answer {
	from := func(e *Event) labels { return labels{e.actor, networkOf(e.address)} }
	known, users := map[labels]bool{}, map[any]bool{}
	for _, e := range pick(loginsWithin(k.log, k.from-k.span("days", day), k.from), []test{ok}) {
		known[from(e)] = true
		users[e.actor] = users[e.actor] || networkOf(e.address) != nil
	}
	a := columns("user", "network", "first", "num_logins")
	for l, g := range groups(pick(k.logins(), []test{ok, k.people()}), from) {
		if l[0] != nil && l[1] != nil && users[l[0]] && !known[l] {
			a.add(l[0], l[1], g.first(), len(g))
		}
	}
	return a.order("first", "user", "network")
}

func loginsWithoutSSO(k *look) *Answer {
	ways := action("login", "certLogin", "jwtLogin", "mfaLogin", "passwordVerifyAuthentication", "samlLogin")
	direct := func(e *Event) bool {
		return e.status == int64(200) && e.column("authentication_method") != "BROWSER_BYO_IDP_SAML"
	}
	a := columns("user", "method", "num_logins", "last")
	for l, g := range groups(k.in("accounts", ways, direct, k.people()), func(e *Event) labels { return labels{e.actor, e.action} }) {
		a.add(l[0], l[1], len(g), g.last())
	}
	return a.order("-num_logins", "user", "method").limit(k.int("limit"))
}

func staffLogins(k *look) *Answer {
	staff := func(e *Event) bool {
		return e.status == int64(200) && e.column("authentication_method") == "GENIE_AUTH"
	}
	return k.list(k.in("accounts", loginActions, staff), func(e *Event) []any {
		return []any{e.actor, e.action, e.address, e.workspace}
	}, "user", "method", "address", "workspaceId")
}

var denials = action("IpAccessDenied", "accountIpAclsValidationFailed")

func ipDenials(k *look) *Answer {
	a := columns("address", "user", "path", "num_denied", "last")
	for l, g := range groups(k.in("accounts", denials), func(e *Event) labels {
		return labels{either(e.column("sourceIpAddress"), e.address), e.actor, e.column("path")}
	}) {
		a.add(l[0], l[1], l[2], len(g), g.last())
	}
	return a.order("-num_denied", "address", "user", "path").limit(k.int("limit"))
}

func ipDenialsPerHour(k *look) *Answer {
	a := columns("time", "num_denied")
	for t, g := range groups(k.in("accounts", denials), func(e *Event) labels { return labels{e.at.hour()} }) {
		a.add(t[0], len(g))
	}
	return a.order("time")
}

// hour is when the hour of t began.
func (t Time) hour() Time { return t - t%hour }

// isSet is a value that is neither null nor empty.
func isSet(v any) bool { return v != nil && v != "" }

// contains tells whether a list has the value, null being none.
func contains(list []string, v any) bool {
	s, found := v.(string)
	return found && slices.Contains(list, s)
}
