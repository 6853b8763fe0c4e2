package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/identity"
	"github.com/auditlake/auditlake/pkg/identity/scim"
	"github.com/auditlake/auditlake/pkg/lake"
)

// Secrets come from the variables that Databricks' own tools read: other users of
// the machine see the flags of a process.
const (
	envToken        = "DATABRICKS_TOKEN"
	envClientSecret = "DATABRICKS_CLIENT_SECRET" // #nosec G101 -- the name of a variable, not its value
)

// databricks is whom etl asks after a run who ids belong to.
type databricks struct {
	host, account, clientID string
	all                     bool
}

func (d *databricks) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&d.host, "databricks-host", "", "workspace or account console to ask who ids belong to that events do not explain, with $"+envToken)
	f.StringVar(&d.account, "databricks-account-id", "", "id of the account, where --databricks-host is an account console")
	f.StringVar(&d.clientID, "databricks-client-id", "", "ask as this service principal, with $"+envClientSecret+", instead")
	f.BoolVar(&d.all, "databricks-list-all", false, "have all users, service principals and groups listed once a day")
}

// directory is nil without a host.
func (d *databricks) directory() (identity.Directory, error) {
	if d.host == "" {
		if d.account != "" || d.clientID != "" || d.all {
			return nil, errors.New("--databricks-host is missing: the other flags of databricks need it")
		}
		return nil, nil
	}
	c := scim.Config{Host: d.host, AccountID: d.account}
	switch {
	case d.clientID != "":
		c.ClientID, c.ClientSecret = d.clientID, secret(envClientSecret)
		if c.ClientSecret == "" {
			return nil, fmt.Errorf("--databricks-client-id: set %s to the secret of the service principal", envClientSecret)
		}
	default:
		if c.Token = secret(envToken); c.Token == "" {
			return nil, fmt.Errorf("--databricks-host: set %s to a token, or give --databricks-client-id", envToken)
		}
	}
	client, err := scim.New(c)
	if err != nil {
		return nil, fmt.Errorf("--databricks-host: %w", err)
	}
	return client, nil
}

// after is what etl does after a run and before what next does. A directory that
// fails is a warning.
func (d *databricks) after(l *lake.Lake, dir identity.Directory, out, errOut io.Writer, next func(context.Context) error) func(context.Context) error {
	if dir == nil {
		return next
	}
	return func(ctx context.Context) error {
		got, err := etl.Identify(ctx, l, dir, identity.AskOptions{List: d.all})
		if got.IDs > 0 || got.Listed >= 0 {
			_, _ = fmt.Fprintf(out, "Databricks was asked who %s ids are, and knows %s.\n", number(int64(got.IDs)), number(int64(got.Found)))
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			_, _ = fmt.Fprintf(errOut, "warning: identities: %v\n", err)
		}
		return next(ctx)
	}
}
