package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
)

// upkeep is the part that the verbs of maintenance share: the lake, the lease, the
// progress.
type upkeep struct {
	lakeURL string
	quiet   bool
}

func (u *upkeep) flags(cmd *cobra.Command) {
	lakeFlag(cmd, &u.lakeURL)
	cmd.Flags().BoolVar(&u.quiet, "quiet", false, "show no progress")
}

// run does a piece of maintenance on the lake. The lease tells a schedule that it
// may skip its run meanwhile.
func (u *upkeep) run(cmd *cobra.Command, do func(ctx context.Context, l *lake.Lake, show func(etl.Progress)) error) error {
	l, err := writableLake(cmd, u.lakeURL)
	if err != nil {
		return err
	}
	ctx, errOut := cmd.Context(), cmd.ErrOrStderr()
	var bar *progress
	if !u.quiet {
		bar = newProgress(errOut)
	}
	h, err := hold(ctx, l, errOut)
	if err != nil {
		return err
	}
	err = do(ctx, l, func(p etl.Progress) {
		h.keep(ctx, l.Now())
		bar.show(p)
	})
	bar.clear()
	h.release(ctx)
	return err
}

// leaseTime is how long a schedule waits for a process that was killed.
const leaseTime = 10 * time.Minute

// holding keeps the lease while work goes on. It is of use only to others: whatever
// goes wrong with it is no failure. nil if another process has it.
type holding struct {
	lease   *etl.Lease
	renewed time.Time
}

func hold(ctx context.Context, l *lake.Lake, errOut io.Writer) (*holding, error) {
	lease, err := etl.AcquireLease(ctx, l, Engine()+"/"+rand.Text(), leaseTime)
	if errors.Is(err, etl.ErrLeased) {
		_, _ = fmt.Fprintf(errOut, "note: %v; that does no harm, but one may have to do its work again\n", err)
		return nil, nil
	}
	return &holding{lease, l.Now()}, err
}

func (h *holding) keep(ctx context.Context, now time.Time) {
	if h != nil && now.Sub(h.renewed) > leaseTime/3 {
		h.renewed = now
		_ = h.lease.Renew(ctx)
	}
}

func (h *holding) release(ctx context.Context) {
	if h == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	_ = h.lease.Release(ctx)
}

func optimizeCommand() *cobra.Command {
	var u upkeep
	var opts etl.OptimizeOptions
	cmd := &cobra.Command{
		Use:   "optimize --lake URL",
		Short: "Merge small files into large ones",
		Long: `Merges the small files that many runs leave behind, so that queries open fewer of
them. No row changes. It may run beside everything else; the files that were merged
stay until vacuum deletes them.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if opts.MinFiles < 2 {
				return fmt.Errorf("--min-files %d: at least 2", opts.MinFiles)
			}
			return u.run(cmd, func(ctx context.Context, l *lake.Lake, show func(etl.Progress)) error {
				for _, name := range opts.Tables {
					if _, err := l.Table(name).View(ctx); err != nil {
						return fmt.Errorf("--table %s: %w", name, err)
					}
				}
				opts.Progress = show
				sum, err := etl.Optimize(ctx, l, opts)
				printOptimized(cmd.OutOrStdout(), sum)
				return err
			})
		},
	}
	u.flags(cmd)
	cmd.Flags().StringArrayVar(&opts.Tables, "table", nil, "only this table, such as bronze or clusters; may be repeated")
	cmd.Flags().IntVar(&opts.MinFiles, "min-files", lake.DefaultMinFiles, "how many small files of like size are worth a merge")
	return cmd
}

func printOptimized(out io.Writer, sum etl.OptimizeSummary) {
	if len(sum.Tables) == 0 {
		_, _ = fmt.Fprintln(out, "No table has small files that are worth merging.")
		return
	}
	t := newTable(out)
	t.AppendHeader(table.Row{"Table", "Files before", "after", "Size before", "after", "Rows"})
	for _, x := range sum.Tables {
		t.AppendRow(table.Row{x.Name, number(x.FilesRemoved), number(x.FilesAdded), size(x.BytesRemoved), size(x.BytesAdded), number(x.Rows)})
	}
	t.Render()
}

func vacuumCommand() *cobra.Command {
	var u upkeep
	var opts etl.VacuumOptions
	cmd := &cobra.Command{
		Use:   "vacuum --lake URL",
		Short: "Delete files that no table needs any more",
		Long: `Deletes data files that were merged, removed or never committed, landing state that
is out of date, and what killed writers left. Whatever was needed within the
retention stays, for readers and writers that are still at it.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if opts.Retention <= 0 {
				return fmt.Errorf("--retention %s: more than nothing, such as 168h", opts.Retention)
			}
			if opts.DryRun {
				l, err := existingLake(cmd, u.lakeURL)
				if err != nil {
					return err
				}
				sum, err := etl.Vacuum(cmd.Context(), l, opts)
				printVacuumed(cmd.OutOrStdout(), sum, opts)
				return err
			}
			return u.run(cmd, func(ctx context.Context, l *lake.Lake, show func(etl.Progress)) error {
				opts.Progress = show
				sum, err := etl.Vacuum(ctx, l, opts)
				printVacuumed(cmd.OutOrStdout(), sum, opts)
				return err
			})
		},
	}
	u.flags(cmd)
	cmd.Flags().BoolVar(&opts.DryRun, "dry-run", false, "delete nothing and list what would go")
	cmd.Flags().DurationVar(&opts.Retention, "retention", etl.DefaultVacuumRetention, "how long a file is kept after its last use")
	cmd.Flags().BoolVar(&opts.Force, "force", false, "allow a retention under 168h; nobody may be writing to the lake or reading older versions of it")
	return cmd
}

func printVacuumed(out io.Writer, sum etl.VacuumSummary, opts etl.VacuumOptions) {
	for _, o := range sum.Objects {
		_, _ = fmt.Fprintf(out, "%s\t%d\n", o.Key, o.Size)
	}
	did := "Deleted"
	if opts.DryRun {
		did = "Would delete"
	}
	switch {
	case sum.Before.IsZero(): // refused
	case sum.Files == 0:
		_, _ = fmt.Fprintf(out, "Nothing to delete from before %s.\n", sum.Before.Format(time.RFC3339))
	default:
		t := newTable(out)
		t.AppendHeader(table.Row{"Table", "Files", "Size"})
		for _, x := range sum.Tables {
			t.AppendRow(table.Row{x.Name, number(x.Files), size(x.Bytes)})
		}
		t.Render()
		_, _ = fmt.Fprintf(out, "%s %s files, %s, from before %s.\n", did, number(sum.Files), size(sum.Bytes), sum.Before.Format(time.RFC3339))
	}
}

func replayCommand() *cobra.Command {
	var u upkeep
	var opts etl.ReplayOptions
	cmd := &cobra.Command{
		Use:   "replay --lake URL [--table NAME]",
		Short: "Rebuild silver and gold from bronze, or one gold table from silver",
		Long: `Cleanses every line of bronze again, by the rules of this version, and rebuilds
silver, quarantine and all of gold. With --table it rebuilds one gold table from
silver. Queries go on: each table changes from the old rows to the new ones in one
commit. It can be stopped and run again at any time.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return u.run(cmd, func(ctx context.Context, l *lake.Lake, show func(etl.Progress)) error {
				opts.Progress = show
				sum, err := etl.Replay(ctx, l, opts)
				if err != nil {
					return err
				}
				printReplayed(cmd.OutOrStdout(), sum)
				return nil
			})
		},
	}
	u.flags(cmd)
	cmd.Flags().StringVar(&opts.Table, "table", "", "only this gold table, from silver")
	return cmd
}

func printReplayed(out io.Writer, sum etl.ReplaySummary) {
	t := newTable(out)
	t.AppendHeader(table.Row{"Layer", "Rows", "What"})
	if sum.Silver+sum.Quarantine > 0 {
		t.AppendRow(table.Row{"quarantine", number(sum.Quarantine), "lines that are no event"})
		t.AppendRow(table.Row{"silver", number(sum.Silver), "events"})
	}
	what := fmt.Sprintf("events, in %d service tables", len(sum.GoldTables))
	if len(sum.GoldTables) == 1 {
		what = "events, in " + sum.GoldTables[0]
	}
	t.AppendRow(table.Row{"gold", number(sum.Gold), what})
	t.Render()
	_, _ = fmt.Fprintf(out, "Rebuilt in %s.\n", sum.Finished.Sub(sum.Started).Round(time.Millisecond))
	if sum.Kept > 0 {
		_, _ = fmt.Fprintf(out, "%s rows were kept as they were: retention has removed what they were made of.\n", number(sum.Kept))
	}
}

func retainCommand() *cobra.Command {
	var u upkeep
	var opts etl.RetentionOptions
	cmd := &cobra.Command{
		Use:   "retain --lake URL --gold-days N ...",
		Short: "Remove rows that are older than they are to be kept",
		Long: `Removes whole days of rows, for ever. Bronze and quarantine go by the date of
delivery, silver and gold by that of the event; a layer without a number is kept for
ever. How much was removed stays on record, so verify still proves that nothing else
is missing. The files go when vacuum deletes them.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !opts.Any() {
				return fmt.Errorf("nothing to remove: give at least one of --%s", strings.Join(retentionFlags(), ", --"))
			}
			if err := checkRetention(opts); err != nil {
				return err
			}
			return u.run(cmd, func(ctx context.Context, l *lake.Lake, show func(etl.Progress)) error {
				opts.Progress = show
				sum, err := etl.Retain(ctx, l, opts)
				printRetained(cmd.OutOrStdout(), sum)
				return err
			})
		},
	}
	u.flags(cmd)
	retentionFlagsOf(cmd, &opts)
	return cmd
}

func retentionFlags() []string {
	return []string{"bronze-days", "silver-days", "gold-days", "quarantine-days"}
}

func retentionFlagsOf(cmd *cobra.Command, o *etl.RetentionOptions) {
	for i, to := range []*int{&o.BronzeDays, &o.SilverDays, &o.GoldDays, &o.QuarantineDays} {
		flag := retentionFlags()[i]
		layer := strings.TrimSuffix(flag, "-days")
		cmd.Flags().IntVar(to, flag, 0, "days that rows of "+layer+" are kept; 0 for ever")
	}
}

func checkRetention(o etl.RetentionOptions) error {
	for i, days := range []int{o.BronzeDays, o.SilverDays, o.GoldDays, o.QuarantineDays} {
		if days < 0 {
			return fmt.Errorf("--%s %d: at least 1, or 0 for ever", retentionFlags()[i], days)
		}
	}
	return nil
}

// checkLookback refuses to remove rows of days whose deliveries still change.
func checkLookback(o etl.RetentionOptions, lookback int) error {
	for i, days := range []int{o.BronzeDays, o.SilverDays, o.GoldDays, o.QuarantineDays} {
		if days != 0 && days <= lookback {
			return fmt.Errorf("--%s %d: more than --lookback-days %d, since deliveries of those days still change", retentionFlags()[i], days, lookback)
		}
	}
	return nil
}

func printRetained(out io.Writer, sum etl.RetentionSummary) {
	if len(sum.Tables) == 0 {
		_, _ = fmt.Fprintln(out, "No rows are older than they are to be kept.")
		return
	}
	t := newTable(out)
	t.AppendHeader(table.Row{"Table", "Removed before", "Rows", "Files", "Size"})
	for _, x := range sum.Tables {
		t.AppendRow(table.Row{x.Name, x.Before, number(x.Rows), number(x.Files), size(x.Bytes)})
	}
	t.Render()
}

// maintainAfter is what etl --maintain does after a run.
func maintainAfter(l *lake.Lake, opts etl.MaintainOptions, bar *progress, out, errOut io.Writer) func(context.Context) error {
	opts.Progress = bar.show
	return func(ctx context.Context) error {
		sum, err := etl.Maintain(ctx, l, opts)
		bar.clear()
		if len(sum.Optimized.Tables) > 0 {
			printOptimized(out, sum.Optimized)
		}
		if len(sum.Retained.Tables) > 0 {
			printRetained(out, sum.Retained)
		}
		if sum.Vacuumed.Files > 0 {
			printVacuumed(out, sum.Vacuumed, etl.VacuumOptions{})
		}
		if sum.LogObjects > 0 {
			_, _ = fmt.Fprintf(out, "Deleted %s old log objects.\n", number(int64(sum.LogObjects)))
		}
		for _, w := range sum.Warnings {
			_, _ = fmt.Fprintf(errOut, "warning: %v\n", w)
		}
		if err != nil {
			return fmt.Errorf("maintenance: %w", err)
		}
		return nil
	}
}
