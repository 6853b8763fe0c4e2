package plugin

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/instancemgmt"
	"github.com/grafana/grafana-plugin-sdk-go/backend/log"
	"golang.org/x/sync/semaphore"

	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/store"
)

var (
	_ backend.QueryDataHandler      = (*Datasource)(nil)
	_ backend.CheckHealthHandler    = (*Datasource)(nil)
	_ backend.CallResourceHandler   = (*Datasource)(nil)
	_ instancemgmt.InstanceDisposer = (*Datasource)(nil)
)

// parallelQueries is how many queries of one data source run at once. Each may
// hold exec.DefaultMaxMemory.
const parallelQueries = 4

// Datasource is one instance of a configured data source. Its methods are safe
// for concurrent use.
type Datasource struct {
	backend.CallResourceHandler

	settings    Settings
	settingsErr error // if not nil, there is nothing to read from
	sources     []store.Store
	lake        *lake.Lake
	catalog     query.Catalog

	// scheduleHealth is the part "schedule" of a health check, about an ETL of this
	// data source; nil where there is nobody to ask.
	scheduleHealth func() part

	secrets *strings.Replacer // puts stars in the place of secrets
	slots   *semaphore.Weighted

	life context.Context // ends when the instance is disposed
	end  context.CancelFunc
}

// New makes an instance. Settings that are wrong show when it is used. It sends
// no request to a store.
func New(ctx context.Context, s backend.DataSourceInstanceSettings, admin Admin) *Datasource {
	d := newInstance(s)
	if d.settings, d.settingsErr = ParseSettings(ctx, s, admin); d.settingsErr != nil {
		return d
	}
	var root store.Store
	if d.sources, root, d.settingsErr = d.settings.open(ctx); d.settingsErr != nil {
		return d
	}
	d.lake = lake.New(root, lake.Options{OnWarning: func(err error) {
		log.DefaultLogger.Warn("Reading a table's log went on past a fault", "uid", s.UID, "fault", d.conceal(err.Error()))
	}})
	d.catalog = query.OfLake(d.lake)
	return d
}

// newInstance is an instance with nothing to read from.
func newInstance(s backend.DataSourceInstanceSettings) *Datasource {
	d := &Datasource{secrets: concealer(s.DecryptedSecureJSONData), slots: semaphore.NewWeighted(parallelQueries)}
	d.life, d.end = context.WithCancel(context.Background())
	d.CallResourceHandler = d.resources()
	return d
}

// Dispose ends the queries that still run. The SDK calls it 5 s after it has
// put another instance in the place of this one.
func (d *Datasource) Dispose() { d.end() }

// concealer is a second line of defence: no message is made with a secret in
// it, but a store may quote one in its answer.
func concealer(secrets map[string]string) *strings.Replacer {
	var pairs []string
	for _, secret := range secrets {
		if secret = strings.TrimSpace(secret); secret != "" {
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
	for _, own := range []error{errReplaced, errSlow} {
		if err != nil && errors.Is(context.Cause(ctx), own) {
			return own
		}
	}
	return err
}
