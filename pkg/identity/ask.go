package identity

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/identity/scim"
	"github.com/auditlake/auditlake/pkg/lake"
)

// Directory answers who somebody is: a [scim.Client].
type Directory interface {
	ByID(ctx context.Context, id string) (scim.Principal, error)
	List(ctx context.Context, kind scim.Kind) iter.Seq2[scim.Principal, error]
}

// AskOptions say what Ask asks for. Zero values give the defaults.
type AskOptions struct {
	// List also has everybody listed, once a day.
	List bool
	// Most is how many ids are asked for at most; default 200, which takes some ten
	// seconds at the limits that Databricks has for accounts. What is left is asked
	// for next time.
	Most int
}

// Asked is what Ask came to.
type Asked struct {
	IDs     int // that were asked for
	Found   int // of IDs
	Listed  int // principals in the listing; -1: none was due
	Changed int // rows of the table
}

const (
	defaultMost = 200
	// retryUnknown is when an id is asked for again that nobody has.
	retryUnknown = 24 * time.Hour
	// retryKnown is when an answer is asked for again: people change their names.
	retryKnown = 7 * 24 * time.Hour
	// listEvery is the time between two listings.
	listEvery = 24 * time.Hour
	// propListed is the table property that says when everybody was last listed.
	propListed = "auditlake.listed"
	// askAttempts bounds how often answers are merged anew because others changed the
	// table.
	askAttempts = 10
)

// Ask has a directory say who the ids are that events name and do not explain, and
// brings the answers into the table. An id that nobody has is remembered for a day,
// and what was answered for a week. If the directory fails, what it has said before
// is kept, and the error is its own. Where there is no table, nobody is asked.
func Ask(ctx context.Context, l *lake.Lake, d Directory, o AskOptions) (Asked, error) {
	out := Asked{Listed: -1}
	if o.Most <= 0 {
		o.Most = defaultMost
	}
	table := l.Table(lake.Identities)
	snap, err := table.Snapshot(ctx)
	if errors.Is(err, delta.ErrNoTable) {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	known, err := Read(ctx, table, snap)
	if err != nil {
		return out, err
	}
	now := l.Now()
	answers := Principals{}
	properties := map[string]string{}
	var failed error
	if o.List && listDue(snap, now) {
		if out.Listed, failed = listAll(ctx, d, now, answers); failed == nil {
			properties[propListed] = now.Format(time.RFC3339)
		}
	}
	for _, id := range Due(known, now, o.Most) {
		if _, ok := answers[id]; ok || failed != nil {
			continue
		}
		p, err := d.ByID(ctx, id)
		switch {
		case err == nil:
			out.Found++
			answers.Add(answerOf(p, id, now))
		case errors.Is(err, scim.ErrNotFound):
			answers.Add(Principal{ID: id, FirstSeen: NoDay, LastSeen: NoDay, CheckedAt: now.UnixMicro()})
		default:
			failed = err
			continue
		}
		out.IDs++
	}
	if len(answers)+len(properties) == 0 {
		return out, failed
	}
	out.Changed, err = keep(ctx, table, answers, properties, now)
	return out, errors.Join(failed, err)
}

// Due are the ids to be asked for at a time, at most so many: those that nobody knows,
// seen last first, then those whose answers are old.
func Due(known Principals, now time.Time, most int) []string {
	var due []Principal
	for _, p := range known {
		age := now.Sub(time.UnixMicro(p.CheckedAt)).Abs() // clocks of several hosts may differ
		if !p.Known() && age >= retryUnknown || p.Evidence == SCIM && age >= retryKnown {
			due = append(due, p)
		}
	}
	slices.SortFunc(due, func(a, b Principal) int {
		return cmp.Or(cmp.Compare(a.Evidence.rank(), b.Evidence.rank()), cmp.Compare(b.LastSeen, a.LastSeen), cmp.Compare(a.ID, b.ID))
	})
	ids := make([]string, min(len(due), most))
	for i := range ids {
		ids[i] = due[i].ID
	}
	return ids
}

func listDue(snap *delta.Snapshot, now time.Time) bool {
	last, err := time.Parse(time.RFC3339, snap.Metadata().Configuration[propListed])
	return err != nil || now.Sub(last).Abs() >= listEvery
}

func listAll(ctx context.Context, d Directory, now time.Time, into Principals) (n int, err error) {
	for _, kind := range []scim.Kind{scim.Users, scim.ServicePrincipals, scim.Groups} {
		for p, err := range d.List(ctx, kind) {
			if err != nil {
				return n, err
			}
			if n++; isID(p.ID) {
				into.Add(answerOf(p, p.ID, now))
			}
		}
	}
	return n, nil
}

// answerOf is what an answer says.
func answerOf(p scim.Principal, id string, now time.Time) Principal {
	out := Principal{
		ID: id, DisplayName: strings.TrimSpace(p.DisplayName), FirstSeen: NoDay, LastSeen: NoDay,
		Evidence: SCIM, NamedAt: now.UnixMicro(), CheckedAt: now.UnixMicro(),
	}
	switch p.Kind {
	case scim.ServicePrincipals:
		out.Kind, out.ApplicationID = ServicePrincipal, strings.ToLower(strings.TrimSpace(p.ApplicationID))
	case scim.Groups:
		out.Kind = Group
	default:
		out.Kind, out.Email = User, strings.TrimSpace(p.UserName)
	}
	return out
}

// keep merges answers into the table as it is by now.
func keep(ctx context.Context, table *lake.Table, answers Principals, properties map[string]string, now time.Time) (changed int, err error) {
	for attempt := 1; ; attempt++ {
		base, err := table.Snapshot(ctx)
		if err != nil {
			return 0, err
		}
		known, err := Read(ctx, table, base)
		if err != nil {
			return 0, err
		}
		changed = 0
		for id, answer := range answers {
			if known.Add(answer) {
				changed++
				p := known[id]
				p.UpdatedAt = now.UnixMicro()
				known[id] = p
			}
		}
		if changed == 0 && len(properties) == 0 {
			return 0, nil
		}
		_, err = Commit(ctx, table, Update{Base: base, Principals: known, Properties: properties})
		if !errors.Is(err, delta.ErrConflict) || attempt == askAttempts {
			if err != nil {
				return 0, fmt.Errorf("keep what was answered: %w", err)
			}
			return changed, nil
		}
	}
}
