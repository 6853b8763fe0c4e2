package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/auditlake/auditlake/pkg/etl"
)

func statusCommand() *cobra.Command {
	var lakeURL, format string
	cmd := &cobra.Command{
		Use:   "status --lake URL",
		Short: "Show the tables and the recent runs",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkFormat(format, "table", "json"); err != nil {
				return err
			}
			l, err := existingLake(cmd, lakeURL)
			if err != nil {
				return err
			}
			s, err := etl.ReadStatus(cmd.Context(), l)
			if err != nil {
				return err
			}
			if format == "json" {
				enc := json.NewEncoder(cmd.OutOrStdout())
				enc.SetIndent("", "  ")
				return enc.Encode(s)
			}
			printStatus(cmd, s)
			return nil
		},
	}
	lakeFlag(cmd, &lakeURL)
	cmd.Flags().StringVar(&format, "format", "table", "table or json")
	return cmd
}

func printStatus(cmd *cobra.Command, s *etl.Status) {
	out := cmd.OutOrStdout()
	t := newTable(out)
	t.AppendHeader(table.Row{"Table", "Version", "Rows", "Files", "Size", "Last event"})
	for _, x := range s.Tables {
		last := ""
		if x.LastEvent != nil {
			last = x.LastEvent.Format(time.RFC3339)
		}
		t.AppendRow(table.Row{x.Name, x.Version, number(x.Rows), number(x.Files), size(x.Bytes), last})
	}
	t.Render()
	if len(s.Runs) == 0 {
		return
	}
	t = newTable(out)
	t.AppendHeader(table.Row{"Run", "Took", "Outcome", "Files", "Bronze", "Silver", "Gold", "Quarantine"})
	for _, r := range s.Runs {
		started, _ := r["startedAt"].(time.Time)
		finished, _ := r["finishedAt"].(time.Time)
		outcome := fmt.Sprint(r["outcome"])
		if e, ok := r["error"].(string); ok {
			outcome += ": " + e
		}
		t.AppendRow(table.Row{
			started.Format(time.RFC3339), finished.Sub(started).Round(time.Millisecond), outcome,
			r["filesRead"], r["bronzeRows"], r["silverRows"], r["goldRows"], r["quarantineRows"],
		})
	}
	t.Render()
	printQuality(cmd, s.Runs)
}

// printQuality is what the runs noticed of the deliveries. A run of a version that
// did not look has nothing to show.
func printQuality(cmd *cobra.Command, runs []map[string]any) {
	t := newTable(cmd.OutOrStdout())
	t.AppendHeader(table.Row{
		"Run", "Lines lost", "Overwritten", "Lines gained", "Superseded", "Repeated", "Cut short", "Refused", "New tables", "New keys", "Lag p50", "Lag p95", "Lag max",
	})
	for _, r := range runs {
		started, _ := r["startedAt"].(time.Time)
		text := func(name string) string {
			if n, ok := r[name].(int64); ok {
				return number(n)
			}
			return ""
		}
		lag := func(name string) string {
			if n, ok := r[name].(int64); ok {
				return lagText(time.Duration(n) * time.Millisecond)
			}
			return ""
		}
		t.AppendRow(table.Row{
			started.Format(time.RFC3339), text("lostLines"), text("overwrittenFiles"), text("overwriteLines"), text("supersededLines"),
			text("repeatedEvents"), text("truncatedParams"), refusedText(r), text("newTables"), text("newKeys"),
			lag("deliveryLagP50Ms"), lag("deliveryLagP95Ms"), lag("deliveryLagMaxMs"),
		})
	}
	t.Render()
}

// refusedText says what is wrong with the lines that a run put into quarantine.
func refusedText(run map[string]any) string {
	var parts []string
	for _, c := range []struct{ column, name string }{
		{"refusedText", "text"}, {"refusedJson", "JSON"}, {"refusedTime", "time"}, {"refusedDamaged", "damaged"},
	} {
		if n, ok := run[c.column].(int64); ok && n > 0 {
			parts = append(parts, c.name+" "+number(n))
		}
	}
	return strings.Join(parts, ", ")
}
