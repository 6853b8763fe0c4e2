package landing_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/etl/landing"
	"github.com/auditlake/auditlake/pkg/store"
)

func TestGarbageIsWhatNoManifestNames(t *testing.T) {
	at := time.Date(2024, 3, 10, 0, 0, 0, 0, time.UTC)
	s := store.NewMemory("lake")
	s.Now = func() time.Time { return at }
	state := landing.Empty(s)
	var paths []string
	for _, dates := range [][]string{{"2024-03-01", "2024-03-02"}, {"2024-03-02"}, {"2024-03-03"}} {
		changed := map[string][]landing.Entry{}
		for _, d := range dates {
			changed[d] = []landing.Entry{{FileID: state.NextFileID, Key: d + "/x.json", Lines: 1}}
		}
		next, path, err := state.Next(t.Context(), changed)
		if err != nil {
			t.Fatal(err)
		}
		state, paths = next, append(paths, path)
		at = at.Add(24 * time.Hour)
	}
	since, err := state.Since(t.Context(), "2024-03-02")
	if err != nil {
		t.Fatal(err)
	}
	shrunk, err := landing.Load(t.Context(), s, since, nil)
	if err != nil || len(shrunk.Dates) != 2 || shrunk.Batch != 3 || shrunk.NextFileID != state.NextFileID || len(state.Dates) != 3 {
		t.Errorf("the state since 2024-03-02: %+v, %v", shrunk.Manifest, err)
	}
	before := at // the objects are of three days; since is as old as its write
	at = at.Add(24 * time.Hour)
	garbage := func(before time.Time, keep ...string) []string {
		found, err := landing.Garbage(t.Context(), s, keep, before)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, o := range found {
			name := strings.TrimPrefix(o.Key, "_auditlake/landing/")
			if i := slices.Index(paths, o.Key); i >= 0 {
				name = string(rune('1' + i))
			} else {
				name, _, _ = strings.Cut(name, "/")
			}
			out = append(out, name)
		}
		slices.Sort(out)
		return out
	}
	all := []string{"1", "2", "2024-03-01", "2024-03-02", "2024-03-02", "2024-03-03", "3"}
	for name, tc := range map[string]struct {
		keep   []string
		before time.Time
		want   []string
	}{
		"nothing is kept":           {nil, before, all},
		"a manifest that is gone":   {[]string{"_auditlake/landing/gone.json"}, before, all},
		"the newest":                {paths[2:], before, []string{"1", "2", "2024-03-02"}},
		"the newest and the first":  {[]string{paths[2], paths[0]}, before, []string{"2"}},
		"nothing is old":            {nil, before.AddDate(0, 0, -3), nil},
		"what is older than a day":  {nil, before.AddDate(0, 0, -2), []string{"1", "2024-03-01", "2024-03-02"}},
		"all but what is a day old": {paths[2:], before.AddDate(0, 0, -2), []string{"1", "2024-03-02"}},
	} {
		if diff := cmp.Diff(tc.want, garbage(tc.before, tc.keep...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
