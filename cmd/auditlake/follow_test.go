package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// lineWriter keeps what is written and calls full after some lines.
type lineWriter struct {
	bytes.Buffer
	lines int
	full  func()
}

func (w *lineWriter) Write(p []byte) (int, error) {
	if w.lines--; w.lines == 0 {
		w.full()
	}
	return w.Buffer.Write(p)
}

// generateFor runs the command until it has reported some rounds; 0 is to its end.
func generateFor(t *testing.T, rounds int, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := &lineWriter{lines: rounds, full: cancel}
	cmd := generateCommand()
	cmd.SetArgs(args)
	cmd.SetOut(out)
	cmd.SetErr(out)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	err := cmd.ExecuteContext(ctx)
	return out.String(), err
}

// tree is the files of a folder with their content, without the notes of the
// generator itself.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() == journalName || entry.Name() == truthName {
			return err
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		files[name] = string(body)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestFollowStartedAgainDeliversTheSameAsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		options := []string{"--events-per-day", "1500", "--seed", "9", "--start", "2019-12-01"}
		follow := append([]string{"--out", dir, "--follow", "--until", "2019-12-03T00:00:00Z", "--speed", "600"}, options...)
		if out, err := generateFor(t, 4, follow...); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		out, err := generateFor(t, 4, follow...)
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		lines := strings.Split(strings.TrimSpace(out), "\n")
		until, _, _ := strings.Cut(lines[len(lines)-1], "Z: ")
		// The line names the second in which the round ended.
		once := t.TempDir()
		if out, err := generateFor(t, 0, append([]string{"--out", once, "--until", until + "Z"}, options...)...); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if diff := cmp.Diff(tree(t, once), tree(t, dir)); diff != "" {
			t.Errorf("files (-once +followed):\n%s", diff)
		}
		if until <= "2019-12-03T00:30:00" {
			t.Errorf("the second start began at %s again", until)
		}
	})
}

func TestFollowRefusesWhatIsNotOneStory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// synctest's clock begins in 2000, before there was anything to log.
		time.Sleep(time.Until(time.Date(2026, 3, 14, 15, 9, 0, 0, time.UTC)))
		dir := t.TempDir()
		if out, err := generateFor(t, 1, "--out", dir, "--follow", "--days", "2", "--events-per-day", "300"); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for name, tc := range map[string]struct {
			args []string
			want string
		}{
			"other options":          {[]string{"--out", dir, "--follow", "--events-per-day", "301"}, "--events-per-day 300"},
			"another first day":      {[]string{"--out", dir, "--follow", "--events-per-day", "300", "--start", "2026-03-11"}, "--start 2026-03-12"},
			"the article and now":    {[]string{"--out", t.TempDir(), "--follow", "--scenario", "article"}, "--until"},
			"a clock that stands":    {[]string{"--out", t.TempDir(), "--follow", "--speed", "0"}, "speed is 0"},
			"a journal that is none": {[]string{"--out", broken(t), "--follow"}, "read " + journalName},
		} {
			out, err := generateFor(t, 1, tc.args...)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s: error %v does not say %q\n%s", name, err, tc.want, out)
			}
		}
		// The same day at another time of the day, without --start, goes on.
		if out, err := generateFor(t, 1, "--out", dir, "--follow", "--days", "9", "--events-per-day", "300"); err != nil {
			t.Errorf("started again: %v\n%s", err, out)
		}
	})
}

func broken(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, journalName), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}
