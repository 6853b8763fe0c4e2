package plugin

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"golang.org/x/sync/errgroup"

	"github.com/auditlake/auditlake/pkg/plugin/supervisor"
)

const (
	// healthTimeout bounds one part of the check.
	healthTimeout = 15 * time.Second
	// healthParallel is how many parts are looked at side by side.
	healthParallel = 4
	// maxSkew is how far clocks may be apart: S3 refuses requests at 15 minutes.
	maxSkew = 5 * time.Minute
	// staleAfter is how long a lake may go without a run before that is worth a word.
	staleAfter = 24 * time.Hour
)

// part is one thing that a data source depends on.
type part struct {
	Name    string `json:"name"` // settings, queries, source, lake, writes, queue, trino, identities, register, schedule
	URL     string `json:"url,omitempty"`
	OK      bool   `json:"ok"`
	Message string `json:"message"` // sentences
	// Warnings are sentences about what works and needs a look all the same.
	Warnings []string `json:"warnings,omitempty"`

	brief brief
}

// brief is what the message for a check that went well takes from a part.
type brief struct {
	until string // newest date of delivery in a source, "" if there is none
	words string // on the lake, and on the schedule
	empty bool   // the lake has no tables
}

// health is the details of a check. Grafana shows verboseMessage below a
// failure's message. Of a check that went well it shows the message alone; the
// configuration editor shows the parts of both.
type health struct {
	Parts          []part `json:"parts"`
	VerboseMessage string `json:"verboseMessage,omitempty"`
}

// checkup is one check, in the name of who asked for it.
type checkup struct {
	*Datasource
	// totals says that numbers over all workspaces may be told.
	totals bool
}

// finding is what a part's check says of a part that works.
type finding struct {
	text     string   // continues "Lake s3://…: ", without a point
	warnings []string // so do these
	brief
}

// CheckHealth looks at the settings, each source and the lake, and says of each
// that fails what to do. Where the data source shows some workspaces only,
// numbers over all of them are for administrators.
func (d *Datasource) CheckHealth(ctx context.Context, req *backend.CheckHealthRequest) (_ *backend.CheckHealthResult, err error) {
	defer guard(ctx, &err)
	d.use()
	ctx, done := d.under(ctx)
	defer done()
	c := checkup{d, d.seesLake(req.PluginContext.User)}
	parts := c.parts(ctx)
	var good, bad, warnings []string
	for _, p := range parts {
		if p.OK {
			good = append(good, p.Message)
		} else {
			bad = append(bad, p.Message)
		}
		for _, w := range p.Warnings {
			warnings = append(warnings, "Warning: "+w)
		}
	}
	result := &backend.CheckHealthResult{Status: backend.HealthStatusOk, Message: c.summary(parts, warnings)}
	if len(bad) > 0 {
		result.Status, result.Message = backend.HealthStatusError, strings.Join(bad, "\n")
	}
	if len(bad) > 1 {
		result.Message = fmt.Sprintf("%d of %d parts do not work.\n%s", len(bad), len(parts), result.Message)
	}
	result.JSONDetails, err = json.Marshal(health{Parts: parts, VerboseMessage: strings.Join(slices.Concat(bad, warnings, good), "\n")})
	return result, err
}

// summary is one line on parts that all work, and the first warning.
func (c checkup) summary(parts []part, warnings []string) string {
	var about []string
	until, empty := "", false
	for _, p := range parts {
		until, empty = max(until, p.brief.until), empty || p.brief.empty
	}
	if n := len(c.sources); n > 0 {
		sources := counted(n, "source")
		switch {
		case until != "":
			sources += " with deliveries until " + until
		case c.totals:
			sources += " without deliveries"
		}
		about = append(about, sources)
	}
	for _, p := range parts {
		// When a run comes matters where nothing can be asked before.
		if p.brief.words != "" && (p.Name != "schedule" || empty) {
			about = append(about, p.brief.words)
		}
	}
	out := "Auditlake is ready: "
	if empty {
		out = "Auditlake works, and has nothing to show yet: "
	}
	out = sentence(out + strings.Join(about, ", "))
	if len(warnings) > 0 {
		out += " " + warnings[0]
	}
	if n := len(warnings) - 1; n > 0 {
		out += " " + counted(n, "more warning") + ": see State."
	}
	return out
}

// parts are all parts, in the order in which they are shown.
func (c checkup) parts(ctx context.Context) []part {
	settings := part{Name: "settings"}
	if c.settingsErr != nil {
		return []part{c.found(ctx, settings, finding{}, c.settingsErr)}
	}
	parts := []part{c.found(ctx, settings, c.checkSettings(), nil)}
	checks := []func(context.Context) (finding, error){nil} // of each part; none for what is known already
	if own, ok := c.queriesPart(); ok {
		parts, checks = append(parts, own), append(checks, nil)
	}
	add := func(name string, at Location, check func(context.Context) (finding, error)) {
		parts = append(parts, part{Name: name, URL: at.String()})
		checks = append(checks, check)
	}
	for i, s := range c.sources {
		add("source", c.settings.Sources[i], func(ctx context.Context) (finding, error) { return c.checkSource(ctx, c.settings.Sources[i], s) })
	}
	add("lake", c.settings.Lake, c.checkLake)
	if c.settings.Schedule.Every > 0 {
		add("writes", c.settings.Lake, c.checkWrites)
		if c.settings.Queue != "" {
			add("queue", Location{URL: c.settings.Queue}, c.checkQueue)
		}
	}
	if c.trino != nil {
		parts = append(parts, part{Name: "trino", URL: c.settings.Trino.Config.URL})
		checks = append(checks, c.checkTrino)
	}
	var group errgroup.Group
	group.SetLimit(healthParallel)
	for i, check := range checks {
		if check == nil {
			continue
		}
		group.Go(func() error {
			ctx, cancel := context.WithTimeoutCause(ctx, healthTimeout, errSlow)
			defer cancel()
			f, err := guarded(ctx, check)
			parts[i] = c.found(ctx, parts[i], f, err)
			return nil
		})
	}
	_ = group.Wait() // no check gives an error here
	if c.settings.Databricks.Asks() {
		parts = append(parts, c.checkIdentities(ctx))
	}
	if c.settings.Register.Any() && c.writes() {
		parts = append(parts, c.registerPart())
	}
	if c.writes() {
		parts = append(parts, c.schedulePart())
	}
	return parts
}

func guarded(ctx context.Context, check func(context.Context) (finding, error)) (_ finding, err error) {
	defer guard(ctx, &err)
	return check(ctx)
}

// titles are how messages call the parts that have a URL.
var titles = map[string]string{"source": "Source", "lake": "Lake", "writes": "Writing to", "queue": "Queue", "trino": "Trino"}

// found completes a part with what a check of it gave.
func (c checkup) found(ctx context.Context, p part, f finding, err error) part {
	p.OK, p.Message, p.brief = err == nil, f.text, f.brief
	if !p.OK {
		_, p.Message = c.fail(ctx, cause(ctx, err))
	}
	about := ""
	if p.URL != "" {
		about = titles[p.Name] + " " + p.URL + ": "
	}
	p.Message = sentence(about + p.Message)
	for _, w := range f.warnings {
		p.Warnings = append(p.Warnings, sentence(about+w))
	}
	return p
}

func sentence(text string) string { return strings.TrimSuffix(text, ".") + "." }

func (c checkup) checkSettings() finding {
	f := finding{text: "The settings are complete: this data source reads the lake and leaves filling it to others", warnings: c.settings.Warnings}
	if every := c.settings.Schedule.Every; every > 0 {
		f.text = "The settings are complete: the ETL is to run every " + shortly(every)
	}
	return f
}

// schedulePart says whether this data source is the one that writes the lake.
func (c checkup) schedulePart() part {
	p := part{Name: "schedule", OK: true}
	if by, refused := c.use(); refused {
		p.OK = false
		p.Message = fmt.Sprintf("The ETL of this data source does not run: %s writes the lake %s already. "+
			"Set the schedule of one of them to off; this one then goes on reading", by, c.settings.Lake)
	} else {
		s := c.shell.supervisor.Status(c.owner)
		switch s.State {
		case supervisor.Running, supervisor.Queued:
			p.Message, p.brief.words = "The ETL is at work", "the first run is under way"
		default:
			p.Message = "The ETL waits for its next run, which comes " + in(time.Until(s.Next))
			p.brief.words = "the first run comes " + in(time.Until(s.Next))
		}
	}
	p.Message = sentence(p.Message)
	return p
}

// in is when something comes that is due after d.
func in(d time.Duration) string {
	if d < time.Second {
		return "at once"
	}
	return "in " + strings.TrimSuffix(ago(d), " ago")
}
