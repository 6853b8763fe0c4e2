package plugin

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/auditlake/auditlake/pkg/query"
)

// unfiltered says which of the tables that were asked for the dashboard's filters, being
// about events, leave as they are. Look-ups that events are joined with go without saying.
func (m model) unfiltered(asked []string) []data.Notice {
	if len(m.AdhocFilters) == 0 {
		return nil
	}
	tables := query.NotNarrowed(asked)
	if len(tables) < len(asked) {
		tables = slices.DeleteFunc(tables, query.IsLookup)
	}
	if len(tables) == 0 {
		return nil
	}
	return []data.Notice{{
		Severity: data.NoticeSeverityInfo,
		Text:     fmt.Sprintf("The filters of the dashboard are about events. They change nothing in %s.", strings.Join(tables, ", ")),
	}}
}
