package query

// loginActions are the actions of the service accounts that log somebody in.
var loginActions = []string{
	"login", "aadBrowserLogin", "aadTokenLogin", "certLogin", "jwtLogin", "mfaLogin", "oidcBrowserLogin",
	"oidcTokenAuthorization", "samlLogin", "tokenLogin", "passwordVerifyAuthentication",
}

// notPeople are the names that events carry where nobody is known.
var notPeople = []string{"System-User", "unknown", "Unknown"}

func loginQueries() []Named {
	tables := []string{"accounts", "ssh"}
	// The logins of both services that meet the conditions.
	logins := func(a Args, cols []Output, conditions ...Expr) Plan {
		return UnionOf(
			From("accounts", a.Range).
				Filter(append([]Expr{In{colAction, Strs(loginActions...)}}, conditions...)...).
				Project(append(cols, As("method", colAction))...),
			From("ssh", a.Range).
				Filter(append([]Expr{Eq(colAction, Str("login"))}, conditions...)...).
				Project(append(cols, As("method", Str("ssh.login")))...),
		)
	}
	failed := []Expr{
		Compare{GreaterEqual, colStatus, Int(400)},
		DistinctFromAll{colActor, Strs(notPeople...)},
	}
	date := []Output{As("date", colDate)}
	return []Named{
		{
			Name:          "logins_by_method",
			Title:         "Logins by method",
			Description:   "How many logins, successful or not, were made on each day (UTC) by each method. Token logins are usually most of them by far.",
			Group:         groupLogins,
			Visualization: "timeseries",
			Alertable:     true,
			Severity:      SeverityInfo,
			Tables:        tables,
			Build: func(a Args) (Plan, error) {
				return logins(a, date).
					Aggregate([]Output{As("date", Name("date")), As("method", Name("method"))}, CountRows("num_logins")).
					Sort(Asc("date"), Asc("method")), nil
			},
		},
		{
			Name:          "failed_logins",
			Title:         "Failed logins",
			Description:   "How many logins failed on each day (UTC), whoever tried, services of Databricks left out.",
			Group:         groupLogins,
			Visualization: "timeseries",
			Alertable:     true,
			Severity:      SeverityWarning,
			Tables:        tables,
			Build: func(a Args) (Plan, error) {
				return logins(a, date, failed...).
					Aggregate([]Output{As("date", Name("date"))}, CountRows("num_failed")).
					Sort(Asc("date")), nil
			},
		},
		{
			Name:          "failed_logins_by_user",
			Title:         "Failed logins by user",
			Description:   "Whose logins failed most, and when they last did.",
			Group:         groupLogins,
			Params:        []Param{limitParam()},
			Visualization: "table",
			Alertable:     true,
			Severity:      SeverityWarning,
			Tables:        tables,
			Build: func(a Args) (Plan, error) {
				return logins(a, []Output{As("user", colActor), As("time", colTime)}, failed...).
					Aggregate(
						[]Output{As("user", Name("user"))},
						CountRows("num_failed"),
						Agg{Name: "last", Func: Max, Arg: Name("time")},
					).
					Sort(Desc("num_failed"), Asc("user")).
					Limit(a.Int("limit")), nil
			},
		},
	}
}
