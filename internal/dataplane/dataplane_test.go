package dataplane_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/auditlake/auditlake/internal/dataplane"
)

var (
	noon  = time.Date(2024, 3, 5, 12, 0, 0, 0, time.UTC)
	later = noon.Add(time.Hour)
)

func frame(t data.FrameType, fields ...*data.Field) *data.Frame {
	f := data.NewFrame("", fields...)
	f.Meta = &data.FrameMeta{Type: t, TypeVersion: dataplane.Version}
	return f
}

func number(values ...int64) *data.Field { return data.NewField("n", nil, values) }

func of(user string, f *data.Field) *data.Field {
	f.Labels = data.Labels{"user": user}
	return f
}

func TestCheck(t *testing.T) {
	const multi, long = data.FrameTypeTimeSeriesMulti, data.FrameTypeNumericLong
	times := func(at ...time.Time) *data.Field { return data.NewField("time", nil, at) }
	users := func(names ...string) *data.Field { return data.NewField("user", nil, names) }
	ann, nobody := "ann", ""
	untyped := data.NewFrame("", number(1))
	old := frame(long, number(1))
	old.Meta.TypeVersion = data.FrameTypeVersion{}
	lines := func(ids ...string) *data.Frame {
		f := frame(data.FrameTypeLogLines,
			data.NewField("timestamp", nil, make([]time.Time, len(ids))), data.NewField("body", nil, make([]string, len(ids))),
			data.NewField("severity", nil, make([]string, len(ids))), data.NewField("id", nil, ids), data.NewField("labels", nil, make([]json.RawMessage, len(ids))))
		f.Meta.TypeVersion = dataplane.LogVersion
		return f
	}
	unordered := lines("1")
	unordered.Fields[0], unordered.Fields[1] = unordered.Fields[1], unordered.Fields[0]
	for name, tt := range map[string]struct {
		frames data.Frames
		want   string // "" for nothing wrong
	}{
		"log lines":             {data.Frames{lines("1", "2")}, ""},
		"one line twice":        {data.Frames{lines("1", "1")}, "have the id"},
		"lines out of order":    {data.Frames{unordered}, "in its place belongs"},
		"no frame":              {nil, "there is no frame"},
		"no data":               {data.Frames{frame(long)}, ""},
		"a series":              {data.Frames{frame(multi, times(noon, later), number(1, 2))}, ""},
		"two series":            {data.Frames{frame(multi, times(noon), of("ann", number(1))), frame(multi, times(noon), of("bob", number(1)))}, ""},
		"numbers":               {data.Frames{frame(long, users("ann", "bob"), number(1, 2), times(noon, noon))}, ""},
		"no type":               {data.Frames{untyped}, "no meta"},
		"no version":            {data.Frames{old}, "version"},
		"two types":             {data.Frames{frame(multi, times(noon), number(1)), frame(long, number(1))}, "that of the first"},
		"nothing beside":        {data.Frames{frame(multi, times(noon), number(1)), frame(multi)}, "no fields"},
		"two frames of numbers": {data.Frames{frame(long, number(1)), frame(long, number(1))}, "is one frame"},
		"time goes back":        {data.Frames{frame(multi, times(later, noon), number(1, 2))}, "is before"},
		"a time may be null":    {data.Frames{frame(multi, data.NewField("time", nil, []*time.Time{nil}), number(1))}, "never null"},
		"no rows":               {data.Frames{frame(multi, times(), number())}, "no rows"},
		"no rows of numbers":    {data.Frames{frame(long, number())}, "no rows"},
		"a third field":         {data.Frames{frame(multi, times(noon), number(1), number(1))}, "3 fields"},
		"a series of texts":     {data.Frames{frame(multi, times(noon), users("ann"))}, "no number"},
		"lengths differ":        {data.Frames{frame(multi, times(noon), number(1, 2))}, "different"},
		"one series twice":      {data.Frames{frame(multi, times(noon), of("ann", number(1))), frame(multi, times(later), of("ann", number(1)))}, "are both the series"},
		"labels twice":          {data.Frames{frame(long, users("ann", "ann"), number(1, 2))}, "rows 0 and 1 have the labels"},
		"null is no label":      {data.Frames{frame(long, data.NewField("user", nil, []*string{nil, &nobody, &ann}), number(1, 2, 3))}, "rows 0 and 1 have the labels"},
		"a truth":               {data.Frames{frame(long, number(1), data.NewField("ok", nil, []bool{true}))}, "neither number nor label"},
		"just labels":           {data.Frames{frame(long, users("ann"))}, "no number"},
		"a name twice":          {data.Frames{frame(long, number(1), number(2))}, "there twice"},
		"labels of both kinds":  {data.Frames{frame(long, of("ann", number(1)))}, "has labels beside"},
		"another type":          {data.Frames{frame(data.FrameTypeLogLines, number(1))}, "its type is"},
		"a table":               {data.Frames{frame(data.FrameTypeTable, users("ann"))}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := dataplane.Check(tt.frames)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v", err)
			}
		})
	}
	if err := dataplane.CheckForRule(data.Frames{frame(data.FrameTypeTable, number(1))}); err == nil {
		t.Error("a table for a rule is fine")
	}
	if err := dataplane.CheckForRule(data.Frames{frame(long, number(1))}); err != nil {
		t.Errorf("numbers for a rule: %v", err)
	}
}
