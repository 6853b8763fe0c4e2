package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/auditlake/auditlake/internal/generate"
	"github.com/auditlake/auditlake/internal/preview"
)

// Page says what the demo shows in a browser.
type Page struct {
	Dir     string // logs and lake of the last 30 days are made anew in it, beside Run's
	Binary  string // the plugin's executable
	Plugin  string // the folder of the built plugin
	Page    string // the folder of the built page
	Dash    string // the folder of the dashboards' JSON
	Address string // to listen on
	Out     io.Writer
}

const liveDays = 30

// Live delivers the last 30 days and goes on delivering what falls due, as time
// passes; the plugin's own ETL brings it into the lake, and a page shows the
// dashboards over it. It ends with ctx, which is no error. The article's lake is
// a second data source, if Run has made it.
func Live(ctx context.Context, p Page) error {
	d := &demo{
		Config: Config{Dir: p.Dir, Binary: p.Binary, Out: p.Out},
		logs:   filepath.Join(p.Dir, "live", "logs"), lake: filepath.Join(p.Dir, "live", "lake"),
	}
	if err := errors.Join(os.RemoveAll(d.logs), os.RemoveAll(d.lake)); err != nil {
		return err
	}
	d.heading("The last 30 days, with something to find for every named query")
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	delivered, followed := make(chan generate.Round, 1), make(chan error, 1)
	go func() { followed <- d.follow(ctx, delivered) }()
	select {
	case err := <-followed:
		return err
	case first := <-delivered:
		_, _ = fmt.Fprintf(p.Out, "%d files, %.0f MB\n", first.Files, float64(first.Bytes)/1e6)
	}
	err := d.auditlake(ctx, p.Out, "etl", "--source", d.logs, "--lake", d.lake)
	if err == nil {
		err = d.show(ctx, p)
	}
	cancel()
	if ctxErr := <-followed; err == nil {
		err = ctxErr
	}
	return err
}

// Deliveries begin a while ago and go on faster than time until they have caught
// up with it, so that whoever just looks sees the charts move.
const (
	behind   = 90 * time.Minute
	speed    = 6
	caughtUp = behind / (speed - 1)
)

// follow tells the first round alone, in which the days up to then are delivered.
func (d *demo) follow(ctx context.Context, delivered chan<- generate.Round) error {
	now := time.Now().UTC()
	cfg := generate.Config{
		Seed: 1, Start: now.Truncate(24*time.Hour).AddDate(0, 0, -liveDays),
		Days: liveDays, EventsPerDay: 10_000, Scenario: generate.Detections,
	}
	var last generate.Round
	settled := func(r generate.Round) error {
		if last.Until.IsZero() {
			delivered <- r
		}
		last = r
		return nil
	}
	hasty, done := context.WithTimeout(ctx, caughtUp)
	defer done()
	clock := generate.Clock{From: now.Add(-behind), Every: 20 * time.Second, Speed: speed}
	if err := generate.Follow(hasty, cfg, time.Time{}, clock, generate.Folder(d.logs), settled); err != nil || ctx.Err() != nil {
		return err
	}
	clock = generate.Clock{From: time.Now().UTC(), Every: 20 * time.Second, Speed: 1}
	return generate.Follow(ctx, cfg, last.Until, clock, generate.Folder(d.logs), settled)
}

// show serves the page until ctx ends.
func (d *demo) show(ctx context.Context, p Page) (err error) {
	log, err := os.Create(filepath.Join(d.Dir, "plugin.log"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	show := preview.Show{
		Binary: p.Binary, Page: p.Page, Plugin: p.Plugin, Dashboards: p.Dash, Address: p.Address, Log: log,
		Sources: []preview.Local{{UID: "auditlake", Name: "Auditlake", Lake: d.lake, Logs: []string{d.logs}, Schedule: "1m"}},
		Ready: func(url string) error {
			d.heading("A preview of the dashboards, without a Grafana")
			_, err := fmt.Fprintf(p.Out, "%s\nOpen it in a browser of this machine. Logs keep coming; Ctrl-C ends everything. The plugin's log is %s.\n", url, log.Name())
			return err
		},
	}
	article := filepath.Join(d.Dir, "lake")
	if _, err := os.Stat(article); err == nil {
		show.Sources = append(show.Sources, preview.Local{
			UID: "article", Name: "December 2019, the article's", Lake: article, Logs: []string{filepath.Join(d.Dir, "logs")}, Schedule: "off",
		})
		show.Links = []preview.Link{{
			Title: "December 2019", Text: "The article's logs, with 714 clusters on the 28th", Source: "article",
			From: "2019-12-01T00:00:00.000Z", To: "2019-12-31T00:00:00.000Z",
		}}
	}
	return show.Run(ctx)
}
