package generate_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/internal/generate"
)

// bucket is a sink that counts how often each key is put and notes a put that
// changes nothing.
type bucket struct {
	objects map[string][]byte
	puts    int
	idle    []string
}

func newBucket() *bucket { return &bucket{objects: map[string][]byte{}} }

func (b *bucket) put(key string, body []byte) error {
	if old, ok := b.objects[key]; ok && bytes.Equal(old, body) {
		b.idle = append(b.idle, key)
	}
	b.objects[key] = bytes.Clone(body)
	b.puts++
	return nil
}

// follow delivers into b for some ticks and returns the rounds.
func follow(t *testing.T, b *bucket, cfg generate.Config, after time.Time, clock generate.Clock, ticks int) []generate.Round {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var rounds []generate.Round
	err := generate.Follow(ctx, cfg, after, clock, b.put, func(r generate.Round) error {
		if rounds = append(rounds, r); len(rounds) > ticks {
			cancel()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rounds
}

var followed = generate.Config{Seed: 4, Start: december, Days: 3, EventsPerDay: 2500}

// enough is followed with days beyond every clock of these tests.
func enough() generate.Config {
	cfg := followed
	cfg.Days = 30
	return cfg
}

func TestFollowedIsWhatIsWrittenInOneGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := generate.Clock{From: december.Add(50 * time.Hour), Every: time.Minute, Speed: 60}
		for _, ticks := range []int{0, 1, 7, 40} { // past the third and last configured day
			b := newBucket()
			began := time.Now()
			rounds := follow(t, b, followed, time.Time{}, clock, ticks)
			if real := time.Since(began); real != time.Duration(ticks)*time.Minute {
				t.Errorf("%d ticks took %s", ticks, real)
			}
			until := rounds[len(rounds)-1].Until
			if want := clock.From.Add(time.Duration(ticks) * time.Hour); !until.Equal(want) {
				t.Errorf("after %d ticks the clock shows %s, want %s", ticks, until, want)
			}
			want, truth := deliver(t, enough(), until)
			if diff := cmp.Diff(keysOf(want), keysOf(b.objects)); diff != "" {
				t.Fatalf("%d ticks: keys (-written +followed):\n%s", ticks, diff)
			}
			for key, body := range want {
				if !bytes.Equal(body, b.objects[key]) {
					t.Errorf("%d ticks: %s differs", ticks, key)
				}
			}
			var files, size int64
			for _, r := range rounds {
				files, size = files+r.Files, size+r.Bytes
			}
			if files != int64(b.puts) || size < truth.Source.Bytes {
				t.Errorf("%d ticks: rounds count %d files and %d bytes, %d were put and %d bytes are there", ticks, files, size, b.puts, truth.Source.Bytes)
			}
			if len(b.idle) > 0 {
				t.Errorf("%d ticks: put again unchanged: %v", ticks, b.idle)
			}
		}
	})
}

func keysOf(objects map[string][]byte) map[string]bool {
	keys := map[string]bool{}
	for key := range objects {
		keys[key] = true
	}
	return keys
}

func TestEachRoundDeliversWhatFellDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := generate.Clock{From: december.Add(30 * time.Hour), Every: 5 * time.Minute, Speed: 3}
		rounds := follow(t, newBucket(), followed, time.Time{}, clock, 30)
		deliveries, err := generate.Deliveries(enough())
		if err != nil {
			t.Fatal(err)
		}
		due := make([]int64, len(rounds))
		last := map[string]string{}
		for d := range deliveries {
			if same, seen := last[d.Key]; seen && same == string(d.Body) {
				continue
			}
			last[d.Key] = string(d.Body)
			for i, r := range rounds {
				if !d.At.After(r.Until) {
					due[i]++
					break
				}
			}
		}
		for i, r := range rounds {
			if r.Files != due[i] {
				t.Errorf("round %d until %s has %d files, %d were due", i, r.Until, r.Files, due[i])
			}
		}
	})
}

func TestFollowGoesOnWhereItWasStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBucket()
		clock := generate.Clock{From: december.Add(40 * time.Hour), Every: time.Minute, Speed: 30}
		rounds := follow(t, b, followed, time.Time{}, clock, 5)
		stopped, before := rounds[len(rounds)-1].Until, b.puts

		clock.From = stopped.Add(9 * time.Hour) // it was down for a while
		rounds = follow(t, b, followed, stopped, clock, 5)
		until := rounds[len(rounds)-1].Until
		want, _ := deliver(t, enough(), until)
		if diff := cmp.Diff(keysOf(want), keysOf(b.objects)); diff != "" {
			t.Errorf("keys (-written +followed):\n%s", diff)
		}
		for key, body := range want {
			if !bytes.Equal(body, b.objects[key]) {
				t.Errorf("%s differs", key)
			}
		}
		var since int
		deliveries, err := generate.Deliveries(enough())
		if err != nil {
			t.Fatal(err)
		}
		for d := range deliveries {
			if d.At.After(stopped) && !d.At.After(until) {
				since++
			}
		}
		if again := b.puts - before; again > since {
			t.Errorf("%d files were put after the stop, %d fell due", again, since)
		}
	})
}

func TestFollowEndsWithTheFirstError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := errors.New("no space")
		clock := generate.Clock{From: december.Add(20 * time.Hour), Every: time.Minute, Speed: 1}
		puts := 0
		err := generate.Follow(t.Context(), followed, time.Time{}, clock, func(string, []byte) error {
			if puts++; puts == 3 {
				return full
			}
			return nil
		}, nil)
		if !errors.Is(err, full) || puts != 3 {
			t.Errorf("a sink that fails: %v after %d puts", err, puts)
		}
		err = generate.Follow(t.Context(), followed, time.Time{}, clock, newBucket().put, func(generate.Round) error { return full })
		if !errors.Is(err, full) {
			t.Errorf("a round that cannot be settled: %v", err)
		}
	})
}

func TestFollowStopsWithinARound(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	puts := 0
	clock := generate.Clock{From: december.Add(48 * time.Hour), Every: time.Hour, Speed: 1}
	err := generate.Follow(ctx, followed, time.Time{}, clock, func(string, []byte) error {
		if puts++; puts == 10 {
			cancel()
			return ctx.Err()
		}
		return nil
	}, func(generate.Round) error { return errors.New("a round that was cut off is not settled") })
	if err != nil || puts != 10 {
		t.Errorf("%v after %d puts", err, puts)
	}
}

func TestFollowRefusesAClockThatDoesNotRun(t *testing.T) {
	err := generate.Follow(t.Context(), followed, time.Time{}, generate.Clock{}, newBucket().put, nil)
	for _, want := range []string{"shows no time", "every 0s", "speed is 0"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}
