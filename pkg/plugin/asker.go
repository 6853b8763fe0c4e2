package plugin

import (
	"errors"
	"fmt"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

// errForbidden: the request needs another role.
var errForbidden = errors.New("not allowed")

// isAdmin says whether who asks administers the organization. Nobody does not.
func isAdmin(user *backend.User) bool { return user != nil && user.Role == roleAdmin }

// adminOnly refuses everybody else.
func adminOnly(user *backend.User) error {
	if !isAdmin(user) {
		return fmt.Errorf("%w: ask an administrator of the organization", errForbidden)
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
		return fmt.Errorf("%w: the data source shows some workspaces only; what concerns the whole lake is for administrators", errForbidden)
	}
}
