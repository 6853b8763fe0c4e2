package lakes_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/auditlake/auditlake/bench/lakes"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

func TestALakeIsMadeOnce(t *testing.T) {
	scratch, spec := t.TempDir(), lakes.Spec{Days: 2, EventsPerDay: 300}
	m, err := lakes.Make(t.Context(), scratch, spec)
	if err != nil {
		t.Fatal(err)
	}
	l, err := m.Open(t.Context(), nil, lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	files, err := m.Files(t.Context(), l, lake.Silver)
	if err != nil || len(files) < 2 || m.Events < 300 {
		t.Fatalf("files %v of %d events, %v", files, m.Events, err)
	}
	if !strings.HasPrefix(filepath.ToSlash(files[0]), filepath.ToSlash(m.Folder())+"/silver/date=2025-12-3") {
		t.Errorf("file %s", files[0])
	}
	before, err := os.Stat(files[0])
	if err != nil {
		t.Fatal(err)
	}
	again, err := lakes.Make(t.Context(), scratch, spec)
	if err != nil || again.Events != m.Events {
		t.Fatalf("again: %+v, %v", again, err)
	}
	if after, err := os.Stat(files[0]); err != nil || !os.SameFile(before, after) {
		t.Errorf("it was made again: %v", err)
	}
	// One that was cut off is made anew.
	if err := os.Remove(filepath.Join(filepath.Dir(m.Folder()), "made.json")); err != nil {
		t.Fatal(err)
	}
	if _, err := lakes.Make(t.Context(), scratch, spec); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(files[0]); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what was cut off is still there: %v", err)
	}
}

func TestSlowWaitsOnceForEachRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const wait = 30 * time.Millisecond
		fast := store.NewMemory("lake")
		for i := range 1001 {
			if _, err := fast.Put(t.Context(), "a/"+strings.Repeat("x", i+1), nil); err != nil {
				t.Fatal(err)
			}
		}
		slow := lakes.Slow(fast, wait)
		for name, test := range map[string]struct {
			do    func() error
			waits int
		}{
			"get": {func() error {
				body, _, err := slow.Get(t.Context(), "a/x", "", 0, -1)
				if err != nil {
					return err
				}
				return body.Close()
			}, 1},
			"two pages": {func() error {
				n := 0
				for _, err := range slow.List(t.Context(), "a/", "") {
					if err != nil {
						return err
					}
					n++
				}
				if n != 1001 {
					t.Errorf("%d objects", n)
				}
				return nil
			}, 2},
			"folders": {func() error {
				for _, err := range slow.Folders(t.Context(), "") {
					if err != nil {
						return err
					}
				}
				return nil
			}, 1},
			"put":    {func() error { _, err := slow.Put(t.Context(), "b", nil); return err }, 1},
			"head":   {func() error { _, err := slow.Head(t.Context(), "a/x"); return err }, 1},
			"delete": {func() error { return slow.Delete(t.Context(), "b") }, 1},
		} {
			began := time.Now()
			if err := test.do(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if took := time.Since(began); took != time.Duration(test.waits)*wait {
				t.Errorf("%s took %s", name, took)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := slow.Head(ctx, "a/x"); !errors.Is(err, context.Canceled) {
			t.Errorf("a request that was given up: %v", err)
		}
	})
}
