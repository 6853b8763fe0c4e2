package etl_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// evidenceOf is the document of a lake, as it is written and as it is read.
func evidenceOf(t testing.TB, s store.Store) (string, *etl.Evidence) {
	t.Helper()
	var out bytes.Buffer
	written, err := etl.WriteEvidence(t.Context(), lake.New(s, lake.Options{Now: now}), now(), "auditlake/test", "", &out)
	if err != nil {
		t.Fatal(err)
	}
	read, err := etl.ReadEvidence(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(written, read); diff != "" {
		t.Fatalf("read (-written +read):\n%s", diff)
	}
	return out.String(), read
}

func compare(t testing.TB, s store.Store, then *etl.Evidence) *etl.Comparison {
	t.Helper()
	c, err := etl.CompareEvidence(t.Context(), lake.New(s, lake.Options{Now: now}), then)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// delivery is some files of three dates.
func delivery() map[string][]string {
	return map[string][]string{
		"workspaceId=0/date=2024-03-08/auditlogs_1.json": {event(1, "clusters", "create", `{"a":"b"}`), event(2, "clusters", "edit", ""), "no event"},
		"workspaceId=0/date=2024-03-09/auditlogs_2.json": {event(3, "jobs", "runNow", ""), event(3, "jobs", "runNow", ""), "\xff is no UTF-8"},
		"workspaceId=7/date=2024-03-09/auditlogs_3.json": {event(4, "accounts", "login", `{"user":"mallory@example.com"}`), event(5, "accounts", "logout", "")},
		"workspaceId=7/date=2024-03-10/auditlogs_4.json": {},
		"workspaceId=7/date=2024-03-10/auditlogs_5.json": {event(6, "accounts", "setAdmin", `{"user":"mallory@example.com"}`)},
	}
}

func delivered(t testing.TB, files map[string][]string) *world {
	t.Helper()
	w := newWorld(t)
	for _, key := range sortedKeys(files) {
		w.deliver(key, files[key]...)
	}
	w.run()
	return w
}

func sortedKeys(files map[string][]string) (keys []string) {
	for key := range files {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// TestEvidenceCanBeCheckedByHand: what docs/format.md says of a document is enough to make
// its hashes from the delivered files.
func TestEvidenceCanBeCheckedByHand(t *testing.T) {
	files := delivery()
	text, e := evidenceOf(t, delivered(t, files).lake)
	if e.Batch != 1 || len(e.Files) != len(files) || len(e.Sources) != 1 {
		t.Fatalf("%+v", e)
	}
	for _, f := range e.Files {
		var hashes []string
		for _, line := range files[f.Key] {
			hashes = append(hashes, fmt.Sprintf("%x\n", sha256.Sum256([]byte(line))))
		}
		slices.Sort(hashes)
		if want := fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(hashes, "")))); f.Content != want || f.Rows != int64(len(hashes)) {
			t.Errorf("%s: %d rows %s, want %d and %s", f.Key, f.Rows, f.Content, len(hashes), want)
		}
		body := strings.Join(append(files[f.Key], ""), "\n")
		if sum := sha256.Sum256([]byte(body)); f.SHA256 != hex.EncodeToString(sum[:]) || f.Size != int64(len(body)) {
			t.Errorf("%s: %d bytes %s", f.Key, f.Size, f.SHA256)
		}
	}
	before, _, _ := strings.Cut(text, `{"files":`)
	if sum := sha256.Sum256([]byte(before)); e.Root != hex.EncodeToString(sum[:]) {
		t.Errorf("the root is %s, want %x", e.Root, sum)
	}
}

// TestWhatIsNoTamperingChangesNothing: a document holds through all that the lake does to itself.
func TestWhatIsNoTamperingChangesNothing(t *testing.T) {
	w := delivered(t, delivery())
	_, then := evidenceOf(t, w.lake)
	for step := range 12 {
		key := fmt.Sprintf("workspaceId=0/date=2024-03-09/more_%d.json", step)
		w.deliver(key, event(100+step, "clusters", "create", ""))
		w.run()
	}
	w.deliver("workspaceId=7/date=2024-03-09/auditlogs_3.json", append(delivery()["workspaceId=7/date=2024-03-09/auditlogs_3.json"], event(50, "accounts", "login", ""))...)
	w.run()
	later := lake.New(w.lake, lake.Options{Engine: "auditlake/test", Now: func() time.Time { return now().Add(60 * 24 * time.Hour) }})
	if _, err := etl.Optimize(t.Context(), later, etl.OptimizeOptions{MinFiles: 2}); err != nil {
		t.Fatal(err)
	}
	if _, err := etl.Vacuum(t.Context(), later, etl.VacuumOptions{}); err != nil {
		t.Fatal(err)
	}
	want := &etl.Comparison{Batch: 1, Files: 5, Rows: 9, Same: 5, Overwritten: 1, Added: 12, Problems: []string{}}
	if diff := cmp.Diff(want, compare(t, w.lake, then)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	// Retention is told apart from rows that vanish.
	if _, err := etl.Retain(t.Context(), lake.New(w.lake, lake.Options{Engine: "auditlake/test", Now: now}), etl.RetentionOptions{BronzeDays: 1, SilverDays: 1, GoldDays: 1, QuarantineDays: 1}); err != nil {
		t.Fatal(err)
	}
	got := compare(t, w.lake, then)
	if len(got.Problems) > 0 || got.Expired == 0 || got.Expired+got.Same != 5 || got.Horizon == "" {
		t.Errorf("after retention: %+v", got)
	}
	if _, chained := evidenceOf(t, w.lake); len(compare(t, w.lake, chained).Problems) > 0 {
		t.Error("a document does not hold at once")
	}
}

// TestTamperingThatVerifyCannotSee has somebody who may write everything, and knows how a
// lake is made: the tampered lake is sound, and agrees with the tampered source.
func TestTamperingThatVerifyCannotSee(t *testing.T) {
	const login = "workspaceId=7/date=2024-03-09/auditlogs_3.json"
	const admin = "workspaceId=7/date=2024-03-10/auditlogs_5.json"
	for name, test := range map[string]struct {
		tamper func(files map[string][]string)
		want   string
	}{
		"a row is changed":    {func(f map[string][]string) { f[login][0] = event(4, "accounts", "login", `{"user":"bob@example.com"}`) }, login + ": its 2 rows are not the lines that they were"},
		"a row is taken out":  {func(f map[string][]string) { f[login] = f[login][1:] }, login + ": it has 1 of its rows and had 2"},
		"a row is put in":     {func(f map[string][]string) { f[login] = append(f[login], event(9, "accounts", "login", "")) }, login + ": it has 3 of its rows and had 2"},
		"rows change files":   {func(f map[string][]string) { f[login][0], f[admin][0] = f[admin][0], f[login][0] }, login + ": its 2 rows are not the lines"},
		"a file is taken out": {func(f map[string][]string) { delete(f, admin) }, admin + ": it had 1 rows and is gone, and retention has not removed it"},
		"a file is put in": {func(f map[string][]string) {
			f["workspaceId=7/date=2024-03-09/x.json"] = []string{event(9, "x", "y", "")}
		}, "x.json: it has 1 rows of batches that the document knew"},
		"a file changes dates": {func(f map[string][]string) {
			f[strings.Replace(admin, "03-10", "03-09", 1)] = f[admin]
			delete(f, admin)
		}, admin + ": it had 1 rows and is gone"},
	} {
		t.Run(name, func(t *testing.T) {
			_, then := evidenceOf(t, delivered(t, delivery()).lake)
			files := delivery()
			test.tamper(files)
			w := delivered(t, files)
			l := lake.New(w.lake, lake.Options{Now: now})
			r, err := etl.Verify(t.Context(), l, []etl.Source{etl.SourceOf(w.source)})
			if err != nil || len(r.Problems) > 0 {
				t.Fatalf("verify finds %v %v by itself", r, err)
			}
			if got := compare(t, w.lake, then); !strings.Contains(strings.Join(got.Problems, "\n"), test.want) {
				t.Errorf("%+v, want %s", got, test.want)
			}
		})
	}
}

// TestTamperingInPlace changes a lake as it lies, not well enough for verify.
func TestTamperingInPlace(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*columnar.Batch) *columnar.Batch
		want   string
	}{
		"a text":                 {withValue("raw", `{"timestamp":1709985600000}`, 0), "are not the lines that they were"},
		"a row gone":             {without(0), "of its rows and had"},
		"a row of a later batch": {withValue("batchId", "", 99), "of its rows and had"},
		"a row of no file":       {withValue("fileId", "", 99), "file id 99, that are of no delivered file"},
	} {
		t.Run(name, func(t *testing.T) {
			w := delivered(t, delivery())
			_, then := evidenceOf(t, w.lake)
			rewrite(t, w, lake.Bronze, test.change)
			if got := compare(t, w.lake, then); !strings.Contains(strings.Join(got.Problems, "\n"), test.want) {
				t.Errorf("%+v, want %s", got, test.want)
			}
		})
	}
}

// TestASourceThatIsOverwritten: the run takes what the source says now, and bronze keeps what it was.
func TestASourceThatIsOverwritten(t *testing.T) {
	const login = "workspaceId=7/date=2024-03-09/auditlogs_3.json"
	w := delivered(t, delivery())
	_, then := evidenceOf(t, w.lake)
	w.deliver(login, event(5, "accounts", "logout", ""))
	w.run()
	if got := compare(t, w.lake, then); len(got.Problems) > 0 || got.Overwritten != 1 || got.Superseded != 1 {
		t.Errorf("%+v, want one file overwritten and one line superseded", got)
	}
	// A lake that is made anew from it is another.
	anew := &world{t: t, source: w.source, lake: store.NewMemory("lake")}
	anew.run()
	if got := compare(t, anew.lake, then); !strings.Contains(strings.Join(got.Problems, "\n"), login+": it has 1 of its rows and had 2") {
		t.Errorf("%+v", got)
	}
}

func TestAnOlderCopyOfTheLake(t *testing.T) {
	w := delivered(t, delivery())
	w.deliver("workspaceId=0/date=2024-03-09/later.json", event(7, "jobs", "runNow", ""))
	w.run()
	_, then := evidenceOf(t, w.lake)
	got := compare(t, delivered(t, delivery()).lake, then)
	if !strings.Contains(strings.Join(got.Problems, "\n"), "the lake is at batch 1 and was at 2") {
		t.Errorf("%+v", got)
	}
}

// TestADocumentThatWasChanged: each byte counts, and so does each that is missing.
func TestADocumentThatWasChanged(t *testing.T) {
	text, _ := evidenceOf(t, delivered(t, delivery()).lake)
	for i := range len(text) {
		bad := []byte(text)
		bad[i] ^= 1
		if _, err := etl.ReadEvidence(bytes.NewReader(bad)); !errors.Is(err, etl.ErrEvidence) {
			t.Fatalf("byte %d: %v", i, err)
		}
		if _, err := etl.ReadEvidence(strings.NewReader(text[:i])); !errors.Is(err, etl.ErrEvidence) {
			t.Fatalf("%d bytes: %v", i, err)
		}
	}
	lines := strings.SplitAfter(text, "\n")
	for name, bad := range map[string]string{
		"a line twice": strings.Join(append(slices.Clone(lines[:2]), lines[1:]...), ""), "two documents": text + text, "another order": lines[0] + lines[2] + lines[1] + strings.Join(lines[3:], ""), "nothing": "",
	} {
		if _, err := etl.ReadEvidence(strings.NewReader(bad)); !errors.Is(err, etl.ErrEvidence) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
