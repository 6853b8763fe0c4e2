package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/store/notify"
)

func etlCommand() *cobra.Command {
	var (
		sources  []string
		lakeURL  string
		watch    bool
		once     bool
		interval time.Duration
		opts     etl.Options
		maintain bool
		care     etl.MaintainOptions
		quiet    bool
		ask      databricks
		queue    string
	)
	cmd := &cobra.Command{
		Use:   "etl --source URL --lake URL",
		Short: "Bring delivered audit logs into the lake",
		Long: `Reads what Databricks delivered since the last run, line by line, into the bronze,
silver and gold tables of the lake. It can be stopped and run again at any time:
every line gets in once. A run on unchanged sources commits nothing.

A source with many files is not listed whole on every run: between full sweeps,
one a day, a run looks at the last days of deliveries. --sweep looks at
everything now.

--watch runs every 15 minutes. With --queue, an SQS queue that gets the bucket's
notifications of new objects, it also runs within seconds of a delivery, for what was
delivered.

--maintain does after each run what is due: it merges small files and, once a day,
vacuums, cleans up logs and removes the rows that are older than they are kept.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if once && watch {
				return fmt.Errorf("--once and --watch exclude each other")
			}
			if cmd.Flags().Changed("interval") && !watch {
				return fmt.Errorf("--interval: only with --watch")
			}
			if queue != "" && !watch {
				return fmt.Errorf("--queue: only with --watch")
			}
			if interval < time.Second {
				return fmt.Errorf("--interval %s: at least 1s", interval)
			}
			if opts.LookbackDays < 1 {
				return fmt.Errorf("--lookback-days %d: at least 1", opts.LookbackDays)
			}
			if care.Retention.Any() && !maintain {
				return fmt.Errorf("--%s: only with --maintain, or use the command retain", strings.Join(retentionFlags(), ", --"))
			}
			if err := checkRetention(care.Retention); err != nil {
				return err
			}
			if err := checkLookback(care.Retention, opts.LookbackDays); err != nil {
				return err
			}
			directory, err := ask.directory()
			if err != nil {
				return err
			}
			ctx, out, errOut := cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr()
			src, err := openSources(ctx, sources, lakeURL)
			if err != nil {
				return err
			}
			told, err := openNews(ctx, queue, sources, src)
			if err != nil {
				return err
			}
			l, err := openLake(ctx, lakeURL, errOut)
			if err != nil {
				return err
			}
			opts.Sources, opts.Engine = src, Engine()
			boundMemory()
			fillProcessors()
			var bar *progress
			if !quiet {
				bar = newProgress(errOut)
				opts.Progress = bar.show
			}
			r, err := etl.NewRunner(l, opts)
			if err != nil {
				return err
			}
			after := func(context.Context) error { return nil }
			if maintain {
				after = maintainAfter(l, care, bar, out, errOut)
			}
			after = ask.after(l, directory, out, errOut, after)
			if !watch {
				if err := runOnce(ctx, r, bar, out, errOut); err != nil {
					return err
				}
				return after(ctx)
			}
			ctx, end := context.WithCancel(ctx)
			var listening sync.WaitGroup
			listening.Go(func() { told.listen(ctx, errOut) })
			defer listening.Wait()
			defer end()
			return watchRuns(ctx, r, bar, interval, told, after, out, errOut)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&sources, "source", nil, "where Databricks delivers to: a folder or s3://bucket/prefix?…; may be repeated")
	lakeFlag(cmd, &lakeURL)
	f.BoolVar(&once, "once", false, "run once and exit (the default)")
	f.BoolVar(&watch, "watch", false, "run again and again until interrupted")
	f.DurationVar(&interval, "interval", 15*time.Minute, "time between the starts of two runs, with --watch")
	f.StringVar(&queue, "queue", "", "URL of an SQS queue with the notifications of the source's bucket, with --watch")
	f.BoolVar(&opts.Sweep, "sweep", false, "look at everything delivered, not only at the last days")
	f.IntVar(&opts.LookbackDays, "lookback-days", 3, "days before the newest known delivery that are looked at between sweeps")
	f.BoolVar(&maintain, "maintain", false, "after each run do the maintenance that is due")
	retentionFlagsOf(cmd, &care.Retention)
	f.BoolVar(&quiet, "quiet", false, "show no progress")
	ask.flags(cmd)
	must(cmd.MarkFlagRequired("source"))
	return cmd
}

// etlMemoryBytes is where the collector of a process that does nothing but the ETL
// begins to work harder. What a run has in use is well below it, and hardly has
// pointers: to look through it more often costs little. The process stays under
// 512 MiB.
const etlMemoryBytes = 440 << 20

// boundMemory sets the collector of this process, unless somebody else has.
func boundMemory() {
	if !collectorIsSet() {
		debug.SetMemoryLimit(etlMemoryBytes)
	}
}

func runOnce(ctx context.Context, r *etl.Runner, bar *progress, out, errOut io.Writer) error {
	sum, err := r.Run(ctx)
	bar.clear()
	if err != nil && !sum.Changed() {
		return err
	}
	printSummary(out, errOut, sum)
	return err
}

func watchRuns(ctx context.Context, r *etl.Runner, bar *progress, interval time.Duration, told *news, after func(context.Context) error, out, errOut io.Writer) error {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	var heard *notify.News // what the run is about; nil for one that looks for itself
	for {
		var keys map[string][]string
		if heard != nil {
			keys = heard.KeysOf(told.sources)
		}
		sum, err := r.RunOn(ctx, keys)
		bar.clear()
		switch {
		case ctx.Err() != nil:
			return nil // watching until it is told to stop is what it was asked for
		case err != nil:
			// The store may be back at the next tick: a watcher does not give up.
			_, _ = fmt.Fprintf(errOut, "%s run failed: %v\n", sum.Finished.Format(time.RFC3339), err)
		case sum.Changed():
			printSummary(out, errOut, sum)
		case heard == nil:
			_, _ = fmt.Fprintf(out, "%s nothing new in %d files\n", sum.Finished.Format(time.RFC3339), sum.Listed)
		}
		if err == nil {
			if heard != nil {
				err = told.queue.Done(ctx, *heard)
			}
			if err = errors.Join(err, after(ctx)); err != nil && ctx.Err() == nil {
				_, _ = fmt.Fprintf(errOut, "%s %v\n", now(), err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			heard = nil
		case n := <-told.heard:
			heard = &n
		}
	}
}

func printSummary(out, errOut io.Writer, s etl.Summary) {
	took := s.Finished.Sub(s.Started)
	if !s.Changed() {
		_, _ = fmt.Fprintf(out, "Nothing new in %s delivered files, looked at in %s.\n", number(s.Listed), took.Round(time.Millisecond))
	} else {
		rate := ""
		if took > 0 {
			rate = fmt.Sprintf(" (%s/s)", size(int64(float64(s.Bytes)/took.Seconds())))
		}
		_, _ = fmt.Fprintf(out, "Read %s new or changed files of %s delivered ones, %s, in %s%s.\n",
			number(s.Files), number(s.Listed), size(s.Bytes), took.Round(time.Millisecond), rate)
		t := newTable(out)
		t.AppendHeader(table.Row{"Layer", "New rows", "What"})
		t.AppendRow(table.Row{"bronze", number(s.Bronze), "delivered lines, verbatim"})
		t.AppendRow(table.Row{"quarantine", number(s.Quarantine), "lines that are no event"})
		t.AppendRow(table.Row{"silver", number(s.Silver), "events"})
		t.AppendRow(table.Row{"gold", number(s.Gold), fmt.Sprintf("events, in %d service tables", len(s.GoldTables))})
		t.Render()
	}
	if s.Changed() {
		_, _ = fmt.Fprintln(out, qualityText(s.Quality))
	}
	if !s.Swept && s.Since != "" {
		_, _ = fmt.Fprintf(out, "Looked at deliveries since %s; --sweep looks at everything.\n", s.Since)
	}
	warn := func(n int64, format string, args ...any) {
		if n > 0 {
			_, _ = fmt.Fprintf(errOut, "warning: "+format+"\n", args...)
		}
	}
	warn(s.Quality.Lost, "%s lines were LOST on their way: run auditlake verify, and keep the delivered files", number(s.Quality.Lost))
	warn(s.TruncatedParams, "%s events have parameters that Databricks cut short", number(s.TruncatedParams))
	warn(int64(len(s.Empty)), "no delivered file in %s: check bucket and prefix", strings.Join(s.Empty, ", "))
	warn(s.Unrecognised, "%s keys in the source are no delivery and were left alone, such as %s", number(s.Unrecognised), strings.Join(s.Examples, ", "))
	warn(int64(len(s.Damaged)), "%d files break off; their readable lines are in, the rest comes when they are delivered again: %s", len(s.Damaged), strings.Join(s.Damaged, "; "))
	warn(s.Superseded, "%s lines are in older versions of files and not in the newest; bronze keeps them", number(s.Superseded))
	warn(s.Waiting, "%d files changed while they were read; the next run takes them", s.Waiting)
}

// qualityText is what a run noticed, as one line.
func qualityText(q etl.Quality) string {
	parts := []string{number(q.Lost) + " lines lost"}
	some := func(n int64, format string, args ...any) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	some(q.Overwrites, "%s overwritten files brought %s lines", number(q.Overwrites), number(q.OverwriteLines))
	some(q.Repeated, "%s events repeated", number(q.Repeated))
	some(int64(len(q.NewTables)), "%s new tables (%s)", number(int64(len(q.NewTables))), firstOf(q.NewTables))
	some(q.NewKeys, "%s new parameters", number(q.NewKeys))
	some(q.Lag.Events, "delivered within %s (half), %s (95 %%), %s (all) of the event", lagText(q.Lag.Percentile(0.5)), lagText(q.Lag.Percentile(0.95)), lagText(q.Lag.Max))
	return "Quality: " + strings.Join(parts, "; ") + "."
}

// firstOf names some, and says that there are more.
func firstOf(names []string) string {
	const most = 5
	if len(names) > most {
		return strings.Join(names[:most], ", ") + ", …"
	}
	return strings.Join(names, ", ")
}

// lagText is a time as exact as it is of use.
func lagText(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= 2*day {
		return fmt.Sprintf("%.1f days", float64(d)/float64(day))
	}
	if d >= time.Minute || d <= -time.Minute {
		return d.Round(time.Second).String()
	}
	return d.Round(time.Millisecond).String()
}
