package landing_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/etl/landing"
	"github.com/auditlake/auditlake/pkg/store"
	"github.com/auditlake/auditlake/pkg/store/storetest"
)

func delivered(t testing.TB, keys ...string) *store.Memory {
	t.Helper()
	s := store.NewMemory("source")
	put(t, s, keys...)
	return s
}

func put(t testing.TB, s store.Store, keys ...string) {
	t.Helper()
	for _, k := range keys {
		if _, err := s.Put(t.Context(), k, []byte(k)); err != nil {
			t.Fatal(err)
		}
	}
}

// found is a listing with the files that it handed out.
type found struct {
	landing.Listing
	files []landing.File
}

func discover(t testing.TB, s store.Store, w landing.Window) found {
	t.Helper()
	var out found
	var err error
	if out.Listing, err = landing.Discover(t.Context(), s, 3, w, func(f landing.File) error {
		out.files = append(out.files, f)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if int(out.Files) != len(out.files) {
		t.Errorf("%d files are counted and %d were handed out", out.Files, len(out.files))
	}
	return out
}

func keysOf(l found) []string {
	var out []string
	for _, f := range l.files {
		out = append(out, f.Key)
	}
	slices.Sort(out)
	return out
}

func TestASweepFindsAllLayouts(t *testing.T) {
	s := delivered(t,
		"date=2019-12-28/old.json",
		"logs/date=2020-01-01/old.json",
		"logs/workspaceId=0/date=2024-03-10/a.json",
		"logs/workspaceId=42/date=2024-03-09/a.json",
		"logs/workspaceId=42/date=2024-03-10/a.json.gz",
		"logs/workspaceId=42/date=2024-03-10/_databricks_dev",
		"_databricks_dev", "truth.json", "logs/x.csv", "u/1", "u/2", "u/3", "u/4",
	)
	got := discover(t, s, landing.Window{})
	want := []string{
		"date=2019-12-28/old.json", "logs/date=2020-01-01/old.json", "logs/workspaceId=0/date=2024-03-10/a.json",
		"logs/workspaceId=42/date=2024-03-09/a.json", "logs/workspaceId=42/date=2024-03-10/a.json.gz",
	}
	if diff := cmp.Diff(want, keysOf(got)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"", "logs/", "logs/workspaceId=0/", "logs/workspaceId=42/"}, got.Parents); diff != "" {
		t.Errorf("parents (-want +got):\n%s", diff)
	}
	if got.Newest != "2024-03-10" {
		t.Errorf("newest %q", got.Newest)
	}
	if got.Ignored != 2 || got.Unrecognised != 6 || len(got.Examples) != 5 || got.Requests != 1 {
		t.Errorf("ignored %d, unrecognised %d, examples %q, requests %d", got.Ignored, got.Unrecognised, got.Examples, got.Requests)
	}
	f := got.files[slices.IndexFunc(got.files, func(f landing.File) bool { return f.WorkspaceID == 0 })]
	if f.Source != 3 || f.Date != "2024-03-10" || f.ETag == "" || f.Size != int64(len(f.Key)) || f.Modified.IsZero() {
		t.Errorf("file %+v", f)
	}
}

// TestAWindowFindsWhatASweepFinds of its days, whatever appeared since the sweep
// that named the parents.
func TestAWindowFindsWhatASweepFinds(t *testing.T) {
	for name, tc := range map[string]struct{ before, after, want []string }{
		"later days": {
			[]string{"workspaceId=1/date=2024-03-06/a.json"},
			[]string{"workspaceId=1/date=2024-03-07/a.json", "workspaceId=1/date=2024-03-10/b.json", "workspaceId=1/date=2023-12-31/c.json"},
			[]string{"workspaceId=1/date=2024-03-07/a.json", "workspaceId=1/date=2024-03-10/b.json"},
		},
		"a new workspace": {
			[]string{"workspaceId=1/date=2024-03-06/a.json"},
			[]string{"workspaceId=22/date=2024-03-10/a.json"},
			[]string{"workspaceId=22/date=2024-03-10/a.json"},
		},
		"a new workspace below a prefix": {
			[]string{"logs/prod/workspaceId=1/date=2024-03-06/a.json", "logs/test/workspaceId=1/date=2024-03-06/a.json"},
			[]string{"logs/prod/workspaceId=2/date=2024-03-10/a.json", "logs/test/workspaceId=3/date=2024-03-10/a.json"},
			[]string{"logs/prod/workspaceId=2/date=2024-03-10/a.json", "logs/test/workspaceId=3/date=2024-03-10/a.json"},
		},
		"the older layout": {
			[]string{"date=2024-03-06/a.json"},
			[]string{"date=2024-03-08/a.json"},
			[]string{"date=2024-03-08/a.json"},
		},
		"the older layout below a prefix, then the new one": {
			[]string{"logs/date=2024-03-06/a.json"},
			[]string{"logs/date=2024-03-08/a.json", "logs/workspaceId=1/date=2024-03-08/a.json"},
			[]string{"logs/date=2024-03-08/a.json", "logs/workspaceId=1/date=2024-03-08/a.json"},
		},
		"the new layout at the root, then from an older one": {
			[]string{"date=2024-03-06/a.json"},
			[]string{"workspaceId=1/date=2024-03-08/a.json"},
			[]string{"workspaceId=1/date=2024-03-08/a.json"},
		},
		"Azure: later days, of months and years too": {
			[]string{"insights-logs-jobs/resourceId=/S/WORKSPACES/A/y=2023/m=12/d=31/h=23/m=00/PT1H.json"},
			[]string{
				"insights-logs-jobs/resourceId=/S/WORKSPACES/A/y=2024/m=03/d=06/h=23/m=00/PT1H.json",
				"insights-logs-jobs/resourceId=/S/WORKSPACES/A/y=2024/m=03/d=07/h=00/m=00/PT1H.json",
				"insights-logs-jobs/resourceId=/S/WORKSPACES/A/y=2024/m=10/d=01/h=00/m=00/PT1H.json",
				"insights-logs-jobs/resourceId=/S/WORKSPACES/A/y=2025/m=01/d=01/h=00/m=00/PT1H.json",
			},
			[]string{
				"insights-logs-jobs/resourceId=/S/WORKSPACES/A/y=2024/m=03/d=07/h=00/m=00/PT1H.json",
				"insights-logs-jobs/resourceId=/S/WORKSPACES/A/y=2024/m=10/d=01/h=00/m=00/PT1H.json",
				"insights-logs-jobs/resourceId=/S/WORKSPACES/A/y=2025/m=01/d=01/h=00/m=00/PT1H.json",
			},
		},
		"Azure: a new workspace, a new category": {
			[]string{"x/insights-logs-jobs/resourceId=/S/WORKSPACES/A/y=2024/m=03/d=06/h=23/m=00/PT1H.json"},
			[]string{
				"x/insights-logs-jobs/resourceId=/S/WORKSPACES/B/y=2024/m=03/d=08/h=00/m=00/PT1H.json",
				"x/insights-logs-genie/resourceId=/T/WORKSPACES/C/y=2024/m=03/d=09/h=00/m=00/PT1H.json",
			},
			[]string{
				"x/insights-logs-genie/resourceId=/T/WORKSPACES/C/y=2024/m=03/d=09/h=00/m=00/PT1H.json",
				"x/insights-logs-jobs/resourceId=/S/WORKSPACES/B/y=2024/m=03/d=08/h=00/m=00/PT1H.json",
			},
		},
		"both layouts": {
			[]string{"workspaceId=1/date=2024-03-06/a.json", "resourceId=/W/y=2024/m=03/d=06/h=00/m=00/PT1H.json"},
			[]string{"workspaceId=2/date=2024-03-08/a.json", "resourceId=/W/y=2024/m=03/d=08/h=00/m=00/PT1H.json"},
			[]string{"resourceId=/W/y=2024/m=03/d=08/h=00/m=00/PT1H.json", "workspaceId=2/date=2024-03-08/a.json"},
		},
		"a workspace whose id begins like another's": {
			[]string{"workspaceId=1/date=2024-03-06/a.json", "workspaceId=12/date=2024-03-06/a.json"},
			[]string{"workspaceId=1/date=2024-03-08/a.json", "workspaceId=12/date=2024-03-09/a.json", "workspaceId=123/date=2024-03-10/a.json"},
			[]string{"workspaceId=1/date=2024-03-08/a.json", "workspaceId=12/date=2024-03-09/a.json", "workspaceId=123/date=2024-03-10/a.json"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := delivered(t, tc.before...)
			swept := discover(t, s, landing.Window{})
			put(t, s, tc.after...)
			got := discover(t, s, landing.Window{Since: "2024-03-07", Parents: swept.Parents})
			if diff := cmp.Diff(tc.want, keysOf(got)); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			// The parents it hands on serve the next window as well.
			next := discover(t, s, landing.Window{Since: "2024-03-07", Parents: got.Parents})
			if diff := cmp.Diff(tc.want, keysOf(next)); diff != "" {
				t.Errorf("files of the next window (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAWindowCountsItsRequests(t *testing.T) {
	s := storetest.NewFaulty(delivered(t,
		"workspaceId=1/date=2024-03-06/a.json", "workspaceId=2/date=2024-03-06/a.json", "workspaceId=3/date=2024-03-06/a.json"))
	parents := discover(t, s, landing.Window{}).Parents
	before := s.Calls()
	got := discover(t, s, landing.Window{Since: "2024-03-01", Parents: parents})
	if calls := s.Calls() - before; calls != 4 || got.Requests != calls {
		t.Errorf("%d calls, %d counted, want one for each workspace and one for new ones", calls, got.Requests)
	}
}

func TestAWindowWithoutADateOrParentsIsASweep(t *testing.T) {
	for _, tc := range []struct {
		w    landing.Window
		want bool
	}{
		{landing.Window{}, true},
		{landing.Window{Since: "2024-01-01"}, true},
		{landing.Window{Parents: []string{"a/"}}, true},
		{landing.Window{Since: "2024-01-01", Parents: []string{""}}, false},
	} {
		if got := tc.w.Sweep(); got != tc.want {
			t.Errorf("%+v: Sweep = %t", tc.w, got)
		}
	}
}

func TestAListingEndsWithTheErrorOfItsReceiver(t *testing.T) {
	s := delivered(t, "workspaceId=1/date=2024-03-06/a.json", "workspaceId=1/date=2024-03-06/b.json")
	enough, calls := errors.New("enough"), 0
	_, err := landing.Discover(t.Context(), s, 0, landing.Window{}, func(landing.File) error { calls++; return enough })
	if !errors.Is(err, enough) || calls != 1 {
		t.Errorf("err = %v after %d calls", err, calls)
	}
}

func TestAListingThatFailsIsNoListing(t *testing.T) {
	inner := delivered(t, "workspaceId=1/date=2024-03-06/a.json", "workspaceId=2/date=2024-03-06/a.json")
	for _, w := range []landing.Window{{}, {Since: "2024-01-01", Parents: []string{"workspaceId=1/", "workspaceId=2/"}}} {
		for n := 1; ; n++ {
			s := storetest.NewFaulty(inner)
			s.FailAt(n, storetest.ErrorAfter)
			got, err := landing.Discover(t.Context(), s, 0, w, func(landing.File) error { return nil })
			if s.Calls() < n {
				break
			}
			if err == nil || got.Files > 0 {
				t.Errorf("%+v, fault at call %d: %d files, err = %v", w, n, got.Files, err)
			}
		}
	}
}

func TestNewsListsFoldersFromTheFirstKeyOn(t *testing.T) {
	s := delivered(t,
		"workspaceId=1/date=2024-03-09/a.json", "workspaceId=1/date=2024-03-10/a.json", "workspaceId=1/date=2024-03-10/b.json",
		"workspaceId=1/date=2024-03-10/c.json", "workspaceId=2/date=2024-03-10/a.json", "date=2024-03-10/workspaceId=3/date=2024-03-10/a.json",
		"date=2024-03-10/z.json",
	)
	got := discover(t, s, landing.Window{Parents: []string{"workspaceId=1/"}, Keys: []string{
		"workspaceId=1/date=2024-03-10/c.json", "workspaceId=1/date=2024-03-10/b.json",
		"date=2024-03-10/z.json", "date=2024-03-10/workspaceId=3/date=2024-03-10/a.json", "other.txt",
	}})
	want := []string{
		"date=2024-03-10/workspaceId=3/date=2024-03-10/a.json", "date=2024-03-10/z.json",
		"workspaceId=1/date=2024-03-10/b.json", "workspaceId=1/date=2024-03-10/c.json",
	}
	if diff := cmp.Diff(want, keysOf(got)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"", "date=2024-03-10/workspaceId=3/", "workspaceId=1/"}, got.Parents); diff != "" {
		t.Errorf("parents (-want +got):\n%s", diff)
	}
	if got := discover(t, s, landing.Window{Keys: []string{}}); got.Files != 0 || got.Requests != 0 {
		t.Errorf("of no news: %+v", got.Listing)
	}
}
