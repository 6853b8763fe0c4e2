package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/auditlake/auditlake/pkg/etl"
)

func verifyCommand() *cobra.Command {
	var (
		lakeURL, format   string
		evidence, against string
		sources           []string
	)
	cmd := &cobra.Command{
		Use:   "verify --lake URL [--source URL] [--against FILE] [--evidence FILE]",
		Short: "Prove that no line was lost, doubled or changed",
		Long: `Reads the whole lake: every line against its hash, every delivered file against
what bronze has of it, bronze against silver and quarantine, silver against gold.
With --source it also reads the delivered files again. The exit code is 0 only if
everything agrees.

That finds mistakes, and no one who may write to the lake and knows how it is made. So
--evidence writes a document that says what bronze holds of each delivered file, and
--against tells what differs from an earlier one. Keep the documents where nobody can
change them, such as a bucket with Object Lock.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkFormat(format, "table", "json"); err != nil {
				return err
			}
			src, err := openSources(cmd.Context(), sources, lakeURL)
			if err != nil {
				return err
			}
			l, err := existingLake(cmd, lakeURL)
			if err != nil {
				return err
			}
			var then *etl.Evidence
			if against != "" {
				if then, err = readEvidence(against); err != nil {
					return err
				}
			}
			out := verified{}
			if out.Report, err = etl.Verify(cmd.Context(), l, src); err != nil {
				return err
			}
			if then != nil {
				if out.Against, err = etl.CompareEvidence(cmd.Context(), l, then); err != nil {
					return err
				}
			}
			if err := out.print(cmd, format); err != nil {
				return err
			}
			if n := out.problems(); n > 0 {
				return fmt.Errorf("%d problems found", n)
			}
			if evidence == "" {
				return nil
			}
			e, err := writeEvidence(cmd, l, then, evidence)
			if err == nil {
				_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "evidence of batch %d is in %s; its root is %s\n", e.Batch, evidence, e.Root)
			}
			return err
		},
	}
	lakeFlag(cmd, &lakeURL)
	cmd.Flags().StringArrayVar(&sources, "source", nil, "also compare with what is delivered here; may be repeated")
	cmd.Flags().StringVar(&against, "against", "", "also compare with this document of --evidence")
	cmd.Flags().StringVar(&evidence, "evidence", "", "if all agrees, write what bronze holds to this file, which is not there yet")
	cmd.Flags().StringVar(&format, "format", "table", "table or json")
	return cmd
}

// verified is all that was found.
type verified struct {
	*etl.Report
	Against *etl.Comparison `json:"against,omitempty"`
}

func (v verified) problems() int {
	n := len(v.Problems) + v.More
	if v.Against != nil {
		n += len(v.Against.Problems) + v.Against.More
	}
	return n
}

func (v verified) print(cmd *cobra.Command, format string) error {
	if format == "json" {
		enc := json.NewEncoder(cmd.OutOrStdout())
		enc.SetIndent("", "  ")
		return enc.Encode(v)
	}
	printReport(cmd, v.Report)
	if v.Against != nil {
		printComparison(cmd.OutOrStdout(), v.Against)
	}
	return nil
}

func printReport(cmd *cobra.Command, r *etl.Report) {
	out := cmd.OutOrStdout()
	t := newTable(out)
	t.AppendHeader(table.Row{"Layer", "Rows", "What"})
	t.AppendRow(table.Row{"delivered", number(r.Lines), fmt.Sprintf("lines in the newest versions of %s files", number(r.Files))})
	if r.Superseded > 0 {
		t.AppendRow(table.Row{"", number(r.Superseded), "lines of older versions that the newest ones lack"})
	}
	t.AppendRow(table.Row{"bronze", number(r.Bronze), ""})
	t.AppendRow(table.Row{"quarantine", number(r.Quarantine), ""})
	t.AppendRow(table.Row{"silver", number(r.Silver), ""})
	if r.Wrapped > 0 {
		t.AppendRow(table.Row{"", number(r.Wrapped), "rows of silver and quarantine are further events of a line that wraps several"})
	}
	if r.Expired > 0 {
		t.AppendRow(table.Row{"", number(r.Expired), "rows of silver and quarantine expired: removed by retention"})
	}
	t.AppendRow(table.Row{"gold", number(r.GoldTotal), fmt.Sprintf("in %d tables", len(r.Gold))})
	for _, name := range slices.Sorted(maps.Keys(r.Gold)) {
		t.AppendRow(table.Row{"  " + name, number(r.Gold[name]), ""})
	}
	t.Render()
	if r.SilverBehind > 0 || r.GoldBehind > 0 {
		_, _ = fmt.Fprintf(out, "The next run brings %s rows up to silver and %s up to gold.\n", number(r.SilverBehind), number(r.GoldBehind))
	}
	if s := r.Source; s != nil {
		_, _ = fmt.Fprintf(out, "Source: %s files read again, %s new or changed since the last run, %s gone from the source.\n",
			number(s.Read), number(s.Waiting), number(s.Missing))
	}
	printProblems(out, r.Problems, r.More)
	switch {
	case len(r.Problems) > 0:
	case r.Source != nil && r.Source.Waiting > 0:
		_, _ = fmt.Fprintln(out, "Every line that was read is accounted for; the next run reads the rest.")
	default:
		_, _ = fmt.Fprintln(out, "Every delivered line is accounted for.")
	}
}
