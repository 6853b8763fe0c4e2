package plugin

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/instancemgmt"
	"github.com/grafana/grafana-plugin-sdk-go/backend/log"

	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/plugin/answers"
	"github.com/auditlake/auditlake/pkg/plugin/supervisor"
	"github.com/auditlake/auditlake/pkg/plugin/turns"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/trino"
	"github.com/auditlake/auditlake/pkg/store"
)

var (
	_ backend.QueryDataHandler      = (*Datasource)(nil)
	_ backend.CheckHealthHandler    = (*Datasource)(nil)
	_ backend.CallResourceHandler   = (*Datasource)(nil)
	_ backend.StreamHandler         = (*Datasource)(nil)
	_ instancemgmt.InstanceDisposer = (*Datasource)(nil)
)

// Datasource is one instance of a configured data source. Its methods are safe
// for concurrent use.
type Datasource struct {
	resources backend.CallResourceHandler

	shell  *Shell
	owner  supervisor.Owner
	serial int64           // of this instance in the process
	spec   supervisor.Spec // of the ETL, if the data source writes

	settings    Settings
	settingsErr error // if not nil, there is nothing to read from
	sources     []store.Store
	lake        *lake.Lake
	tables      query.Catalog // all there is; queries see it through view

	secrets *strings.Replacer // puts stars in the place of secrets
	hashKey []byte            // of what is redacted: another one for each instance
	turns   *turns.Turns
	sqlite  chan struct{}             // has room for one statement at a time
	trino   *trino.Engine             // nil if nothing goes to a cluster
	onTrino chan struct{}             // has room for the queries that run there at a time
	answers *answers.Cache[*computed] // nil with settingsErr

	life context.Context // ends when the instance is disposed
	end  context.CancelFunc
}

// New makes an instance. Settings that are wrong show when it is used. It sends
// no request to a store and starts nothing: the first request does.
func (s *Shell) New(ctx context.Context, settings backend.DataSourceInstanceSettings) *Datasource {
	d := s.newInstance(settings)
	org := backend.PluginConfigFromContext(ctx).OrgID //nolint:staticcheck // Grafana sends no Namespace to every plugin; people know the number
	d.owner = supervisor.Owner{Org: org, UID: settings.UID}
	if d.settings, d.settingsErr = ParseSettings(ctx, settings, s.admin); d.settingsErr != nil {
		return d
	}
	d.turns = turns.New(d.settings.Limits.ParallelQueries, &s.crowd)
	d.sqlite = make(chan struct{}, 1)
	if d.settings.Trino.Asks() {
		d.onTrino = make(chan struct{}, d.settings.Trino.Queries)
		if d.trino, d.settingsErr = trino.Open(d.settings.Trino.Config); d.settingsErr != nil {
			return d
		}
	}
	d.spec = s.spec(d.settings, d.owner, d.serial)
	var root store.Store
	if d.sources, root, d.settingsErr = d.settings.open(ctx); d.settingsErr != nil {
		return d
	}
	d.lake = lake.New(s.metrics.observe(root, "lake"), lake.Options{OnWarning: notes{d.owner, d.conceal}.warning})
	d.answers = answers.New(d.settings.Limits.ResultCacheBytes, (*computed).size)
	s.metrics.caches.add(d.lake, d.answers)
	d.tables = query.OfLake(d.lake)
	return d
}

// newInstance is an instance with nothing to read from.
func (s *Shell) newInstance(settings backend.DataSourceInstanceSettings) *Datasource {
	d := &Datasource{shell: s, serial: s.serial.Add(1), secrets: concealer(settings.DecryptedSecureJSONData), hashKey: make([]byte, 32)}
	_, _ = rand.Read(d.hashKey) // never fails
	d.life, d.end = context.WithCancel(context.Background())
	d.resources = d.handler()
	return d
}

// Dispose ends the queries that still run and frees the answers that are kept. The SDK calls it 5 s after it has
// put another instance in the place of this one, or when nobody has asked for
// long. The ETL is none of its business: the supervisor knows when to stop.
func (d *Datasource) Dispose() {
	d.end()
	d.shell.metrics.caches.remove(d.lake)
	if d.answers != nil {
		d.answers.Close()
	}
	if d.trino != nil {
		if err := d.trino.Close(); err != nil {
			log.DefaultLogger.Warn("Closing the connections to Trino failed", "error", d.conceal(err.Error()))
		}
	}
}

// CallResource implements backend.CallResourceHandler.
func (d *Datasource) CallResource(ctx context.Context, req *backend.CallResourceRequest, sender backend.CallResourceResponseSender) error {
	d.use()
	return d.resources.CallResource(ctx, req, sender)
}

// writes says whether the data source is to bring deliveries in.
func (d *Datasource) writes() bool {
	return d.settingsErr == nil && d.settings.Schedule.Every > 0
}

// use starts the ETL with the first request and keeps it alive with every
// further one. If another data source writes the lake, it says which.
func (d *Datasource) use() (by supervisor.Owner, refused bool) {
	if !d.writes() {
		d.shell.supervisor.Withdraw(d.owner, d.serial)
		return supervisor.Owner{}, false
	}
	return d.shell.supervisor.Use(d.spec)
}

// whyOff is why the data source has no job.
func (d *Datasource) whyOff() (state, reason string) {
	if by, refused := d.use(); refused {
		return "refused", fmt.Sprintf("%s writes this lake already", by)
	}
	switch {
	case d.settingsErr != nil:
		return "off", "the data source settings need a change"
	case len(d.settings.Sources) == 0:
		return "off", "the data source has no source: the lake is filled from elsewhere"
	case !d.writes():
		return "off", "the schedule is off: the ETL is left to the command line"
	}
	return string(supervisor.Waiting), ""
}

// view is what somebody may see of the tables, whatever is asked of them: the
// workspaces in scope, and redacted where the role asks for it.
func (d *Datasource) view(user *backend.User) query.Catalog {
	return d.redacted(user, query.Scoped(d.tables, d.settings.Scope))
}

func (d *Datasource) redacted(user *backend.User, tables query.Catalog) query.Catalog {
	if r := d.settings.Redaction; r.Applies(user) {
		return query.Redact(tables, query.Redaction{CommandText: r.CommandText, Keys: r.Keys, HashKey: d.hashKey})
	}
	return tables
}

// leastSecret is how long a secret is at least that is looked for in messages:
// shorter ones are found in the middle of words.
const leastSecret = 8

// concealer is a second line of defence: no message is made with a secret in
// it, but a store may quote one in its answer.
func concealer(secrets map[string]string) *strings.Replacer {
	// The longest first: one may begin like another.
	longestFirst := slices.SortedFunc(maps.Values(secrets), func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	var pairs []string
	for _, secret := range longestFirst {
		if secret = strings.TrimSpace(secret); len(secret) >= leastSecret {
			pairs = append(pairs, secret, "***")
		}
	}
	return strings.NewReplacer(pairs...)
}

func (d *Datasource) conceal(text string) string { return d.secrets.Replace(text) }

// explain says how an error is shown.
func (d *Datasource) explain(err error) (backend.Status, backend.ErrorSource, string) {
	o := outcomeOf(err)
	return o.status, o.source, d.conceal(o.text(err))
}

// fail is explain where the SDK does not log the failure: loudly if it is ours.
func (d *Datasource) fail(ctx context.Context, err error) (backend.Status, string) {
	status, source, text := d.explain(err)
	logger := log.DefaultLogger.FromContext(ctx)
	if source == ours {
		logger.Error("A request failed", "error", text)
	} else {
		logger.Debug("A request could not be answered", "status", int(status), "error", text)
	}
	return status, text
}

// guard turns a panic into an error, so that one query takes no other with it.
// It is deferred. The value of a panic may quote what was read, so the log has
// it only if the runtime wrote it.
func guard(ctx context.Context, err *error) {
	p := recover()
	if p == nil {
		return
	}
	what := fmt.Sprintf("%T", p)
	if fault, ok := p.(runtime.Error); ok {
		what = fault.Error()
	}
	log.DefaultLogger.FromContext(ctx).Error("Recovered from a panic", "panic", what, "stack", string(debug.Stack()))
	*err = errPanic
}

// under ends ctx when the instance is disposed, with errReplaced as its cause.
func (d *Datasource) under(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(d.life, func() { cancel(errReplaced) })
	return ctx, func() { stop(); cancel(nil) }
}

// cause is why the work under ctx ended with err: our own reason if we ended it.
func cause(ctx context.Context, err error) error {
	for _, own := range []error{errReplaced, errSlow, errQueryTimeout, errTrinoTimeout} {
		if err != nil && errors.Is(context.Cause(ctx), own) {
			return own
		}
	}
	return err
}
