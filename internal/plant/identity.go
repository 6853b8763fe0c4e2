package plant

import "fmt"

func tokens(s *stage) {
	const shared = "tokens_shared"
	use := func(day int64, token string, addresses ...string) {
		for i, address := range addresses {
			e := login(s.at(day, "10:00")+int64(i)*minute, mail("token.owner"), "tokenLogin", 200)
			e.params += "," + with("tokenId", token)
			e.address = address
			s.do(e)
		}
	}
	use(13, "planted-token-shared", "192.0.2.1", "192.0.2.2", "2001:db8::1", "198.51.100.9", "192.0.2.1:443")
	s.in(shared, "planted-token-shared")
	use(13, "planted-token-of-three", "192.0.2.1", "192.0.2.2", "192.0.2.3")
	use(13, "planted-token-private", "192.0.2.1", "10.1.2.3", "192.168.1.1", "172.16.9.9", "100.64.0.1", "127.0.0.1", "fd00::1", "fe80::1")
	use(13, "planted-token-ports", "192.0.2.1:1", "192.0.2.1:2", "192.0.2.1:3", "192.0.2.1:4", "[2001:db8::1]:5", "2001:db8::1")
	use(13, "planted-token-two-days", "192.0.2.1", "192.0.2.2", "192.0.2.3")
	use(14, "planted-token-two-days", "192.0.2.4", "192.0.2.5", "192.0.2.6")
	use(13, "", "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5")
	s.out(shared, "planted-token-of-three", "planted-token-private", "planted-token-ports", "planted-token-two-days", "")

	const long, active = "tokens_long_lived", "tokens_active"
	made := s.at(13, "12:00")
	issue := func(at int64, hash, expiry string, status int) {
		params := with("tokenHash", hash)
		if expiry != "none" {
			params += "," + with("tokenExpirationTime", expiry)
		}
		s.do(event{at: at, service: "accounts", action: "generateDbToken", who: mail("token.maker"), params: params, status: status})
	}
	revoke := func(at int64, hash string, status int) {
		s.do(event{at: at, service: "accounts", action: "revokeDbToken", who: mail("token.maker"), params: with("tokenHash", hash), status: status})
	}
	in := func(span int64) string { return fmt.Sprint(made + span) }
	issue(made, "planted-forever", "-1", 200)
	issue(made, "planted-unlimited", "none", 200)
	issue(made, "planted-empty-limit", "", 200)
	issue(made, "planted-73-hours", in(73*hour), 200)
	issue(made, "planted-refused", "-1", 403)
	issue(made, "planted-72-hours", in(72*hour), 200)
	issue(made, "planted-one-hour", in(hour), 200)
	s.in(long, "planted-forever", "planted-unlimited", "planted-empty-limit", "planted-73-hours", "planted-refused")
	s.out(long, "planted-72-hours", "planted-one-hour")

	issue(made, "planted-revoked", "-1", 200)
	revoke(made+hour, "planted-revoked", 200)
	issue(made, "planted-revoked-at-once", "-1", 200)
	revoke(made, "planted-revoked-at-once", 200)
	revoke(made, "planted-reissued", 200)
	issue(made+hour, "planted-reissued", "-1", 200)
	issue(made, "planted-not-revoked", in(300*day), 200)
	revoke(made+hour, "planted-not-revoked", 403)
	s.in(active, "planted-forever", "planted-unlimited", "planted-empty-limit", "planted-reissued", "planted-not-revoked")
	s.out(active, "planted-revoked", "planted-revoked-at-once", "planted-refused", "planted-one-hour", "planted-73-hours")
}

func sessions(s *stage) {
	const shared = "sessions_shared"
	use := func(day int64, session, address, agent string) {
		s.do(event{at: s.at(day, "11:00"), service: "workspace", action: "getWorkspaceNode", who: mail("session.owner"), session: session, address: address, agent: agent})
	}
	use(14, "planted-session-roams", "192.0.2.1", "")
	use(14, "planted-session-roams", "192.0.2.2", "")
	use(14, "planted-session-of-agents", "192.0.2.1", "curl/8")
	use(14, "planted-session-of-agents", "192.0.2.1", "wget/1")
	s.in(shared, "planted-session-roams", "planted-session-of-agents")
	use(14, "planted-session-at-home", "192.0.2.1:80", "")
	use(14, "planted-session-at-home", "192.0.2.1:81", "")
	use(14, "planted-session-private", "192.0.2.1", "")
	use(14, "planted-session-private", "10.0.0.9", "")
	use(14, "planted-session-two-days", "192.0.2.1", "")
	use(15, "planted-session-two-days", "192.0.2.2", "")
	s.out(shared, "planted-session-at-home", "planted-session-private", "planted-session-two-days")
}

func people(s *stage) {
	const many = "users_of_many_workspaces"
	visit := func(day int64, who string, workspaces ...string) {
		for _, id := range workspaces {
			s.do(event{at: s.at(day, "12:00"), service: "workspace", action: "getWorkspaceNode", who: who, workspace: id})
		}
	}
	visit(15, mail("roamer"), "9001", "9002", "9003", "9004", "9007199254740993")
	s.in(many, mail("roamer"))
	visit(15, mail("roamer.of.four"), "9001", "9002", "9003", "9004", "9004", "0")
	visit(15, mail("roamer.of.two.days"), "9001", "9002", "9003")
	visit(16, mail("roamer.of.two.days"), "9004", "9005")
	visit(15, "System-User", "9001", "9002", "9003", "9004", "9005")
	s.out(many, mail("roamer.of.four"), mail("roamer.of.two.days"), "System-User")

	const credentials, principals = "credential_changes", "principals_changed"
	change := func(action, params string, status int) {
		s.do(event{at: s.at(15, "13:00"), service: "accounts", action: action, who: mail("changer"), params: params, status: status})
	}
	change("changePassword", with("user", mail("password.owner")), 200)
	change("resetPassword", with("targetUserName", mail("password.lost"), "user", mail("not.the.target")), 200)
	change("mfaAddKey", with("targetUserName", mail("key.owner")), 200)
	change("mfaDeleteKey", with("targetUserName", mail("key.loser")), 403)
	change("mfaListKeys", with("targetUserName", mail("key.lister")), 200)
	s.in(credentials, mail("password.owner"), mail("password.lost"), mail("key.owner"), mail("key.loser"))
	s.out(credentials, mail("not.the.target"), mail("key.lister"))

	change("createGroup", with("targetGroupName", "planted-group", "endpoint", "scim"), 200)
	change("removeGroup", with("targetGroupName", "planted-group-gone"), 200)
	change("addPrincipalsToGroup", with("targetUserId", "4711000", "targetGroupName", "planted-many"), 200)
	change("removePrincipalsFromGroup", with("targetUserName", mail("thrown.out"), "targetUserId", "4711001"), 200)
	change("updateGroup", with("targetGroupName", "planted-renamed"), 200)
	s.in(principals, "planted-group", "planted-group-gone", "4711000", mail("thrown.out"))
	s.out(principals, "4711001", "planted-renamed")
}
