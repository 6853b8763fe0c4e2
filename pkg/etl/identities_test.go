package etl_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/identity"
	"github.com/auditlake/auditlake/pkg/identity/scim"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// principals are those of a lake, one a line: id, name, evidence and when it was seen.
func (a *aged) principals() []string {
	a.t.Helper()
	table := a.open(a.lake).Table(lake.Identities)
	snap, err := table.Snapshot(a.t.Context())
	if errors.Is(err, delta.ErrNoTable) {
		return nil
	}
	if err != nil {
		a.t.Fatal(err)
	}
	known, err := identity.Read(a.t.Context(), table, snap)
	if err != nil {
		a.t.Fatal(err)
	}
	out := []string{}
	for id, p := range known {
		day := func(n int64) string {
			if n == identity.NoDay {
				return "never"
			}
			return time.Unix(n*24*60*60, 0).UTC().Format("01-02")
		}
		out = append(out, fmt.Sprintf("%s %s %s %s-%s %v", id, p.Name(), p.Evidence, day(p.FirstSeen), day(p.LastSeen), p.Workspaces))
	}
	slices.Sort(out)
	return out
}

func (a *aged) wantPrincipals(when string, want ...string) {
	a.t.Helper()
	if diff := cmp.Diff(want, a.principals()); diff != "" {
		a.t.Errorf("%s (-want +got):\n%s", when, diff)
	}
}

// versionOf is the Delta version of a table.
func (a *aged) versionOf(table string) int64 {
	a.t.Helper()
	snap, err := a.open(a.lake).Table(table).Snapshot(a.t.Context())
	if err != nil {
		a.t.Fatal(err)
	}
	return snap.Version()
}

// add is an administrator adding a user.
func (a *aged) add(n int, id, email string) string {
	return eventAt(a.now(), n, "accounts", "add", fmt.Sprintf(`{"targetUserId":%q,"targetUserName":%q}`, id, email))
}

// owner names an id and tells nothing of it.
func (a *aged) owner(n int, id string) string {
	return eventAt(a.now(), n, "clusters", "startResult", fmt.Sprintf(`{"clusterOwnerUserId":%q}`, id))
}

func TestIdentitiesAreLearned(t *testing.T) {
	w := newAged(t)
	w.deliver(file1, w.add(1, "7", "ann@x"), w.owner(2, "9"), event(3, "jobs", "runNow", ""))
	w.run()
	w.wantPrincipals("after a run", "7 ann@x target 03-10-03-10 [42]", "9   03-10-03-10 [42]")

	before := w.versionOf(lake.Identities)
	w.run()
	w.pass(time.Hour)
	w.deliver("workspaceId=42/date=2024-03-10/auditlogs_2.json", w.owner(4, "7"), w.owner(5, "9"))
	if w.run(); w.versionOf(lake.Identities) != before {
		t.Error("a run that taught nothing new has committed")
	}

	w.pass(24 * time.Hour)
	w.deliver("workspaceId=42/date=2024-03-11/auditlogs_1.json", w.owner(6, "7"), w.add(7, "9", "bob@x"))
	w.run()
	w.wantPrincipals("a day later", "7 ann@x target 03-10-03-11 [42]", "9 bob@x target 03-10-03-11 [42]")
	if w.versionOf(lake.Identities) != before+1 {
		t.Error("more than one commit")
	}
	w.sound()
}

func TestARunWithoutIDsMakesNoTable(t *testing.T) {
	w := newAged(t)
	w.deliver(file1, event(1, "jobs", "runNow", ""), "no event")
	w.run()
	w.wantPrincipals("after a run")
	if _, err := w.open(w.lake).Table(lake.Identities).Snapshot(t.Context()); !errors.Is(err, delta.ErrNoTable) {
		t.Errorf("err = %v, want ErrNoTable", err)
	}
}

// TestIdentitiesAreLearnedInOnePass: gold is made of the same events, so nothing of
// silver is read for identities. Only the table itself is.
func TestIdentitiesAreLearnedInOnePass(t *testing.T) {
	w := newAged(t)
	reads := func(line string) (silver, identities int) {
		w.pass(time.Hour)
		w.deliver(fmt.Sprintf("workspaceId=42/date=2024-03-10/auditlogs_%s.json", w.now().Format("15")), line)
		counting := &countingGets{Store: w.lake}
		if _, err := w.runOn(counting, etl.Options{}); err != nil {
			t.Fatal(err)
		}
		return counting.of("silver/date="), counting.of("identities/part")
	}
	reads(event(1, "jobs", "runNow", ""))
	without, none := reads(event(2, "jobs", "runNow", ""))
	with, _ := reads(w.owner(3, "7"))
	_, again := reads(w.owner(4, "7"))
	if with > without || none != 0 || again == 0 {
		t.Errorf("silver was read %d times without ids and %d times with, identities %d and %d times", without, with, none, again)
	}
}

type countingGets struct {
	store.Store
	keys []string
}

func (c *countingGets) Get(ctx context.Context, key, etag string, offset, length int64) (body io.ReadCloser, o store.Object, err error) {
	c.keys = append(c.keys, key)
	return c.Store.Get(ctx, key, etag, offset, length)
}

func (c *countingGets) of(prefix string) (n int) {
	for _, key := range c.keys {
		if strings.HasPrefix(key, prefix) {
			n++
		}
	}
	return n
}

const watermarkKey = "_auditlake/gold/watermark.json"

// asBefore makes the lake one that a version without identities has written last.
func (a *aged) asBefore() {
	a.t.Helper()
	body, _, err := store.ReadAll(a.t.Context(), a.lake, watermarkKey)
	if err != nil {
		a.t.Fatal(err)
	}
	var mark map[string]any
	if err := json.Unmarshal(body, &mark); err != nil {
		a.t.Fatal(err)
	}
	delete(mark, "identities")
	if body, err = json.Marshal(mark); err != nil {
		a.t.Fatal(err)
	}
	if _, err := a.lake.Put(a.t.Context(), watermarkKey, body); err != nil {
		a.t.Fatal(err)
	}
}

// forget deletes the objects of the table of identities but for those that are given.
func (a *aged) forget(but ...string) {
	a.t.Helper()
	for _, key := range a.keys("identities/") {
		if !slices.Contains(but, key) {
			if err := a.lake.Delete(a.t.Context(), key); err != nil {
				a.t.Fatal(err)
			}
		}
	}
}

func (a *aged) keys(prefix string) (keys []string) {
	a.t.Helper()
	for o, err := range a.lake.List(a.t.Context(), prefix, "") {
		if err != nil {
			a.t.Fatal(err)
		}
		keys = append(keys, o.Key)
	}
	return keys
}

func TestIdentitiesOfALakeOfBefore(t *testing.T) {
	for name, spoil := range map[string]func(w *aged, first []string){
		"without the table":                  func(w *aged, _ []string) { w.forget(); w.asBefore() },
		"that an older version went on with": func(w *aged, first []string) { w.forget(first...); w.asBefore() },
		"without a watermark":                func(w *aged, first []string) { w.forget(first...); w.drop(watermarkKey) },
		"without a watermark and the table":  func(w *aged, _ []string) { w.forget(); w.drop(watermarkKey) },
		"whose files of then were merged":    func(w *aged, _ []string) { w.must(optimizeJob); w.forget(); w.asBefore() },
		"whose files of then were merged and deleted": func(w *aged, _ []string) {
			w.must(optimizeJob)
			w.pass(30 * 24 * time.Hour)
			w.must(vacuumJob)
			w.forget()
			w.drop(watermarkKey)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newAged(t)
			w.deliver(file1, w.add(1, "7", "ann@x"))
			w.run()
			first := w.keys("identities/")
			w.deliver("workspaceId=42/date=2024-03-10/auditlogs_2.json", w.add(2, "8", "bob@x"))
			w.run()
			spoil(w, first)
			for range 2 {
				w.run()
				w.wantPrincipals("after a run", "7 ann@x target 03-10-03-10 [42]", "8 bob@x target 03-10-03-10 [42]")
			}
			w.sound()
		})
	}
}

func (a *aged) drop(key string) {
	a.t.Helper()
	if err := a.lake.Delete(a.t.Context(), key); err != nil {
		a.t.Fatal(err)
	}
}

func TestAReplayLearnsAnew(t *testing.T) {
	plant := func(w *aged) {
		table := w.open(w.lake).Table(lake.Identities)
		base, err := table.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		known, err := identity.Read(t.Context(), table, base)
		if err != nil {
			t.Fatal(err)
		}
		known.Add(identity.Principal{ID: "7", Kind: identity.User, Email: "wrong@x", Evidence: identity.Target, NamedAt: 1 << 60, FirstSeen: 1, LastSeen: 1})
		known.Add(identity.Principal{ID: "8", Kind: identity.User, Email: "wrong@x", Evidence: identity.Target, FirstSeen: 1, LastSeen: 1})
		known.Add(identity.Principal{ID: "9", Kind: identity.User, Email: "asked@x", Evidence: identity.SCIM, FirstSeen: 1, LastSeen: 1})
		if _, err := identity.Commit(t.Context(), table, identity.Update{Base: base, Principals: known}); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("and keeps what Databricks said", func(t *testing.T) {
		w := newAged(t)
		w.deliver(file1, w.add(1, "7", "ann@x"))
		w.run()
		plant(w)
		for range 2 {
			w.must(replayJob(""))
			w.wantPrincipals("after a replay", "7 ann@x target 03-10-03-10 [42]", "9 asked@x scim never-never []")
		}
		w.sound()
	})
	t.Run("and keeps all that retention lets it", func(t *testing.T) {
		w := newAged(t)
		w.deliver(file1, w.add(1, "7", "ann@x"))
		w.run()
		w.pass(10 * 24 * time.Hour)
		w.deliver("workspaceId=42/date=2024-03-20/auditlogs_2.json", w.add(2, "8", "bob@x"))
		w.run()
		w.must(retainJob(etl.RetentionOptions{BronzeDays: 4, SilverDays: 4}))
		w.must(replayJob(""))
		w.wantPrincipals("after retention and a replay", "7 ann@x target 03-10-03-10 [42]", "8 bob@x target 03-20-03-20 [42]")
		w.sound()
	})
}

// directory knows some by id, and what it was asked.
type directory struct {
	knows map[string]scim.Principal
	asked []string
	fails error // from the second question on
}

func (d *directory) ByID(_ context.Context, id string) (scim.Principal, error) {
	d.asked = append(d.asked, id)
	if d.fails != nil && len(d.asked) > 1 {
		return scim.Principal{}, d.fails
	}
	if p, ok := d.knows[id]; ok {
		return p, nil
	}
	return scim.Principal{}, scim.ErrNotFound
}

func (d *directory) List(_ context.Context, kind scim.Kind) iter.Seq2[scim.Principal, error] {
	return func(yield func(scim.Principal, error) bool) {
		d.asked = append(d.asked, string(kind))
		for _, p := range d.knows {
			if p.Kind == kind && !yield(p, nil) {
				return
			}
		}
	}
}

func newDirectory() *directory {
	return &directory{knows: map[string]scim.Principal{
		"9":  {Kind: scim.Users, ID: "9", UserName: "cleo@x", DisplayName: "Cleo"},
		"10": {Kind: scim.ServicePrincipals, ID: "10", ApplicationID: "0A1B2C3D-0000-4000-8000-0123456789AB", DisplayName: "etl"},
		"11": {Kind: scim.Groups, ID: "11", DisplayName: "admins"},
	}}
}

func (a *aged) identify(d identity.Directory, o identity.AskOptions) (identity.Asked, error) {
	return etl.Identify(a.t.Context(), a.open(a.lake), d, o)
}

func TestOnlyWhoNobodyKnowsIsAskedFor(t *testing.T) {
	w := newAged(t)
	d := newDirectory()
	asks := func(when string, o identity.AskOptions, want ...string) {
		t.Helper()
		d.asked = nil
		if _, err := w.identify(d, o); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, d.asked); diff != "" {
			t.Errorf("%s (-want +got):\n%s", when, diff)
		}
	}
	asks("without a lake", identity.AskOptions{List: true})
	w.deliver(file1, w.add(1, "7", "ann@x"), w.owner(2, "9"), w.owner(3, "10"), w.owner(4, "12"))
	w.run()
	asks("at first", identity.AskOptions{}, "10", "12", "9")
	known := []string{"10 etl scim 03-10-03-10 [42]", "12   03-10-03-10 [42]", "7 ann@x target 03-10-03-10 [42]", "9 cleo@x scim 03-10-03-10 [42]"}
	w.wantPrincipals("answers", known...)
	asks("again", identity.AskOptions{})
	w.pass(24 * time.Hour)
	asks("a day later", identity.AskOptions{}, "12")
	w.pass(7 * 24 * time.Hour)
	asks("a week later", identity.AskOptions{Most: 2}, "12", "10")

	before := w.versionOf(lake.Identities)
	w.run()
	w.wantPrincipals("after an idle run", known...)
	if w.versionOf(lake.Identities) != before {
		t.Error("an idle run has committed")
	}
	asks("with a listing", identity.AskOptions{List: true}, "Users", "ServicePrincipals", "Groups")
	w.wantPrincipals("listed", append([]string{known[0], "11 admins scim never-never []"}, known[1:]...)...)
	asks("soon after", identity.AskOptions{List: true})
	w.pass(24 * time.Hour)
	asks("a day after", identity.AskOptions{List: true}, "Users", "ServicePrincipals", "Groups", "12")
	w.sound()
}

func TestADirectoryThatFailsHalfWay(t *testing.T) {
	w := newAged(t)
	w.deliver(file1, w.owner(1, "9"), w.owner(2, "10"))
	w.run()
	d := newDirectory()
	d.fails = scim.ErrBusy
	got, err := w.identify(d, identity.AskOptions{})
	if !errors.Is(err, scim.ErrBusy) || got.Found != 1 || got.Changed != 1 {
		t.Errorf("asked %+v, %v, want one answer and ErrBusy", got, err)
	}
	w.wantPrincipals("what was answered", "10 etl scim 03-10-03-10 [42]", "9   03-10-03-10 [42]")
	d.fails = nil
	if _, err := w.identify(d, identity.AskOptions{}); err != nil {
		t.Error(err)
	}
	w.wantPrincipals("the rest", "10 etl scim 03-10-03-10 [42]", "9 cleo@x scim 03-10-03-10 [42]")
}

// TestARunWhileADirectoryIsAsked: the run commits between the question and the answer.
func TestARunWhileADirectoryIsAsked(t *testing.T) {
	w := newAged(t)
	w.deliver(file1, w.owner(1, "9"))
	w.run()
	meanwhile := directoryThat{newDirectory(), func() {
		w.deliver("workspaceId=42/date=2024-03-10/auditlogs_2.json", w.add(2, "7", "ann@x"))
		w.run()
	}}
	if _, err := w.identify(meanwhile, identity.AskOptions{}); err != nil {
		t.Fatal(err)
	}
	w.wantPrincipals("both", "7 ann@x target 03-10-03-10 [42]", "9 cleo@x scim 03-10-03-10 [42]")
}

type directoryThat struct {
	*directory
	first func()
}

func (d directoryThat) ByID(ctx context.Context, id string) (scim.Principal, error) {
	d.first()
	return d.directory.ByID(ctx, id)
}

func identifyJob(ctx context.Context, l *lake.Lake, _ etl.Source) error {
	_, err := etl.Identify(ctx, l, newDirectory(), identity.AskOptions{List: true})
	return err
}
