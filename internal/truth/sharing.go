package truth

import "strings"

func sharingQueries() []query {
	listed := options{"limit": "100"}
	more := options{"limit": "1000"}
	return []query{
		{name: "unity_catalog_denials", params: burstParams("26", "60"), other: burstParams("2", "600"), rows: func(k *look) *Answer {
			return k.burst(k.in("unitycatalog", refused))
		}},
		{name: "data_access_denials", params: burstParams("16", "60"), other: burstParams("2", "600"), rows: func(k *look) *Answer {
			return k.burst(k.in("unitycatalog", credentials, refused))
		}},
		{
			name: "read_then_written_elsewhere", params: options{"reads": "20", "writes": "20", "ignored_users": notPeople},
			other: options{"reads": "0", "writes": "1"}, rows: writtenElsewhere,
		},
		{name: "popular_tables", params: listed, other: options{"limit": "4"}, rows: popularTables},
		{name: "recipients_without_ip_list", params: listed, other: more, rows: func(k *look) *Answer {
			open := func(e *Event) bool {
				list := e.column("ip_access_list")
				return !isSet(list) || list == "{}"
			}
			return k.list(k.in("unitycatalog", action("createRecipient"), open), func(e *Event) []any {
				return []any{e.actor, e.column("name"), e.outcome}
			}, "user", "recipient", "outcome")
		}},
		{name: "share_ip_denials", params: listed, other: more, rows: shareIPDenials},
		{name: "recipient_token_lifetime", params: listed, other: more, rows: recipientTokenLifetime},
		{name: "metastore_owner_changed", params: listed, other: more, rows: func(k *look) *Answer {
			owned := func(e *Event) bool { return e.column("owner") != nil }
			return k.list(k.in("unitycatalog", action("updateMetastore"), owned), func(e *Event) []any {
				return []any{e.actor, e.column("metastore_id"), e.column("owner"), e.outcome}
			}, "user", "metastore", "owner", "outcome")
		}},
	}
}

var (
	temporary = action("generateTemporaryTableCredential", "generateTemporaryPathCredential", "generateTemporaryVolumeCredential")
	shared    = action("deltaSharingQueryTable", "deltaSharingQueryTableChanges")
)

// credentials are events that give access to data.
func credentials(e *Event) bool { return temporary(e) || shared(e) }

// securable is what access was given to.
func securable(e *Event) any {
	for _, key := range []string{"table_full_name", "volume_full_name", "name", "url", "table_url", "table_id", "volume_id"} {
		if v := e.column(key); isSet(v) {
			return v
		}
	}
	return nil
}

func writtenElsewhere(k *look) *Answer {
	writes := func(e *Event) bool {
		operation, _ := e.column("operation").(string)
		return strings.Contains(strings.ToUpper(operation), "WRITE")
	}
	accesses := k.in("unitycatalog", temporary, ok, k.people(), func(e *Event) bool { return securable(e) != nil })
	a := columns("time", "user", "num_reads", "num_writes", "num_unread")
	for l, g := range groups(accesses, func(e *Event) labels { return labels{e.at.hour(), e.actor} }) {
		read, unread := map[any]bool{}, map[any]bool{}
		for _, e := range g {
			if !writes(e) {
				read[securable(e)] = true
			}
		}
		for _, e := range g {
			if s := securable(e); writes(e) && !read[s] {
				unread[s] = true
			}
		}
		numWrites := g.count(writes)
		numReads := len(g) - numWrites
		if numReads > k.int("reads") && numWrites > k.int("writes") && len(unread) > 0 {
			a.add(l[0], l[1], numReads, numWrites, len(unread))
		}
	}
	return a.order("-num_unread", "time", "user")
}

func popularTables(k *look) *Answer {
	given := func(e *Event) bool { return e.status == int64(200) && securable(e) != nil }
	a := columns("securable", "num_accesses", "num_users")
	for s, g := range groups(k.in("unitycatalog", credentials, given), func(e *Event) labels { return labels{securable(e)} }) {
		a.add(s[0], len(g), g.distinct(actor))
	}
	return a.order("-num_accesses", "securable").limit(k.int("limit"))
}

func shareIPDenials(k *look) *Answer {
	denied := func(e *Event) bool {
		flag, _ := e.column("is_ip_access_denied").(string)
		return strings.ToLower(flag) == "true"
	}
	a := columns("recipient", "share", "address", "num_denied", "last")
	for l, g := range groups(k.in("unitycatalog", shared, denied), func(e *Event) labels {
		return labels{e.column("recipient_name"), e.column("share"), e.address}
	}) {
		a.add(l[0], l[1], l[2], len(g), g.last())
	}
	return a.order("-num_denied", "recipient", "share", "address").limit(k.int("limit"))
}

func recipientTokenLifetime(k *look) *Answer {
	const key = "delta_sharing_recipient_token_lifetime_in_seconds"
	given := func(e *Event) bool { return e.column(key) != nil }
	return k.list(k.in("unitycatalog", action("updateMetastore"), given), func(e *Event) []any {
		var days any
		if seconds, isNumber := decimal(e.column(key)).(float64); isNumber {
			days = seconds / 86400
		}
		return []any{e.actor, e.column("metastore_id"), days, e.outcome}
	}, "user", "metastore", "lifetime_days", "outcome")
}
