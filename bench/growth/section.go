package growth

import (
	"fmt"
	"strings"
	"time"

	"github.com/auditlake/auditlake/bench/measure"
	"github.com/auditlake/auditlake/bench/report"
)

// Section is the text of docs/benchmarks.md from the figures that are kept.
func Section(root string) (string, error) {
	var f Figures
	if err := measure.Load(root, Part, &f); err != nil {
		return "", err
	}
	return f.Section(), nil
}

// Section is the figures as text.
func (f *Figures) Section() string {
	parts := []string{
		"Auditlake against itself. Times are milliseconds, *p50 / p95*; files are in the page cache of the system. Warm is from the third answer on, with what a data source keeps: snapshots, footers, and up to 64 MiB of decoded pages. Cold has none of it.",
		f.window(), f.history(), f.known(), f.dashboard(), f.crowd(), f.backfill(),
		report.Circumstances(f.Taken),
	}
	return strings.Join(parts, "\n\n") + "\n"
}

func (f *Figures) window() string {
	first := map[string]Window{}
	var rows [][]string
	for _, w := range f.Window {
		base, ok := first[w.Panel]
		if !ok {
			first[w.Panel], base = w, w
		}
		rows = append(rows, []string{
			w.Panel, fmt.Sprint(w.Days), fmt.Sprint(w.Events), w.Warm.String(), ratio(w.Warm.P50, base.Warm.P50),
			w.Cold.String(), ratio(w.Cold.P50, base.Cold.P50), fmt.Sprint(w.Files), fmt.Sprint(w.RowGroups), fmt.Sprint(w.Rows),
			fmt.Sprintf("%.2f", float64(w.WarmBytes)/1e6), fmt.Sprint(w.ColdGets),
		})
	}
	return "**The last 7 days of a longer and longer lake**, of equal density and merged; factors are against the shortest. Rows are those that were looked at, MB those that a warm answer fetched, GETs those of a cold one.\n\n" +
		report.Table([]string{"panel", "days", "events", "warm", "factor", "cold", "factor", "files", "row groups", "rows", "MB", "GETs"}, rows)
}

func (f *Figures) history() string {
	var rows [][]string
	for _, h := range f.History {
		rows = append(rows, []string{
			fmt.Sprint(h.Commits), fmt.Sprint(h.Files), h.Cold.String(), fmt.Sprint(h.ColdGets), h.Warm.String(), fmt.Sprint(h.WarmGets),
		})
	}
	return "**Loading a table with a long log**, of which nothing was cleaned up and no file was vacuumed. Warm is the same table again, unchanged: it costs one listing.\n\n" +
		report.Table([]string{"commits", "live files", "cold", "GETs", "warm", "GETs"}, rows)
}

func (f *Figures) known() string {
	var rows [][]string
	for _, k := range f.Known {
		base := f.Known[0]
		rows = append(rows, []string{
			fmt.Sprint(k.Files),
			k.Idle.Took.String(), ratio(k.Idle.Took.P50, base.Idle.Took.P50), fmt.Sprint(k.Idle.Requests), fmt.Sprintf("%.2f", float64(k.Idle.Bytes)/1e6),
			k.New.Took.String(), ratio(k.New.Took.P50, base.New.Took.P50), fmt.Sprint(k.New.Requests), fmt.Sprintf("%.2f", float64(k.New.Bytes)/1e6),
		})
	}
	return "**A run of the ETL that knows more and more delivered files**, by a process that has just started, over a store without latency: when there is nothing new, and when there is one new file. Small sources are swept whole on every run, larger ones once a day.\n\n" +
		report.Table([]string{"known files", "idle", "factor", "requests", "MB", "one new", "factor", "requests", "MB"}, rows)
}

func (f *Figures) dashboard() string {
	rows := [][]string{{"built plugin, local folder", f.Dashboard.Cold.String(), "-", "-", f.Dashboard.Warm.String(), "-", "-"}}
	for _, l := range f.Latency {
		what := "executor alone, local folder"
		if l.FirstByte > 0 {
			what = fmt.Sprintf("executor alone, %s to the first byte", l.FirstByte)
		}
		rows = append(rows, []string{
			what, l.Cold.Wall.String(), fmt.Sprint(l.Cold.Gets), fmt.Sprint(l.Cold.Lists),
			l.Warm.Wall.String(), fmt.Sprint(l.Warm.Gets), fmt.Sprint(l.Warm.Lists),
		})
	}
	return fmt.Sprintf("**A dashboard of %d panels** over %d days of the longest lake, until the last panel has its answer. Each panel is a request of its own, %d queries run at once. Warm is a refresh of the same dashboard, from the third time on: the second still reads pages, which are kept on their second use.\n\n",
		f.Dashboard.Panels, dashboardDays, slots) +
		report.Table([]string{"", "cold", "GETs", "LISTs", "warm", "GETs", "LISTs"}, rows)
}

func (f *Figures) crowd() string {
	var rows [][]string
	for _, c := range f.Crowd {
		rows = append(rows, []string{fmt.Sprint(c.Clients), c.Panel.String(), fmt.Sprintf("%.1f", c.Panel.Max), fmt.Sprintf("%.0f", c.PerSecond)})
	}
	return "**Many at once**, asking for these panels one after the other without a pause, through the built plugin.\n\n" +
		report.Table([]string{"clients", "panel", "slowest", "panels a second"}, rows)
}

func (f *Figures) backfill() string {
	b := f.Backfill
	how := fmt.Sprintf("%.0f %% of the backlog came in meanwhile", 100*b.Done)
	if b.Ended {
		how = "until the backlog was in"
	}
	return fmt.Sprintf("**Panels of %d clients while the plugin brings a backlog into the same lake**, with the memory and the one core that it takes by default (%s, %s):\n\n",
		backfillClients, b.Took.Round(time.Second), how) +
		report.Table([]string{"", "panel", "factor of p95"}, [][]string{
			{"without a backfill", b.Idle.String(), ratio(b.Idle.P95, b.Idle.P95)},
			{"during a backfill", b.During.String(), ratio(b.During.P95, b.Idle.P95)},
		})
}

func ratio(a, b float64) string {
	if b == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", a/b)
}
