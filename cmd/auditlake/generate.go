package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/auditlake/auditlake/internal/generate"
	"github.com/auditlake/auditlake/pkg/store"
)

const truthName = "truth.json"

func generateCommand() *cobra.Command {
	var (
		out, start, until, scenario, detail string
		follow                              bool
		cfg                                 generate.Config
		clock                               generate.Clock
	)
	cmd := &cobra.Command{
		Use:   "generate --out DIR",
		Short: "Write realistic audit logs as Databricks delivers them, and the truth about them",
		Long: `Writes delivered files to DIR, or below an s3:// URL, and truth.json with the exact
answer of every named query beside them: over everything, in the middle of the time
with other parameters, and at its end. The same options give the same bytes.
Files are overwritten with more lines, come late and have the odd values that real
ones have. --until stops the clock of the delivery, so that a later call with a
later --until delivers the rest.

With --follow it delivers the days up to now and then goes on delivering what falls
due, until it is interrupted; started again, it goes on where it was. It writes no
truth.json. The clock then starts at --until instead of now, and runs --speed times
as fast as real time. Only events of the past make sense to Auditlake: a clock that
is faster than real time should start early.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg.Scenario = generate.Scenario(scenario)
			cfg.Truth = generate.Detail(detail)
			var err error
			if cfg.Start, err = startOf(start, cfg); err != nil {
				return err
			}
			if until != "" {
				if clock.From, err = time.Parse(time.RFC3339, until); err != nil {
					return fmt.Errorf("--until %q: write 2019-12-28T07:00:00Z", until)
				}
			}
			to, err := openPlace(cmd.Context(), out)
			if err != nil {
				return err
			}
			if follow {
				if until == "" {
					if cfg.Scenario == generate.Article {
						return errors.New("--follow delivers up to now, and the article's day is years ago: say with --until where the clock starts, such as 2019-12-28T00:00:00Z")
					}
					clock.From = time.Now().UTC()
				}
				return follower{out: to, cfg: cfg, start: start != "", clock: clock, log: cmd.OutOrStdout()}.run(cmd.Context())
			}
			begin := time.Now()
			truth, err := generateTo(cmd.Context(), to, cfg, clock.From)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "Wrote %d lines in %d files, %.1f MB, in %s.\n",
				truth.Source.Lines, truth.Source.Files, float64(truth.Source.Bytes)/1e6, time.Since(begin).Round(time.Millisecond))
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&out, "out", "", "a folder, or s3://bucket/prefix?…")
	f.IntVar(&cfg.Days, "days", 30, "days of logs; with --follow, those before today")
	f.IntVar(&cfg.EventsPerDay, "events-per-day", 10_000, "events on an average day")
	f.Uint64Var(&cfg.Seed, "seed", 1, "another seed gives other logs")
	f.IntVar(&cfg.Workspaces, "workspaces", 4, "workspaces besides the account")
	f.StringVar(&start, "start", "", "first day, yyyy-mm-dd (default: such that the last day is yesterday; 2019-12-01 with --scenario article)")
	f.StringVar(&until, "until", "", "deliver only what was delivered by then (default: all)")
	f.StringVar(&scenario, "scenario", string(generate.Default), "default; article: the cluster storm of 2019-12-28; or detections: stories for every named query, within 30 days")
	f.StringVar(&detail, "truth", "", "basic: layers and panels; full: all named queries too, which takes longer (default: full for up to 100,000 events, and for detections)")
	f.BoolVar(&follow, "follow", false, "go on delivering until interrupted")
	f.DurationVar(&clock.Every, "every", time.Minute, "how often --follow delivers what is due")
	f.Float64Var(&clock.Speed, "speed", 1, "how many times as fast as real time --follow delivers")
	if err := cmd.MarkFlagRequired("out"); err != nil {
		panic(err)
	}
	return cmd
}

func startOf(text string, cfg generate.Config) (time.Time, error) {
	switch {
	case text != "":
		t, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return t, fmt.Errorf("--start %q: write yyyy-mm-dd", text)
		}
		return t, nil
	case cfg.Scenario == generate.Article:
		return time.Date(2019, 12, 1, 0, 0, 0, 0, time.UTC), nil
	}
	return time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -cfg.Days), nil
}

// openPlace is a folder or a store to deliver to.
func openPlace(ctx context.Context, out string) (place, error) {
	if store.IsLocal(out) {
		return place{url: out, put: generate.Folder(strings.TrimPrefix(out, "file://"))}, nil
	}
	s, err := store.Open(ctx, out)
	if err != nil {
		return place{}, fmt.Errorf("--out: %w", err)
	}
	return place{url: out, put: func(key string, body []byte) error {
		_, err := s.Put(ctx, key, body)
		return err
	}}, nil
}

// generateTo delivers and writes the truth beside it.
func generateTo(ctx context.Context, to place, cfg generate.Config, until time.Time) (*generate.Truth, error) {
	truth, err := generate.Write(ctx, cfg, until, to.put)
	if err != nil {
		return nil, err
	}
	return truth, to.put(truthName, truth.JSON())
}
