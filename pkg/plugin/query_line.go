package plugin

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/auditlake/auditlake/pkg/query"
)

// line answers with the delivered lines that an event came from, as the resource
// event does, so that tables and logs can have links to them.
func (d *Datasource) line(ctx context.Context, q question, m model) (*answer, error) {
	if q.alert {
		return nil, fmt.Errorf("%w: delivered lines are no numbers", errNotAlertable)
	}
	file, err := m.FileID.positive("fileId")
	if err != nil {
		return nil, err
	}
	number, err := m.LineNumber.positive("lineNumber")
	if err != nil {
		return nil, err
	}
	lines, r, err := d.lines(ctx, q.user, file, number)
	if err != nil {
		return nil, err
	}
	return &answer{shape: data.FrameTypeTable, plan: query.VerbatimEvent(file, number), result: r, made: data.Frames{lineFrame(lines)}}, nil
}

// positive reads a whole number from 1.
func (p paramText) positive(name string) (int64, error) {
	n, err := strconv.ParseInt(string(p), 10, 64)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%w: %s is a whole number from 1, not %q", errQuery, name, string(p))
	}
	return n, nil
}

// lineFrame is what objects made of delivered lines, as a table.
func lineFrame(lines []map[string]any) *data.Frame {
	return data.NewFrame("",
		lineField[string](lines, "raw"),
		lineField[string](lines, "sourceFile"),
		lineField[int64](lines, "lineNumber"),
		lineField[string](lines, "lineHash"),
		lineField[time.Time](lines, "ingestedAt"),
		lineField[string](lines, "workspaceId"),
		lineField[time.Time](lines, "date"),
		lineField[string](lines, "fileId"),
		lineField[string](lines, "reason"),
		lineField[int64](lines, "eventIndex"),
		lineField[int64](lines, "eventCount"),
	)
}

func lineField[T any](lines []map[string]any, name string) *data.Field {
	values := make([]*T, len(lines))
	for i, l := range lines {
		if v, ok := l[name].(T); ok {
			values[i] = &v
		}
	}
	return data.NewField(name, nil, values)
}
