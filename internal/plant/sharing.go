package plant

import "fmt"

// catalogEvent is an event of Unity Catalog.
func catalogEvent(at int64, who, action, params string, status int) event {
	return event{at: at, service: "unityCatalog", action: action, who: who, params: params, status: status, account: true}
}

func catalog(s *stage) {
	const denied, data = "unity_catalog_denials", "data_access_denials"
	t := s.at(14, "15:00")
	s.times(26, 144*second, catalogEvent(t, mail("denied.26"), "getTable", "", 403))
	s.times(16, 240*second, catalogEvent(t, mail("denied.data.16"), "generateTemporaryVolumeCredential", with("volume_full_name", "a.b.c"), 401))
	s.in(denied, mail("denied.26"))
	s.in(data, mail("denied.data.16"))
	s.times(25, second, catalogEvent(t, mail("denied.25"), "getTable", "", 403))
	s.times(26, 145*second, catalogEvent(t, mail("denied.slowly"), "getTable", "", 403))
	s.times(40, second, catalogEvent(t, mail("denied.not"), "deltaSharingQueryTable", "", 404))
	s.times(15, second, catalogEvent(t, mail("denied.data.15"), "deltaSharingQueryTableChanges", "", 403))
	s.out(denied, mail("denied.25"), mail("denied.slowly"), mail("denied.not"))
	s.out(data, mail("denied.26"), mail("denied.not"), mail("denied.data.15"))

	const elsewhere, popular = "read_then_written_elsewhere", "popular_tables"
	access := func(at int64, who, operation, table string, n int, status int) {
		for i := range n {
			s.do(catalogEvent(at+int64(i)*second, mail(who), "generateTemporaryTableCredential", with("operation", operation, "table_full_name", fmt.Sprint(table, i)), status))
		}
	}
	access(t, "copier", "READ", "planted.in.t", 21, 200)
	access(t, "copier", "read_write", "planted.out.t", 21, 200)
	s.in(elsewhere, mail("copier"))
	access(t, "copier.of.20", "READ", "planted.in.t", 20, 200)
	access(t, "copier.of.20", "READ_WRITE", "planted.out.t", 30, 200)
	access(t, "copier.at.home", "READ", "planted.in.t", 30, 200)
	access(t, "copier.at.home", "READ_WRITE", "planted.in.t", 30, 200)
	access(t, "copier.refused", "READ", "planted.in.t", 30, 200)
	access(t, "copier.refused", "READ_WRITE", "planted.out.t", 30, 403)
	access(t, "copier.of.two.hours", "READ", "planted.in.t", 30, 200)
	access(t+hour, "copier.of.two.hours", "READ_WRITE", "planted.out.t", 30, 200)
	s.out(elsewhere, mail("copier.of.20"), mail("copier.at.home"), mail("copier.refused"), mail("copier.of.two.hours"))

	visit := func(params string, status int) {
		for i := range 120 {
			s.do(catalogEvent(t+int64(i)*second, mail(fmt.Sprintf("visitor.%d", i%3)), "generateTemporaryPathCredential", params, status))
		}
	}
	visit(with("table_full_name", "", "url", "s3://planted/popular"), 200)
	visit(with("table_full_name", "planted.refused.table"), 403)
	visit(with("table_full_name", "planted.redirected.table"), 302)
	s.in(popular, "s3://planted/popular")
	s.out(popular, "planted.refused.table", "planted.redirected.table")
}

func sharing(s *stage) {
	const open, kept, lifetime, owner = "recipients_without_ip_list", "share_ip_denials", "recipient_token_lifetime", "metastore_owner_changed"
	t := s.at(16, "16:00")
	recipient := func(name, more string) {
		params := with("name", name)
		if more != "" {
			params += "," + more
		}
		s.do(catalogEvent(t, mail("sharer"), "createRecipient", params, 200))
	}
	recipient("planted open", "")
	recipient("planted null", `"ip_access_list":null`)
	recipient("planted empty", with("ip_access_list", ""))
	recipient("planted braces", `"ip_access_list":{ }`)
	s.in(open, "planted open", "planted null", "planted empty", "planted braces")
	recipient("planted listed", with("ip_access_list", `{"allowed_ip_addresses":["192.0.2.0/24"]}`))
	s.do(catalogEvent(t, mail("sharer"), "updateRecipient", with("name", "planted updated"), 200))
	s.out(open, "planted listed", "planted updated")

	query := func(action, name, denied string) {
		s.times(5, second, catalogEvent(t, "", action, with("recipient_name", name, "share", "planted share", "is_ip_access_denied", denied), 403))
	}
	query("deltaSharingQueryTable", "planted kept out", "true")
	query("deltaSharingQueryTableChanges", "planted kept out, too", "TRUE")
	query("deltaSharingQueryTable", "planted let in", "false")
	query("deltaSharingListShares", "planted only listing", "true")
	s.in(kept, "planted kept out", "planted kept out, too")
	s.out(kept, "planted let in", "planted only listing")

	update := func(action, metastore, more string) {
		params := with("metastore_id", metastore)
		if more != "" {
			params += "," + more
		}
		s.do(catalogEvent(t, mail("metastore.keeper"), action, params, 200))
	}
	const seconds = "delta_sharing_recipient_token_lifetime_in_seconds"
	update("updateMetastore", "planted-metastore-days", with(seconds, "7776000"))
	update("updateMetastore", "planted-metastore-odd", `"`+seconds+`":100000`)
	update("updateMetastore", "planted-metastore-text", with(seconds, "forever"))
	update("updateMetastore", "planted-metastore-null", `"`+seconds+`":null`)
	update("createMetastore", "planted-metastore-made", with(seconds, "60", "owner", mail("metastore.maker")))
	s.in(lifetime, "planted-metastore-days", "planted-metastore-odd", "planted-metastore-text")
	s.out(lifetime, "planted-metastore-null", "planted-metastore-made", "planted-metastore-owned")
	update("updateMetastore", "planted-metastore-owned", with("owner", mail("metastore.owner")))
	s.in(owner, mail("metastore.owner"))
	s.out(owner, "planted-metastore-days", mail("metastore.maker"))
}
