package generate

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"
)

// Clock is the time that [Follow] delivers by.
type Clock struct {
	From  time.Time     // what it shows at first
	Every time.Duration // of real time between two looks at it, over 0
	Speed float64       // 1 is real time, over 0
}

// Validate reports everything that is wrong with c.
func (c Clock) Validate() error {
	var errs []error
	if c.From.IsZero() {
		errs = append(errs, errors.New("the clock shows no time"))
	}
	if c.Every <= 0 {
		errs = append(errs, fmt.Errorf("the clock is looked at every %s, want more than 0s", c.Every))
	}
	if !(c.Speed > 0 && c.Speed <= 1e6) {
		errs = append(errs, fmt.Errorf("the clock's speed is %v, want over 0 and up to 1000000", c.Speed))
	}
	return errors.Join(errs...)
}

// Round is what Follow delivered at one look at the clock.
type Round struct {
	Until time.Time // everything up to and including it is delivered
	Files int64
	Bytes int64
}

// Follow is [Write] that does not end with the logs: it delivers what is due at
// clock.From at once and then, at each look at the clock, what has fallen due
// since. cfg.Days does not count: days go on. What sink holds after a round is
// what Write gives it up to that moment with enough days, except that a version
// with the bytes of the one before is not passed on again.
//
// The sink already holds the deliveries up to and including after. settled, which
// may be nil, is called after every round. Follow plans each day once and keeps
// files only while versions of them are due. It returns nil when ctx ends, and
// else the first error.
func Follow(ctx context.Context, cfg Config, after time.Time, clock Clock, sink func(key string, body []byte) error, settled func(Round) error) error {
	cfg.Days = maxDays
	if err := errors.Join(cfg.Validate(), clock.Validate()); err != nil {
		return fmt.Errorf("generate: %w", err)
	}
	f := &follower{w: newWriter(newWorld(cfg.withDefaults())), sink: sink, settled: settled, sums: map[*file][sha256.Size]byte{}}
	f.round.Until = clock.From
	ticker := time.NewTicker(clock.Every)
	defer ticker.Stop()
	began := time.Now()
	for s := range schedule(f.w.world) {
		at := time.UnixMilli(s.at)
		for at.After(f.round.Until) {
			if err := f.settle(); err != nil {
				return err
			}
			select {
			case <-ctx.Done():
				return nil
			case now := <-ticker.C:
				f.round = Round{Until: clock.From.Add(time.Duration(float64(now.Sub(began)) * clock.Speed))}
			}
		}
		if ctx.Err() != nil {
			return nil
		}
		if !at.After(after) {
			continue
		}
		if err := f.deliver(s); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
	}
	return fmt.Errorf("generate: the logs from %s end after %d days: begin others elsewhere", cfg.Start.UTC().Format(time.DateOnly), maxDays)
}

// follower is what Follow remembers between two deliveries.
type follower struct {
	w       *writer
	sink    func(key string, body []byte) error
	settled func(Round) error
	round   Round
	// sums has the version delivered last of each file that has others due.
	sums map[*file][sha256.Size]byte
}

func (f *follower) deliver(s scheduled) error {
	body := f.w.file(s.file, s.version, ignore)
	sum := sha256.Sum256(body)
	last, again := f.sums[s.file]
	if s.next == 0 {
		delete(f.sums, s.file)
	} else {
		f.sums[s.file] = sum
	}
	if again && sum == last {
		return nil
	}
	if err := f.sink(s.file.key, body); err != nil {
		return fmt.Errorf("deliver %s: %w", s.file.key, err)
	}
	f.round.Files++
	f.round.Bytes += int64(len(body))
	return nil
}

func (f *follower) settle() error {
	if f.settled == nil {
		return nil
	}
	return f.settled(f.round)
}
