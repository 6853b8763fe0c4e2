package truth

import "strings"

func identityQueries() []query {
	return []query{
		{
			name: "tokens_shared", params: options{"limit": "100", "addresses": "3", "private_networks": privateNetworks},
			other: options{"addresses": "2", "private_networks": "10.0.0.0/8,203.0.113.0/24", "limit": "1000"}, rows: tokensShared,
		},
		{name: "sessions_shared", params: options{"limit": "100"}, other: options{"limit": "1000"}, rows: sessionsShared},
		{
			name: "users_of_many_workspaces", params: options{"limit": "100", "workspaces": "5", "ignored_users": notPeople},
			other: options{"workspaces": "4", "limit": "1000"}, rows: usersOfManyWorkspaces,
		},
		{name: "active_users_per_day", params: options{"ignored_users": notPeople}, other: options{"ignored_users": "ada.abara0@northwind.example"}, rows: activeUsersPerDay},
		{name: "active_users", params: options{"ignored_users": notPeople}, other: options{"ignored_users": "ada.abara0@northwind.example"}, span: endedSpan, rows: activeUsers},
		{name: "credential_changes", params: options{"limit": "100"}, other: options{"limit": "1000"}, rows: func(k *look) *Answer {
			return k.list(k.in("accounts", action("changePassword", "resetPassword", "mfaAddKey", "mfaDeleteKey")), func(e *Event) []any {
				return []any{e.actor, e.action, either(e.column("targetUserName"), e.column("user")), e.outcome}
			}, "user", "action", "target", "outcome")
		}},
		{name: "principals_changed", params: options{"limit": "100"}, other: options{"limit": "1000"}, rows: func(k *look) *Answer {
			changed := action("add", "delete", "createGroup", "removeGroup",
				"addPrincipalToGroup", "addPrincipalsToGroup", "removePrincipalFromGroup", "removePrincipalsFromGroup")
			return k.list(k.in("accounts", changed), func(e *Event) []any {
				return []any{e.actor, e.action, target(e), e.column("targetGroupName"), e.column("endpoint"), e.outcome}
			}, "user", "action", "target", "group", "endpoint", "outcome")
		}},
	}
}

// target is whom an event of accounts is about.
func target(e *Event) any { return either(e.column("targetUserName"), e.column("targetUserId")) }

func actor(e *Event) any { return e.actor }

func tokensShared(k *look) *Answer {
	address := public(k.texts("private_networks"))
	used := k.in("accounts", action("tokenLogin"), func(e *Event) bool { return isSet(e.column("tokenId")) })
	a := columns("date", "tokenId", "user", "num_addresses")
	for l, g := range groups(used, func(e *Event) labels { return labels{e.date(), e.column("tokenId")} }) {
		if n := g.distinct(address); n > k.int("addresses") {
			a.add(l[0], l[1], g.greatest(actor), n)
		}
	}
	return a.order("-num_addresses", "date", "tokenId").limit(k.int("limit"))
}

func sessionsShared(k *look) *Answer {
	address := public(strings.Split(privateNetworks, ","))
	a := columns("date", "sessionId", "user", "num_addresses", "num_agents")
	for l, g := range groups(k.silver(func(e *Event) bool { return isSet(e.session) }), func(e *Event) labels { return labels{e.date(), e.session} }) {
		addresses, agents := g.distinct(address), g.distinct(func(e *Event) any { return e.agent })
		if addresses > 1 || agents > 1 {
			a.add(l[0], l[1], g.greatest(actor), addresses, agents)
		}
	}
	return a.order("-num_addresses", "-num_agents", "date", "sessionId").limit(k.int("limit"))
}

func usersOfManyWorkspaces(k *look) *Answer {
	somewhere := func(e *Event) bool { return e.workspace != nil && e.workspace != "0" }
	a := columns("date", "user", "num_workspaces")
	for l, g := range groups(k.silver(k.people(), somewhere), func(e *Event) labels { return labels{e.date(), e.actor} }) {
		if n := g.distinct(func(e *Event) any { return e.workspace }); n >= k.int("workspaces") {
			a.add(l[0], l[1], n)
		}
	}
	return a.order("-num_workspaces", "date", "user").limit(k.int("limit"))
}

// human is an actor that looks like an e-mail address.
func human(e *Event) bool {
	name, _ := e.actor.(string)
	return strings.Contains(name, "@")
}

func activeUsersPerDay(k *look) *Answer {
	a := columns("date", "num_users")
	for d, g := range groups(k.silver(k.people(), human), func(e *Event) labels { return labels{e.date()} }) {
		a.add(d[0], g.distinct(actor))
	}
	return a.order("date")
}

func activeUsers(k *look) *Answer {
	since := func(days Time) int {
		return group(pick(within(k.log.events, k.to-days*day, k.to), []test{k.people(), human})).distinct(actor)
	}
	a := columns("daily", "weekly", "monthly")
	a.add(since(1), since(7), since(28))
	return a
}
