package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/auditlake/auditlake/internal/generate"
	"github.com/auditlake/auditlake/pkg/store"
)

// journalName is where a follower notes how far it is. Names that begin with _
// are no deliveries.
const journalName = "_generate.json"

// journal is what a follower needs to go on where another was stopped.
type journal struct {
	Seed         uint64            `json:"seed"`
	Start        time.Time         `json:"start"`
	EventsPerDay int               `json:"eventsPerDay"`
	Scenario     generate.Scenario `json:"scenario"`
	Workspaces   int               `json:"workspaces"`
	Until        time.Time         `json:"until"` // delivered so far; zero: nothing for sure
}

// place is where logs are delivered to.
type place struct {
	url string
	put func(key string, body []byte) error
}

// follower is generate --follow.
type follower struct {
	out   place
	cfg   generate.Config
	start bool // cfg.Start was asked for, and is not only a default
	clock generate.Clock
	log   io.Writer
}

// run goes on from the journal beside the deliveries, if there is one, until ctx
// ends.
func (f follower) run(ctx context.Context) error {
	j, err := f.resume(ctx)
	if err != nil {
		return err
	}
	// Before the first delivery, so that the logs begin on the same day however
	// often this is started anew.
	if err := f.note(j); err != nil {
		return err
	}
	return generate.Follow(ctx, f.cfg, j.Until, f.clock, f.out.put, func(r generate.Round) error {
		if r.Files == 0 {
			return nil
		}
		if _, err := fmt.Fprintf(f.log, "%s: %d files, %.1f MB\n", r.Until.Format(time.RFC3339), r.Files, float64(r.Bytes)/1e6); err != nil {
			return err
		}
		j.Until = r.Until
		return f.note(j)
	})
}

// resume reads the journal and takes start and clock from it.
func (f *follower) resume(ctx context.Context) (journal, error) {
	asked := journal{
		Seed: f.cfg.Seed, Start: f.cfg.Start, EventsPerDay: f.cfg.EventsPerDay,
		Scenario: f.cfg.Scenario, Workspaces: f.cfg.Workspaces,
	}
	s, err := store.Open(ctx, f.out.url)
	if err != nil {
		return journal{}, fmt.Errorf("--out: %w", err)
	}
	text, _, err := store.ReadAll(ctx, s, journalName)
	if errors.Is(err, store.ErrNotFound) {
		return asked, nil
	}
	var found journal
	if err == nil {
		err = json.Unmarshal(text, &found)
	}
	if err != nil {
		return journal{}, fmt.Errorf("read %s in --out: %w", journalName, err)
	}
	if !f.start || asked.Start.Equal(found.Start) {
		asked.Start = found.Start
	}
	asked.Until = found.Until
	if asked != found {
		return journal{}, fmt.Errorf("--out was begun with --seed %d --start %s --events-per-day %d --scenario %s --workspaces %d: give the same, or another --out",
			found.Seed, found.Start.Format(time.DateOnly), found.EventsPerDay, found.Scenario, found.Workspaces)
	}
	f.cfg.Start = found.Start
	if f.clock.From.Before(found.Until) {
		f.clock.From = found.Until
	}
	return found, nil
}

func (f follower) note(j journal) error {
	text, err := json.MarshalIndent(j, "", "  ")
	if err != nil {
		return err
	}
	return f.out.put(journalName, append(text, '\n'))
}
