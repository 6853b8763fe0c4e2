package plugin

import (
	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

// forbiddenError is why a request is refused: it needs another role.
type forbiddenError struct{ why string }

func (e *forbiddenError) Error() string { return e.why }

// isAdmin says whether who asks administers the organization. Nobody does not.
func isAdmin(user *backend.User) bool { return user != nil && user.Role == roleAdmin }

// adminOnly refuses everybody else.
func adminOnly(user *backend.User) error {
	if !isAdmin(user) {
		return &forbiddenError{"ask an administrator of the organization"}
	}
	return nil
}

// seesLake says whether somebody may know of the lake as a whole: how many rows
// it has, what the ETL does. In a data source with a scope only administrators
// may, who could change the scope as well; settings that are wrong may have one.
func (d *Datasource) seesLake(user *backend.User) bool {
	return d.settingsErr == nil && d.settings.Scope.Workspaces == nil || isAdmin(user)
}

// lakeOnly refuses who may not know of the lake as a whole.
func (d *Datasource) lakeOnly(user *backend.User) error {
	switch {
	case d.seesLake(user):
		return nil
	case d.settingsErr != nil:
		return d.settingsErr
	default:
		return &forbiddenError{"the data source shows some workspaces only; what concerns the whole lake is for administrators"}
	}
}
