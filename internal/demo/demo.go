// Package demo is the main job from end to end on generated logs: deliver, run
// the ETL, answer the article's questions from the command line, then ask the
// plugin's binary the same as Grafana would and compare.
package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/auditlake/auditlake/internal/generate"
	"github.com/auditlake/auditlake/pkg/cli"
)

// Config says where the demo works and what it runs.
type Config struct {
	Dir    string // logs and lake are made anew in it
	Binary string // the plugin's executable
	Out    io.Writer
}

// The article's day, and the day after it.
const (
	day     = "2019-12-28"
	nextDay = "2019-12-29"
)

// question is one of the article's, as a named query.
type question struct {
	words string
	named string
	args  []string // of the command line, besides lake, name and format
}

func questions() []question {
	onTheDay := []string{"--from", day, "--to", nextDay}
	week := []string{"--from", "2019-12-23", "--to", "2019-12-30"}
	return []question{
		{"How many clusters were created per day in that week?", "clusters_created_per_day", week},
		{"Who created those of " + day + "?", "clusters_by_creator", onTheDay},
		{"For which jobs?", "clusters_by_job", append([]string{"--param", "limit=5"}, onTheDay...)},
		{"Who owns the job on top?", "job_owner", append([]string{"--param", "job_id=31303"}, onTheDay...)},
		{"How many clusters that never terminate did people create, per day?", "clusters_without_autotermination_per_day", week},
		{"Which ones on " + day + "?", "clusters_without_autotermination", onTheDay},
		{"How did people log in the day before?", "logins_by_method", []string{"--from", "2019-12-27", "--to", day}},
		{"How many logins failed, per day?", "failed_logins", week},
		{"Whose?", "failed_logins_by_user", append([]string{"--param", "limit=5"}, week...)},
	}
}

// Run does it all. It fails if the plugin answers with other numbers than the
// command line, or either with others than the logs were generated with.
func Run(ctx context.Context, c Config) error {
	d := &demo{Config: c, logs: filepath.Join(c.Dir, "logs"), lake: filepath.Join(c.Dir, "lake")}
	if _, err := os.Stat(c.Binary); err != nil {
		return fmt.Errorf("the plugin's executable is not built: run go tool mage demo (%w)", err)
	}
	if err := errors.Join(os.RemoveAll(d.logs), os.RemoveAll(d.lake)); err != nil {
		return err
	}
	truth, err := d.deliver(ctx)
	if err != nil {
		return fmt.Errorf("generate logs: %w", err)
	}
	d.heading("ETL: bronze, silver and gold")
	if err := d.auditlake(ctx, c.Out, "etl", "--source", d.logs, "--lake", d.lake); err != nil {
		return err
	}
	for _, q := range questions() {
		d.heading(q.words)
		if err := d.auditlake(ctx, c.Out, append([]string{"query", "--lake", d.lake, "--named", q.named}, q.args...)...); err != nil {
			return err
		}
	}
	if err := d.checkStory(ctx, truth.Article); err != nil {
		return err
	}
	d.heading("The same from the plugin's binary, as Grafana asks it")
	if err := d.askPlugin(ctx); err != nil {
		return err
	}
	d.heading("Proof that no line was lost")
	if err := d.auditlake(ctx, c.Out, "verify", "--lake", d.lake, "--source", d.logs); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.Out, "\nThe delivered logs are in %s, the lake is in %s. Try\n  %s status --lake %s\n",
		d.logs, d.lake, filepath.Join("bin", "auditlake"), d.lake)
	return err
}

type demo struct {
	Config
	logs, lake string
}

func (d *demo) heading(words string) {
	_, _ = fmt.Fprintf(d.Out, "\n%s\n%s\n", words, strings.Repeat("─", utf8.RuneCountInString(words)))
}

func (d *demo) deliver(ctx context.Context) (*generate.Truth, error) {
	d.heading("Logs as Databricks delivers them: December 2019, with the article's cluster storm")
	cfg := generate.Config{
		Seed: 1, Start: time.Date(2019, 12, 1, 0, 0, 0, 0, time.UTC), Days: 30, EventsPerDay: 10_000, Scenario: generate.Article,
	}
	truth, err := generate.Write(ctx, cfg, time.Time{}, generate.Folder(d.logs))
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(d.Out, "%d lines in %d files, %.0f MB\n", truth.Source.Lines, truth.Source.Files, float64(truth.Source.Bytes)/1e6)
	return truth, err
}

// auditlake runs the command line in this process, after saying what it runs.
func (d *demo) auditlake(ctx context.Context, out io.Writer, args ...string) error {
	if out == d.Out {
		_, _ = fmt.Fprintf(out, "$ auditlake %s\n", strings.Join(args, " "))
	}
	root := cli.New("auditlake") //nolint:contextcheck // its commands get the context when it is executed
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(d.Out)
	return root.ExecuteContext(ctx)
}

// rows is a query's answer from the command line.
func (d *demo) rows(ctx context.Context, q question) ([]map[string]any, error) {
	var out bytes.Buffer
	args := append([]string{"query", "--lake", d.lake, "--named", q.named, "--format", "json"}, q.args...)
	if err := d.auditlake(ctx, &out, args...); err != nil {
		return nil, err
	}
	var rows []map[string]any
	return rows, json.Unmarshal(out.Bytes(), &rows)
}

// checkStory holds the answers about the article's day against the truth.
func (d *demo) checkStory(ctx context.Context, a *generate.ArticleTruth) error {
	got := map[string]any{}
	for _, q := range questions() {
		rows, err := d.rows(ctx, q)
		if err != nil {
			return err
		}
		switch q.named {
		case "clusters_created_per_day":
			for _, r := range rows {
				if r["date"] == day {
					got["created"] = r["num_clusters"]
				}
			}
		case "clusters_by_creator":
			for _, r := range rows {
				if r["creator"] == "JOB_LAUNCHER" {
					got["by JOB_LAUNCHER"] = r["num_clusters"]
				}
			}
		case "clusters_by_job":
			if len(rows) > 0 {
				got["top job"], got["clusters of it"] = rows[0]["jobId"], rows[0]["num_clusters"]
			}
		case "job_owner":
			if len(rows) == 1 {
				got["owner"] = rows[0]["userId"]
			}
		case "clusters_without_autotermination":
			got["without autotermination"] = float64(len(rows))
		}
	}
	want := map[string]any{
		"created": float64(a.Created), "by JOB_LAUNCHER": float64(a.ByJobLauncher),
		"top job": a.TopJob, "clusters of it": float64(a.TopJobClusters), "owner": a.Owner,
		"without autotermination": float64(a.WithoutAutotermination),
	}
	for name, w := range want {
		if got[name] != w {
			return fmt.Errorf("%s is %v, the logs were generated with %v", name, got[name], w)
		}
	}
	_, err := fmt.Fprintf(d.Out, "\n%s: %d clusters created, %d by JOB_LAUNCHER, most of them (%d) for job %s of user %s, %d by users without autotermination: as in the article.\n",
		day, a.Created, a.ByJobLauncher, a.TopJobClusters, a.TopJob, a.Owner, a.WithoutAutotermination)
	return err
}
