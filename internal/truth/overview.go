package truth

func overviewQueries() []query {
	counted := options{"limit": "100", "ignored_users": notPeople}
	return []query{
		{name: "events_per_day", rows: func(k *look) *Answer {
			a := columns("date", "num_events")
			for d, g := range groups(k.silver(), func(e *Event) labels { return labels{e.date()} }) {
				a.add(d[0], len(g))
			}
			return a.order("date")
		}},
		{name: "events_by_service", params: options{"limit": "100"}, other: options{"limit": "1000"}, rows: func(k *look) *Answer {
			a := columns("service", "action", "num_events", "num_denied")
			for l, g := range groups(k.silver(), byAction) {
				a.add(l[0], l[1], len(g), g.count(func(e *Event) bool { return e.outcome == "denied" }))
			}
			return a.order("-num_events", "service", "action").limit(k.int("limit"))
		}},
		{name: "top_users", params: counted, other: options{"limit": "10", "ignored_users": "dbadmin,Unknown"}, rows: func(k *look) *Answer {
			a := columns("user", "num_events", "num_services", "last")
			for l, g := range groups(k.silver(k.people()), byActor) {
				a.add(l[0], len(g), g.distinct(func(e *Event) any { return e.service }), g.last())
			}
			return a.order("-num_events", "user").limit(k.int("limit"))
		}},
		{
			name: "activity", params: options{"user": "", "address": "", "token": "", "limit": "100"},
			other: options{"user": "ada.abara0@northwind.example", "limit": "1000"},
			further: []options{
				{"token": "planted-token-shared"},
				{"token": "planted-revoked"},
				{"user": "grabber@planted.example", "address": "198.18.7.7", "limit": "20"},
				{"user": "grabber@planted.example", "address": "198.18.7.8"},
			},
			rows: activity,
		},
	}
}

func byAction(e *Event) labels { return labels{e.service, e.action} }

func activity(k *look) *Answer {
	user, address, token := k.params["user"], k.params["address"], k.params["token"]
	wanted := func(e *Event) bool {
		return (user == "" || e.actor == user) && (address == "" || e.address == address) &&
			(token == "" || e.entry("tokenId") == token || e.entry("tokenHash") == token)
	}
	return k.list(k.silver(wanted), func(e *Event) []any {
		return []any{e.actor, e.address, e.service, e.action, e.workspace, e.requestID, e.outcome}
	}, "user", "address", "service", "action", "workspaceId", "requestId", "outcome")
}
