package main

import (
	"context"
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
		out, start, until, scenario string
		cfg                         generate.Config
	)
	cmd := &cobra.Command{
		Use:   "generate --out DIR",
		Short: "Write realistic audit logs as Databricks delivers them, and the truth about them",
		Long: `Writes delivered files to DIR, or below an s3:// URL, and truth.json with the exact
answer of every panel beside them. The same options give the same bytes.
Files are overwritten with more lines, come late and have the odd values that real
ones have. --until stops the clock of the delivery, so that a later call with a
later --until delivers the rest.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg.Scenario = generate.Scenario(scenario)
			var err error
			if cfg.Start, err = startOf(start, cfg); err != nil {
				return err
			}
			var stop time.Time
			if until != "" {
				if stop, err = time.Parse(time.RFC3339, until); err != nil {
					return fmt.Errorf("--until %q: write 2019-12-28T07:00:00Z", until)
				}
			}
			begin := time.Now()
			truth, err := generateTo(cmd.Context(), out, cfg, stop)
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
	f.IntVar(&cfg.Days, "days", 30, "days of logs")
	f.IntVar(&cfg.EventsPerDay, "events-per-day", 10_000, "events on an average day")
	f.Uint64Var(&cfg.Seed, "seed", 1, "another seed gives other logs")
	f.IntVar(&cfg.Workspaces, "workspaces", 4, "workspaces besides the account")
	f.StringVar(&start, "start", "", "first day, yyyy-mm-dd (default: such that the last day is yesterday; 2019-12-01 with --scenario article)")
	f.StringVar(&until, "until", "", "deliver only what was delivered by then (default: all)")
	f.StringVar(&scenario, "scenario", string(generate.Default), "default, or article: the cluster storm of 2019-12-28")
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

// generateTo delivers to a folder or a store and writes the truth beside it.
func generateTo(ctx context.Context, out string, cfg generate.Config, until time.Time) (*generate.Truth, error) {
	var put func(key string, body []byte) error
	if store.IsLocal(out) {
		put = generate.Folder(strings.TrimPrefix(out, "file://"))
	} else {
		s, err := store.Open(ctx, out)
		if err != nil {
			return nil, fmt.Errorf("--out: %w", err)
		}
		put = func(key string, body []byte) error {
			_, err := s.Put(ctx, key, body)
			return err
		}
	}
	truth, err := generate.Write(ctx, cfg, until, put)
	if err != nil {
		return nil, err
	}
	return truth, put(truthName, truth.JSON())
}
