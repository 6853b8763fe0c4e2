package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"golang.org/x/sync/errgroup"

	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/etl/landing"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

const (
	// healthTimeout bounds one part of the check.
	healthTimeout = 15 * time.Second
	// healthKeys is how many keys of a source are looked at: a page of S3.
	healthKeys = 1000
)

// part is one thing that a data source depends on.
type part struct {
	Name    string `json:"name"` // settings, source, lake
	URL     string `json:"url,omitempty"`
	OK      bool   `json:"ok"`
	Message string `json:"message"`
}

// health is the details of a check. Grafana shows verboseMessage below a
// failure's message.
type health struct {
	Parts          []part `json:"parts"`
	VerboseMessage string `json:"verboseMessage,omitempty"`
}

// CheckHealth looks at the settings, each source and the lake, and says of each
// that fails what to do.
func (d *Datasource) CheckHealth(ctx context.Context, _ *backend.CheckHealthRequest) (_ *backend.CheckHealthResult, err error) {
	defer guard(ctx, &err)
	ctx, done := d.under(ctx)
	defer done()
	parts := d.check(ctx)
	var good, bad []string
	for _, p := range parts {
		if p.OK {
			good = append(good, p.Message)
		} else {
			bad = append(bad, p.Message)
		}
	}
	result := &backend.CheckHealthResult{Status: backend.HealthStatusOk, Message: strings.Join(good, " ")}
	details := health{Parts: parts}
	if len(bad) > 0 {
		result.Status, result.Message = backend.HealthStatusError, strings.Join(bad, "\n")
		details.VerboseMessage = strings.Join(append(bad, good...), "\n")
	}
	result.JSONDetails, err = json.Marshal(details)
	return result, err
}

func (d *Datasource) check(ctx context.Context) []part {
	if d.settingsErr != nil {
		return []part{d.found(ctx, part{Name: "settings"}, "", d.settingsErr)}
	}
	parts := make([]part, 1+len(d.sources))
	var checks errgroup.Group
	checks.SetLimit(parallelQueries)
	run := func(i int, p part, what func(context.Context) (string, error)) {
		checks.Go(func() error {
			ctx, cancel := context.WithTimeoutCause(ctx, healthTimeout, errSlow)
			defer cancel()
			message, err := guarded(ctx, what)
			parts[i] = d.found(ctx, p, message, err)
			return nil
		})
	}
	for i, s := range d.sources {
		p := part{Name: "source", URL: d.settings.Sources[i].String()}
		run(i, p, func(ctx context.Context) (string, error) { return checkSource(ctx, s) })
	}
	run(len(d.sources), part{Name: "lake", URL: d.settings.Lake.String()}, d.checkLake)
	_ = checks.Wait() // no check gives an error here
	return parts
}

func guarded(ctx context.Context, what func(context.Context) (string, error)) (_ string, err error) {
	defer guard(ctx, &err)
	return what(ctx)
}

// found completes a part with what a check of it gave.
func (d *Datasource) found(ctx context.Context, p part, message string, err error) part {
	p.OK = err == nil
	if !p.OK {
		_, message = d.fail(ctx, cause(ctx, err))
	}
	p.Message = message
	if p.URL != "" {
		p.Message = strings.ToUpper(p.Name[:1]) + p.Name[1:] + " " + p.URL + ": " + message
	}
	if !strings.HasSuffix(p.Message, ".") {
		p.Message += "."
	}
	return p
}

// checkSource lists what a first page holds.
func checkSource(ctx context.Context, s store.Store) (string, error) {
	keys, delivered := 0, 0
	for o, err := range s.List(ctx, "", "") {
		if err != nil {
			return "", err
		}
		if _, _, _, _, ok := landing.ParseKey(o.Key); ok {
			delivered++
		}
		if keys++; keys == healthKeys || delivered > 0 {
			break
		}
	}
	switch {
	case delivered > 0:
		return "can be read", nil
	case keys == 0:
		return "can be read, and nothing has been delivered to it yet", nil
	}
	return fmt.Sprintf("can be read, but none of its first %d objects looks like a delivered file (workspaceId=…/date=…/….json): "+
		"check that the path is the delivery prefix of Databricks", keys), nil
}

// checkLake reads the newest version of the tables that everything comes from.
func (d *Datasource) checkLake(ctx context.Context) (string, error) {
	bronze, err := d.lake.Table(lake.Bronze).Snapshot(ctx)
	if errors.Is(err, lake.ErrNoTable) {
		return "can be read, and has no tables yet: the ETL has not brought anything in", nil
	}
	if err != nil {
		return "", err
	}
	silver, err := d.lake.Table(lake.Silver).Snapshot(ctx)
	if errors.Is(err, lake.ErrNoTable) {
		return fmt.Sprintf("can be read, and has %d delivered lines, of which no events were made yet", rowsOf(bronze)), nil
	}
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("can be read, and has %d events of %d delivered lines", rowsOf(silver), rowsOf(bronze)), nil
}

func rowsOf(table *delta.Snapshot) (rows int64) {
	for add := range table.Files() {
		rows += max(table.Bounds(add).Rows(), 0)
	}
	return rows
}
