package plugin

import (
	"context"
	"errors"
	"fmt"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake/lookup"
	"github.com/auditlake/auditlake/pkg/plugin/supervisor"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/events"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/named"
	"github.com/auditlake/auditlake/pkg/query/sql"
	"github.com/auditlake/auditlake/pkg/query/sqlite"
	"github.com/auditlake/auditlake/pkg/query/trino"
	"github.com/auditlake/auditlake/pkg/store"
)

var (
	// errQuery: the query's JSON says nothing that can be answered.
	errQuery = errors.New("malformed query")
	// errSQL: a statement that can be read fits no table, or no types.
	errSQL = errors.New("the statement fits no plan")
	// errNotAlertable: an alert rule asked for a table.
	errNotAlertable = errors.New("no numbers for an alert rule")
	// errReplaced: the settings changed, or the data source was deleted, while the
	// query ran.
	errReplaced = errors.New("data source was replaced")
	// errSlow: a part of a health check took longer than healthTimeout.
	errSlow = errors.New("no answer in time")
	// errPanic: our own bug. What it was is in the log.
	errPanic = errors.New("panic")
	// errQueryTimeout: a query took longer than the limit of the data source.
	errQueryTimeout = errors.New("query took too long")
	// errTrinoTimeout: the same, of a query on Trino.
	errTrinoTimeout = errors.New("query on trino took too long")
	// errRequest: a parameter of a resource is missing or malformed.
	errRequest = errors.New("malformed request")
	// errLine: the lake has no such line, or none that may be seen.
	errLine = errors.New("no such line")
	// errResource: there is no such resource.
	errResource = errors.New("no such resource")
)

// statusCanceled is nginx's 499: who asked does not wait any more.
const statusCanceled backend.Status = 499

// statusConflict is what is asked for at the wrong moment.
const statusConflict backend.Status = 409

// outcome is how an error is shown: downstream are faults of the question, the
// settings and the store, plugin are ours.
type outcome struct {
	is     func(error) bool
	status backend.Status
	source backend.ErrorSource
	// words lead the message; the error's own text follows where detail is set.
	words  string
	detail bool
}

const (
	downstream = backend.ErrorSourceDownstream
	ours       = backend.ErrorSourcePlugin
)

// noCredentials leads to where the credentials of Grafana's machine get lost.
const noCredentials = "There are no AWS credentials to sign in with. Grafana hides its own from plugins: either name " + ID +
	" in forward_settings_to_plugins of the section [aws] of grafana.ini, which passes on the roles of pods and tasks, " +
	"or in forward_host_env_vars of the section [plugins], which passes on all variables, and restart Grafana; or enter keys in the data source"

// outcomes is the one table from errors to what Grafana shows. The first row
// that fits counts.
var outcomes = []outcome{
	{a[*SettingsError], backend.StatusBadRequest, downstream, "The data source settings need a change", true},
	{is(errQuery), backend.StatusBadRequest, downstream, "The query cannot be read", true},
	{is(events.ErrQuestion), backend.StatusBadRequest, downstream, "The query cannot be answered", true},
	{is(query.ErrCondition), backend.StatusBadRequest, downstream, "Correct the filters of the dashboard", true},
	{is(named.ErrUnknown), backend.StatusBadRequest, downstream, "Choose another query", true},
	{is(named.ErrParam), backend.StatusBadRequest, downstream, "Correct the parameters", true},
	{a[*sql.Error], backend.StatusBadRequest, downstream, "The SQL cannot be answered", true},
	{is(named.ErrNoSeries), backend.StatusBadRequest, downstream, "An alert rule cannot use this query", true},
	{is(errNotAlertable), backend.StatusBadRequest, downstream, "An alert rule cannot use this query", true},
	{a[*exec.LimitError], backend.StatusBadRequest, downstream, "The query asks for more than the data source allows", true},
	{is(exec.ErrLongText), backend.StatusBadRequest, downstream, "The query asks for more than the data source allows", true},
	{is(errSQL), backend.StatusBadRequest, downstream, "The SQL cannot be answered", true},
	{is(sqlite.ErrStatement), backend.StatusBadRequest, downstream, "The SQL cannot be answered", true},
	{is(errRequest), backend.StatusBadRequest, downstream, "The request cannot be read", true},
	{a[*forbiddenError], backend.StatusForbidden, downstream, "Not allowed", true},
	{a[*noJobError], statusConflict, downstream, "This data source does not run the ETL", true},
	{is(supervisor.ErrBusy), statusConflict, downstream, "The ETL is at work: try again when it has ended", false},
	{is(etl.ErrLeased), statusConflict, downstream, "Another replica of Grafana is at work on the lake: ask again when it has ended", true},
	{is(errQueryTimeout), backend.StatusTimeout, downstream, "The query took longer than the data source allows: choose a shorter time range, or raise queryTimeout in its settings", false},
	{is(errTrinoTimeout), backend.StatusTimeout, downstream, "The query took longer on Trino than the data source allows, and was ended there: choose a shorter time range, or raise trinoTimeout in its settings", false},
	{is(errPrinted), backend.StatusInternal, ours, "Trino does not take what the query was printed as: set its engine to embedded, and report it", true},
	{is(trino.ErrStatement), backend.StatusBadRequest, downstream, "Trino cannot answer the SQL", true},
	{is(trino.ErrSignIn), backend.StatusForbidden, downstream, "Trino refuses to let the data source in", true},
	{is(trino.ErrDenied), backend.StatusForbidden, downstream, "Trino denies access", true},
	{is(trino.ErrNotRegistered), backend.StatusNotFound, downstream, "Trino does not know a table of the lake", true},
	{is(trino.ErrResources), backend.StatusBadGateway, downstream, "Trino ended the query", true},
	{is(trino.ErrExternal), backend.StatusBadGateway, downstream, "Trino cannot read the lake", true},
	{is(trino.ErrUnavailable), backend.StatusBadGateway, downstream, "Trino does not answer", true},
	{is(trino.ErrElsewhere), backend.StatusBadGateway, downstream, "Trino sends queries elsewhere", true},
	{is(trino.ErrInternal), backend.StatusBadGateway, downstream, "Trino failed", true},
	{a[*lookup.Error], backend.StatusBadRequest, downstream, "A look-up table of the lake needs a change", true},
	{is(query.ErrNoTable), backend.StatusNotFound, downstream, "The lake does not have a table that the query needs", true},
	{is(errResource), backend.StatusNotFound, downstream, "Not found", true},
	{is(errLine), backend.StatusNotFound, downstream, "Not found", true},
	{is(errReplaced), backend.StatusBadGateway, downstream, "The data source was changed while the query ran: run it again", false},
	{is(errSlow), backend.StatusTimeout, downstream, "There was no answer within " + healthTimeout.String() + ": check endpoint, network and proxy", false},
	{is(context.Canceled), statusCanceled, downstream, "The query was canceled", false},
	{is(context.DeadlineExceeded), backend.StatusTimeout, downstream, "There was no answer in the time that Grafana allows: choose a shorter time range or raise the timeout", false},
	{is(store.ErrNoCredentials), backend.StatusForbidden, downstream, noCredentials, true},
	{is(store.ErrDenied), backend.StatusForbidden, downstream, "The store refuses access", true},
	{is(store.ErrTooLarge), backend.StatusBadGateway, downstream, "The store holds something that is not of the lake", true},
	{is(store.ErrMisconfigured), backend.StatusBadRequest, downstream, "The store does not fit the settings", true},
	{is(store.ErrUnsafe), backend.StatusBadRequest, downstream, "The store cannot hold a lake that is written to", true},
	{is(store.ErrUnavailable), backend.StatusBadGateway, downstream, "The store does not answer", true},
	{is(store.ErrNotFound), backend.StatusNotFound, downstream, "The store does not have what should be there", true},
	{is(store.ErrChanged), backend.StatusBadGateway, downstream, "The lake changed while it was read: run the query again", true},
	{is(delta.ErrCorrupt), backend.StatusBadGateway, downstream, "A table of the lake is damaged", true},
	{is(delta.ErrLogGap), backend.StatusBadGateway, downstream, "A table of the lake is damaged", true},
	{is(delta.ErrUnsupported), backend.StatusNotImplemented, downstream, "A table of the lake has a form that this version does not read", true},
	{is(errPanic), backend.StatusInternal, ours, "The plugin failed, which is a bug of it: the Grafana log has the details", false},
}

// unforeseen is for all other errors.
var unforeseen = outcome{status: backend.StatusInternal, source: ours, words: "The plugin failed", detail: true}

func outcomeOf(err error) outcome {
	for _, o := range outcomes {
		if o.is(err) {
			return o
		}
	}
	return unforeseen
}

// text is the message for the user, who cannot see the code.
func (o outcome) text(err error) string {
	if !o.detail {
		return o.words + "."
	}
	if at, ok := errors.AsType[*sql.Error](err); ok && err.Error() == at.Error() {
		return fmt.Sprintf("%s: line %d, column %d: %v", o.words, at.Line, at.Column, at.Why)
	}
	return o.words + ": " + err.Error()
}

func is(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, target) }
}

func a[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}
