package plugin_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/lake/lookup"
	"github.com/auditlake/auditlake/pkg/plugin"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/named"
	"github.com/auditlake/auditlake/pkg/store"
)

func TestEveryErrorHasAStatusASourceAndWords(t *testing.T) {
	const downstream, ours = backend.ErrorSourceDownstream, backend.ErrorSourcePlugin
	for _, test := range []struct {
		err    error
		status backend.Status
		source backend.ErrorSource
		words  string
	}{
		{&plugin.SettingsError{Problems: []string{"x"}}, 400, downstream, "The data source settings need a change: x"},
		{named.ErrUnknown, 400, downstream, "Choose another query: no such query"},
		{query.ErrCondition, 400, downstream, "Correct the filters of the dashboard: filter is not valid"},
		{named.ErrNoSeries, 400, downstream, "An alert rule cannot use this query: no time series"},
		{named.ErrParam, 400, downstream, "Correct the parameters: bad parameter"},
		{&exec.LimitError{Limit: "MaxRows", Max: 3}, 400, downstream, "The query asks for more than the data source allows: the answer has more than 3 rows: aggregate, add a limit or filters, or raise maxRows in the settings of the data source"},
		{&lookup.Error{File: "lookups/x.csv", Line: 2, Why: errors.New("y")}, 400, downstream, "A look-up table of the lake needs a change: lookups/x.csv, line 2: y"},
		{context.Canceled, 499, downstream, "The query was canceled."},
		{context.DeadlineExceeded, 504, downstream, "There was no answer in the time that Grafana allows: choose a shorter time range or raise the timeout."},
		{store.ErrDenied, 403, downstream, "The store refuses access: access denied"},
		{fmt.Errorf("%w: %w", store.ErrDenied, store.ErrNoCredentials), 403, downstream, "There are no AWS credentials to sign in with. " +
			"Grafana hides its own from plugins: either name auditlake-databricks-datasource in forward_settings_to_plugins of the section [aws] of grafana.ini, " +
			"which passes on the roles of pods and tasks, or in forward_host_env_vars of the section [plugins], which passes on all variables, and restart Grafana; " +
			"or enter keys in the data source: access denied: no usable AWS credentials"},
		{store.ErrUnsafe, 400, downstream, "The store cannot hold a lake that is written to: store does not support conditional writes"},
		{store.ErrMisconfigured, 400, downstream, "The store does not fit the settings: wrong store settings"},
		{store.ErrUnavailable, 502, downstream, "The store does not answer: store unavailable"},
		{store.ErrNotFound, 404, downstream, "The store does not have what should be there: not found"},
		{delta.ErrCorrupt, 502, downstream, "A table of the lake is damaged: corrupt Delta log"},
		{delta.ErrUnsupported, 501, downstream, "A table of the lake has a form that this version does not read: unsupported Delta table"},
		{&delta.GapError{Version: 3, Key: "k"}, 502, downstream, "A table of the lake is damaged: version 3: log entry is missing: k"},
		{errors.New("surprise"), 500, ours, "The plugin failed: surprise"},
	} {
		status, source, words := plugin.OutcomeOf(test.err)
		if status != test.status || source != test.source || words != test.words {
			t.Errorf("%v: %d %s %q", test.err, status, source, words)
		}
		wrapped, _, _ := plugin.OutcomeOf(fmt.Errorf("query x: %w", test.err))
		if wrapped != test.status {
			t.Errorf("wrapped %v: %d", test.err, wrapped)
		}
	}
}

// TestEveryErrorIsExplained: docs/troubleshooting.md has the beginning of each message,
// up to its colon, as users search for it.
func TestEveryErrorIsExplained(t *testing.T) {
	page, err := os.ReadFile("../../docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range plugin.OutcomeWords() {
		beginning, _, _ := strings.Cut(words, ":")
		beginning, _, _ = strings.Cut(beginning, " within ") // a time follows
		if !strings.Contains(string(page), "`"+beginning) {
			t.Errorf("docs/troubleshooting.md does not explain %q", beginning)
		}
	}
}
