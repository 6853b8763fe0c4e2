package plugin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend/log"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/identity"
	"github.com/auditlake/auditlake/pkg/identity/scim"
	"github.com/auditlake/auditlake/pkg/plugin/supervisor"
)

// Databricks is whom the ETL asks who principals are that events do not explain. The
// zero value asks nobody.
type Databricks struct {
	Host, AccountID        string
	Token                  string // of databricksAuth pat
	ClientID, ClientSecret string // of databricksAuth oauth
	// ListAll also has all principals listed, once a day.
	ListAll bool
}

// Asks says whether anybody is asked.
func (d Databricks) Asks() bool { return d.Host != "" }

// client makes a request so often at most; 0 is the client's own default.
func (d Databricks) client(attempts int) (*scim.Client, error) {
	return scim.New(scim.Config{
		Host: d.Host, AccountID: d.AccountID, Token: d.Token, ClientID: d.ClientID, ClientSecret: d.ClientSecret, Attempts: attempts,
	})
}

// Values of databricksAuth.
const (
	databricksPAT   = "pat"
	databricksOAuth = "oauth"
)

// databricks is off without a host, whatever else is given.
func (f *fields) databricks() (d Databricks) {
	host := f.text("databricksHost")
	account := f.text("databricksAccountId")
	how := strings.ToLower(f.text("databricksAuth"))
	d.ListAll, _ = f.flag("databricksListAll")
	if host == "" {
		return Databricks{}
	}
	var err error
	if d.Host, err = scim.HostURL(host); err != nil {
		f.say("databricksHost", "%v", err)
		return Databricks{}
	}
	d.AccountID = account
	switch how {
	case "", databricksPAT:
		if d.Token = f.secret("databricksToken"); d.Token == "" {
			f.say("databricksToken", "enter a personal access token, or set %s to %s", f.name("databricksAuth"), databricksOAuth)
			return Databricks{}
		}
	case databricksOAuth:
		d.ClientID, d.ClientSecret = f.text("databricksClientId"), f.secret("databricksClientSecret")
		if d.ClientID == "" || d.ClientSecret == "" {
			f.say("databricksClientId", "enter the client id of a service principal, and its secret as %s", f.name("databricksClientSecret"))
			return Databricks{}
		}
	default:
		f.say("databricksAuth", "write %s or %s", databricksPAT, databricksOAuth)
		return Databricks{}
	}
	if _, err := d.client(0); err != nil {
		f.say("databricksAccountId", "%v", err)
		return Databricks{}
	}
	return d
}

// identifying is what became of asking Databricks after the last run.
type identifying struct {
	At      time.Time `json:"at"`
	Asked   int       `json:"asked"`
	Found   int       `json:"found"`
	Changed int       `json:"changed"`
	Error   string    `json:"error,omitempty"` // without secrets
}

// identifyTime bounds how long a run waits for Databricks.
const identifyTime = 2 * time.Minute

// identify asks who the principals are that a run has left unknown. What goes wrong
// is told with the status and fails nothing: the ETL does not need Databricks.
func (p *pipeline) identify(ctx context.Context) {
	if p.directory == nil {
		return
	}
	task := ctx
	ctx, cancel := context.WithTimeoutCause(task, identifyTime, errIdentify)
	defer cancel()
	got, err := etl.Identify(ctx, p.lake, p.directory, identity.AskOptions{List: p.settings.Databricks.ListAll})
	switch {
	case task.Err() != nil:
		return // the task was cut off
	case err != nil && ctx.Err() != nil:
		err = errIdentify
	}
	out := identifying{At: time.Now().UTC(), Asked: got.IDs, Found: got.Found, Changed: got.Changed}
	if err != nil {
		out.Error = p.notes.conceal(err.Error())
		log.DefaultLogger.Warn("Databricks did not say who principals are", "owner", p.notes.owner.String(), "fault", out.Error)
	}
	p.identified(out)
}

// errIdentify: Databricks was slow.
var errIdentify = errors.New("databricks took too long: what it has not answered is asked for after the next run")

// noteIdentified keeps the last outcome of an owner's asking.
func (s *Shell) noteIdentified(owner supervisor.Owner) func(identifying) {
	return func(out identifying) { s.identified.Store(owner, out) }
}

// identifiedOf is the last outcome, or nil.
func (s *Shell) identifiedOf(owner supervisor.Owner) *identifying {
	if v, ok := s.identified.Load(owner); ok {
		out := v.(identifying)
		return &out
	}
	return nil
}

// checkIdentities asks Databricks for one principal. Nothing but names depends on it,
// so that what is wrong is a warning.
func (c checkup) checkIdentities(ctx context.Context) part {
	p := part{Name: "identities", URL: c.settings.Databricks.Host, OK: true}
	client, err := c.settings.Databricks.client(2)
	if err == nil {
		ctx, cancel := context.WithTimeoutCause(ctx, healthTimeout, errSlow)
		defer cancel()
		if err = client.Check(ctx); err != nil && ctx.Err() != nil {
			err = cause(ctx, err)
		}
	}
	about := "Identities from " + c.settings.Databricks.Host + ": "
	if err != nil {
		p.Message = sentence(about + "users, service principals and groups that events do not explain stay ids")
		p.Warnings = []string{sentence(about + c.conceal(err.Error()))}
		return p
	}
	p.Message = sentence(about + "Databricks answers who users, service principals and groups are")
	if last := c.shell.identifiedOf(c.owner); last != nil && last.Error != "" {
		p.Warnings = append(p.Warnings, sentence(fmt.Sprintf("%swent wrong %s: %s", about, ago(time.Since(last.At)), last.Error)))
	}
	return p
}
