package plant

// login is somebody logging in to accounts.
func login(at int64, who, action string, status int) event {
	return event{at: at, service: "accounts", action: action, who: who, params: with("user", who), status: status}
}

func logins(s *stage) {
	const repeated, after = "failed_logins_repeated", "login_after_failures"
	t := s.at(12, "08:00")
	s.times(5, 15*minute, login(t, mail("guessed.five"), "login", 401))
	s.times(5, 0, login(t, mail("guessed.at.once"), "mfaLogin", 403))
	byParam := login(t, "", "tokenLogin", 401)
	byParam.params = with("user", mail("guessed.by.parameter"))
	s.times(5, minute, byParam)
	ssh := event{at: t, service: "ssh", action: "login", who: mail("guessed.ssh"), status: 403, params: with("instanceId", "i-planted-guess")}
	s.times(6, minute, ssh)
	s.in(repeated, mail("guessed.five"), mail("guessed.at.once"), mail("guessed.by.parameter"), mail("guessed.ssh"))

	s.times(4, minute, login(t, mail("guessed.four"), "login", 401))
	s.times(4, 15*minute, login(t, mail("guessed.slowly"), "login", 401))
	s.do(login(t+hour+1, mail("guessed.slowly"), "login", 401))
	s.times(9, minute, login(t, mail("guessed.badly"), "login", 400))
	s.times(9, minute, login(t, mail("guessed.right"), "login", 200))
	s.times(9, minute, login(t, "System-User", "login", 403))
	other := login(t, mail("guessed.elsewhere"), "logout", 403)
	s.times(9, minute, other)
	s.out(repeated, mail("guessed.four"), mail("guessed.slowly"), mail("guessed.badly"), mail("guessed.right"), "System-User", mail("guessed.elsewhere"))

	t = s.at(13, "08:00")
	s.times(5, 5*minute, login(t, mail("broken.in"), "login", 403))
	s.do(login(t+30*minute, mail("broken.in"), "samlLogin", 200))
	s.do(login(t+50*minute, mail("broken.in"), "login", 200))
	s.in(after, mail("broken.in"))
	s.times(4, minute, login(t, mail("broken.four"), "login", 403))
	s.do(login(t+10*minute, mail("broken.four"), "login", 200))
	s.times(5, 5*minute, login(t, mail("broken.late"), "login", 403))
	s.do(login(t+30*minute+1, mail("broken.late"), "login", 200))
	s.do(login(t-minute, mail("broken.before"), "login", 200))
	s.times(6, minute, login(t, mail("broken.before"), "login", 403))
	s.times(6, minute, login(t, "", "certLogin", 403))
	s.do(login(t+7*minute, "", "certLogin", 200))
	s.out(after, mail("broken.four"), mail("broken.late"), mail("broken.before"))
}

func networks(s *stage) {
	const addresses, fresh, direct, denials = "login_addresses", "new_networks", "logins_without_sso", "ip_denials"
	from := func(day int64, who, address string, status int) {
		e := login(s.at(day, "11:00"), mail(who), "tokenLogin", status)
		e.address = address
		s.do(e)
	}
	from(12, "addressed", "203.0.113.77:443", 200)
	from(12, "addressed", "203.0.113.77", 200)
	from(12, "address.denied", "192.0.2.99", 401)
	s.in(addresses, "203.0.113.77:443")
	s.out(addresses, mail("address.denied"))

	from(3, "traveller", "198.51.200.5", 200)
	from(25, "traveller", "192.0.2.9", 200)
	from(3, "traveller.six", "2001:db8:1::5", 200)
	from(25, "traveller.six", "2001:db8:2::5", 200)
	from(2, "long.away", "198.51.210.1", 200)
	from(8, "long.away", "198.51.211.1", 200)
	from(13, "long.away", "198.51.210.2", 200) // within the days of one case, forgotten in another
	s.in(fresh, mail("traveller"), mail("traveller.six"), mail("long.away"), "192.0.2.0/24", "2001:db8:2::/48")
	from(3, "homebody", "198.51.201.5", 200)
	from(25, "homebody", "198.51.201.250", 200)
	from(3, "homebody.six", "2001:db8:5::1", 200)
	from(25, "homebody.six", "[2001:db8:5:7::2]:443", 200)
	from(3, "homebody.port", "198.51.202.9:4711", 200)
	from(25, "homebody.port", "198.51.202.10", 200)
	from(25, "newcomer", "192.0.2.10", 200)
	from(3, "nowhere", "198.51.203.1", 200)
	for _, address := range []string{"127.0.0.1", "0.0.0.0", "unknown"} {
		from(25, "nowhere", address, 200)
	}
	from(3, "refused.elsewhere", "198.51.204.1", 200)
	from(25, "refused.elsewhere", "192.0.2.11", 403)
	from(3, "once.refused", "198.51.205.1", 401) // a refused login makes nobody known
	from(25, "once.refused", "192.0.2.12", 200)
	s.out(fresh, mail("homebody"), mail("homebody.six"), mail("homebody.port"), mail("newcomer"), mail("nowhere"), mail("refused.elsewhere"), mail("once.refused"))

	by := func(who, action, method string, status int) {
		e := login(s.at(14, "07:00"), mail(who), action, status)
		if method != "" {
			e.params += "," + with("authentication_method", method)
		}
		s.do(e)
	}
	by("by.password", "login", "BROWSER_PASSWORD", 200)
	by("by.anything", "mfaLogin", "", 200)
	s.in(direct, mail("by.password"), mail("by.anything"))
	by("by.sso", "samlLogin", "BROWSER_BYO_IDP_SAML", 200)
	by("by.wrong.password", "login", "BROWSER_PASSWORD", 401)
	by("by.redirect", "login", "BROWSER_PASSWORD", 302)
	by("by.azure", "aadBrowserLogin", "BROWSER_PASSWORD", 200)
	s.out(direct, mail("by.sso"), mail("by.wrong.password"), mail("by.redirect"), mail("by.azure"))

	deny := func(action, params, address string) {
		s.times(40, minute, event{at: s.at(14, "09:00"), service: "accounts", action: action, who: mail("kept.out"), status: 403, params: params, address: address})
	}
	deny("IpAccessDenied", with("path", "/planted/denied"), "192.0.2.201")
	deny("accountIpAclsValidationFailed", with("sourceIpAddress", "192.0.2.202"), "192.0.2.203")
	deny("IpAccessListQuotaExceeded", with("path", "/planted/quota"), "192.0.2.204")
	s.in(denials, "/planted/denied", "192.0.2.201", "192.0.2.202")
	s.out(denials, "192.0.2.203", "192.0.2.204", "/planted/quota")
}

func staff(s *stage) {
	const came, access = "databricks_staff_logins", "databricks_staff_access"
	by := func(who, key, method string, status int) {
		e := login(s.at(15, "07:00"), mail(who), "login", status)
		e.params += "," + with(key, method)
		s.do(e)
	}
	by("staff", "authentication_method", "GENIE_AUTH", 200)
	by("staff.key.case", "Authentication_Method", "GENIE_AUTH", 200) // a gold table has one field of both
	s.in(came, mail("staff"), mail("staff.key.case"))
	by("staff.refused", "authentication_method", "GENIE_AUTH", 403)
	by("staff.value.case", "authentication_method", "genie_auth", 200)
	by("staff.other.key", "authenticationMethod", "GENIE_AUTH", 200)
	s.out(came, mail("staff.refused"), mail("staff.value.case"), mail("staff.other.key"))

	support := func(action, reason string) {
		s.do(event{at: s.at(15, "08:00"), service: "genie", action: action, who: "", params: with(
			"user", "support@databricks.example", "approver", mail("approver"), "duration", "8", "reason", reason)})
	}
	support("databricksAccess", "planted: driver lost")
	support("databricksAccessEnded", "planted: over")
	s.in(access, "planted: driver lost")
	s.out(access, "planted: over")
}
