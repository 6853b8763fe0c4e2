package dashboards

// link is where a click on a value leads.
type link struct{ title, url string }

// Names of the dashboards that are linked to.
const (
	overviewName      = "databricks-audit"
	clustersName      = "clusters"
	jobsName          = "jobs"
	loginsName        = "logins"
	adminName         = "admin"
	dataAccessName    = "data-access"
	pipelineName      = "pipeline"
	investigationName = "investigation"
)

const overviewUID = "auditlake-databricks-audit"

// value is what was clicked on, in a form that no character of it gets out of.
const value = "${__value.raw:percentencode}"

// to leads to another dashboard about the same data source and time range.
func to(name, title string) link {
	return link{title, "/d/" + uidOf(name) + "?${datasource:queryparam}&${__url_time_range}"}
}

// about leads to a dashboard with the value that was clicked on as a variable.
func about(name, variable, title string) link {
	l := to(name, title)
	l.url += "&var-" + variable + "=" + value
	return l
}

// with takes the values of variables along.
func (l link) with(variables ...string) link {
	for _, v := range variables {
		l.url += "&${" + v + ":queryparam}"
	}
	return l
}

func investigate(variable string) link {
	return about(investigationName, variable, "Investigate ${__value.text}")
}
