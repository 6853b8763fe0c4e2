package history

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/etl/event"
	"github.com/auditlake/auditlake/pkg/lake"
)

// Cut says which events are history: those that deliveries do not bring. An event
// that is in both would be in the lake twice. Events without a time are history.
type Cut struct {
	// Before is the time that the deliveries begin at; zero: there are none.
	Before time.Time `json:"before,omitzero"`
	// Workspaces are those whose deliveries begin at a time of their own, by id, and
	// under "" that of events that name none.
	Workspaces map[string]time.Time `json:"workspaces,omitempty"`

	fromLake bool // it may differ from day to day, and that is no matter to an import that has begun
}

// Everything is the Cut where nothing is delivered.
func Everything() Cut { return Cut{} }

// Before is the Cut at a time.
func Before(t time.Time) Cut { return Cut{Before: t.UTC()} }

// BeforeLake is the Cut before what a lake has: of each workspace what is older than
// the oldest event there. Workspaces that the lake does not know are history.
func BeforeLake(ctx context.Context, l *lake.Lake) (Cut, error) {
	v, err := l.Table(lake.Silver).View(ctx)
	if err != nil {
		return Cut{}, err
	}
	oldest := map[string]int64{}
	schema := event.Schema()
	want := columnar.Schema{schema[event.ColWorkspaceID], schema[event.ColTimestamp]}
	for b, err := range v.Scan(ctx, want, nil, nil) {
		if err != nil {
			return Cut{}, err
		}
		id, known := int64(-1), ""
		for i, ms := range b.Columns[1].Ints {
			name := ""
			if !b.Columns[0].IsNull(i) {
				if n := b.Columns[0].Ints[i]; n != id || known == "" {
					id, known = n, strconv.FormatInt(n, 10)
				}
				name = known
			}
			if at, ok := oldest[name]; !ok || ms < at {
				oldest[name] = ms
			}
		}
	}
	if len(oldest) == 0 {
		return Cut{}, errors.New("the lake has no events yet: bring in what is delivered first")
	}
	cut := Cut{Workspaces: map[string]time.Time{}, fromLake: true}
	for name, ms := range oldest {
		cut.Workspaces[name] = time.UnixMilli(ms).UTC()
	}
	return cut, nil
}

func (c Cut) equal(o Cut) bool {
	return c.Before.Equal(o.Before) && maps.EqualFunc(c.Workspaces, o.Workspaces, time.Time.Equal)
}

// String says what is taken: before 2024-03-01T00:00:00Z.
func (c Cut) String() string {
	switch {
	case len(c.Workspaces) > 0:
		return fmt.Sprintf("before those of a lake with %d workspaces", len(c.Workspaces))
	case c.Before.IsZero():
		return "of all times"
	}
	return "before " + c.Before.Format(time.RFC3339Nano)
}

// takes says whether an event is history.
func (c Cut) takes(workspace string, millis int64) bool {
	before, ok := c.Workspaces[workspace]
	if !ok {
		before = c.Before
	}
	return before.IsZero() || time.UnixMilli(millis).Before(before)
}
