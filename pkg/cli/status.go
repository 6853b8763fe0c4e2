package cli

import (
	"encoding/json"
	"fmt"
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
}
