package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/events"
	"github.com/auditlake/auditlake/pkg/query/exec"
)

func eventsCommand() *cobra.Command {
	var (
		lakeURL, from, to, search, format, after, before string
		filters                                          []string
		forward                                          bool
		q                                                events.Question
	)
	cmd := &cobra.Command{
		Use:   "events --lake URL",
		Short: "Print audit events as log lines",
		Long: `Prints the newest events from --from up to, but not including, --to, a line each.
Every word of --search occurs somewhere in them, in any letter case; "a phrase"
stands in quotes. A --filter is a column, an operator and a value:

  email=ann@example.com   response.statusCode>=400   actionName=|create,delete
  serviceName!=clusters   requestParams.cluster_name=~etl-.*`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkFormat(format, "text", "json"); err != nil {
				return err
			}
			var err error
			if q.Range, err = parseRange(from, to); err != nil {
				return err
			}
			if q.Words, err = events.SearchWords(search); err != nil {
				return err
			}
			for _, text := range filters {
				c, err := parseCondition(text)
				if err != nil {
					return err
				}
				q.Where = append(q.Where, c)
			}
			if q.After, err = optionalID(after); err != nil {
				return fmt.Errorf("--after: %w", err)
			}
			if q.Before, err = optionalID(before); err != nil {
				return fmt.Errorf("--before: %w", err)
			}
			if q.Direction = events.Backward; forward {
				q.Direction = events.Forward
			}
			if err := q.Check(); err != nil {
				return err
			}
			l, err := readableLake(cmd, lakeURL)
			if err != nil {
				return err
			}
			return printEvents(cmd, query.OfLake(l), q, format)
		},
	}
	lakeFlag(cmd, &lakeURL)
	f := cmd.Flags()
	f.StringVar(&q.Table, "table", lake.Silver, "silver, or a gold table such as clusters")
	f.StringVar(&from, "from", "", "first event time, such as 2019-12-28 or 2019-12-28T07:00:00Z (default: all)")
	f.StringVar(&to, "to", "", "event time to stop before")
	f.StringVar(&search, "search", "", "words that all occur somewhere in the event")
	f.StringArrayVar(&filters, "filter", nil, "a condition; may be repeated")
	f.StringVar(&after, "after", "", "only events after the one with this id")
	f.StringVar(&before, "before", "", "only events before the one with this id")
	f.BoolVar(&forward, "forward", false, "the oldest events, and the oldest first")
	f.Int64Var(&q.Limit, "limit", 100, fmt.Sprintf("how many events at most, up to %d", events.MaxLimit))
	f.StringVar(&format, "format", "text", "text, or json: an object a line, with id and labels")
	return cmd
}

// parseCondition reads a --filter: the operator is the first there is.
func parseCondition(text string) (query.Condition, error) {
	at := strings.IndexAny(text, "=!<>")
	if at > 0 {
		for _, op := range []string{"!=|", "=|", "=~", "!~", "!=", "<=", ">=", "=", "<", ">"} {
			if value, ok := strings.CutPrefix(text[at:], op); ok {
				c := query.Condition{Key: strings.TrimSpace(text[:at]), Operator: op, Values: []string{value}}
				if strings.HasSuffix(op, "|") {
					c.Values = strings.Split(value, ",")
				}
				return c, nil
			}
		}
	}
	return query.Condition{}, fmt.Errorf("--filter %q is no condition: write one like email=ann@example.com", text)
}

func optionalID(text string) (*events.ID, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // no ID is no error
	}
	id, err := events.ParseID(text)
	return &id, err
}

func printEvents(cmd *cobra.Command, catalog query.Catalog, q events.Question, format string) error {
	table, err := catalog.Table(cmd.Context(), q.Table)
	if err != nil {
		return fmt.Errorf("table %s: %w", q.Table, err)
	}
	lines, err := q.Ask(table, func(p query.Plan) (*columnar.Batch, error) {
		r, err := exec.Run(cmd.Context(), catalog, p, exec.Options{})
		if err != nil {
			return nil, err
		}
		return r.Batch, nil
	})
	if err != nil {
		return err
	}
	if len(lines) == 0 && format == "text" {
		_, _ = fmt.Fprintln(cmd.ErrOrStderr(), "no events")
	}
	for _, l := range lines {
		if err := printEvent(cmd.OutOrStdout(), l, format); err != nil {
			return err
		}
	}
	return nil
}

func printEvent(out io.Writer, l events.Line, format string) error {
	at := l.Time.Format("2006-01-02T15:04:05.000Z07:00")
	if format == "text" {
		_, err := fmt.Fprintf(out, "%s %-7s %s\n", at, l.Severity, shown(strings.ReplaceAll(l.Body, "\n", `\n`)))
		return err
	}
	return json.NewEncoder(out).Encode(struct {
		Time     string            `json:"time"`
		Severity string            `json:"severity"`
		Body     string            `json:"body"`
		ID       string            `json:"id"`
		Labels   map[string]string `json:"labels"`
	}{at, l.Severity, l.Body, l.ID.String(), l.Labels})
}

// parseRange reads --from and --to.
func parseRange(from, to string) (r query.TimeRange, err error) {
	for _, end := range []struct {
		flag, text string
		to         *time.Time
	}{{"--from", from, &r.From}, {"--to", to, &r.To}} {
		if *end.to, err = parseTime(end.text); err != nil {
			return r, fmt.Errorf("%s: %w", end.flag, err)
		}
	}
	if !r.To.IsZero() && !r.From.Before(r.To) {
		return r, fmt.Errorf("--from %s is not before --to %s", from, to)
	}
	return r, nil
}
