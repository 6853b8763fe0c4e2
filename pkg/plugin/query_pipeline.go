package plugin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/plugin/answers"
	"github.com/auditlake/auditlake/pkg/query/exec"
)

// pipelineView is what a query about the pipeline shows.
type pipelineView string

// The views; empty is the tables.
const (
	viewTables pipelineView = "tables"
	viewRuns   pipelineView = "runs"
)

// pipeline answers with the tables of the lake or with its last runs, as the resource
// status does, for who may know of the lake as a whole. The time range does not matter.
func (d *Datasource) pipeline(ctx context.Context, q question, m model) (*answer, error) {
	if q.alert {
		return nil, fmt.Errorf("%w: the state of the pipeline is a table; for the age of the newest events there is the named query data_freshness", errNotAlertable)
	}
	frameOf := tablesFrame
	switch m.View {
	case "", viewTables:
	case viewRuns:
		frameOf = d.runsFrame
	default:
		return nil, fmt.Errorf("%w: view %q is not known; there are %s and %s", errQuery, m.View, viewTables, viewRuns)
	}
	if err := d.lakeOnly(q.user); err != nil {
		return nil, err
	}
	began := time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, d.settings.Limits.QueryTimeout, errQueryTimeout)
	defer cancel()
	s, err := etl.ReadStatus(ctx, d.lake)
	out := &answer{shape: data.FrameTypeTable}
	switch {
	case errors.Is(err, lake.ErrNoTable):
		s, out.notices = &etl.Status{}, []data.Notice{d.noLake()}
	case err != nil:
		return nil, cause(ctx, err)
	}
	frame := frameOf(s)
	out.made = data.Frames{frame}
	// There is no plan, and no table is read: their logs tell it all.
	rows := &exec.Result{Batch: &columnar.Batch{Len: frame.Rows()}}
	out.result = &result{computed: &computed{Result: rows}, how: answers.Run, tables: map[string]int64{}, took: time.Since(began)}
	return out, nil
}

// tablesFrame is a row for each table at its newest version.
func tablesFrame(s *etl.Status) *data.Frame {
	frame := data.NewFrame("",
		data.NewField("table", nil, []string{}),
		data.NewField("version", nil, []int64{}),
		data.NewField("rows", nil, []int64{}),
		data.NewField("files", nil, []int64{}),
		data.NewField("bytes", nil, []int64{}).SetConfig(&data.FieldConfig{Unit: "bytes"}),
		data.NewField("lastEvent", nil, []*time.Time{}),
	)
	for _, t := range s.Tables {
		frame.AppendRow(t.Name, t.Version, t.Rows, t.Files, t.Bytes, t.LastEvent)
	}
	return frame
}

// runsFrame is a row for each of the last runs, the newest first.
func (d *Datasource) runsFrame(s *etl.Status) *data.Frame {
	frame := data.NewFrame("", runField[time.Time](s, "startedAt"), runField[time.Time](s, "finishedAt"), runField[string](s, "outcome"))
	for _, name := range []string{
		"filesRead", "bytesRead", "bronzeRows", "quarantineRows", "silverRows", "goldRows", "newTables", "newKeys", "lostLines", "deliveryLagP95Ms",
	} {
		frame.Fields = append(frame.Fields, runField[int64](s, name))
	}
	for name, unit := range map[string]string{"bytesRead": "bytes", "deliveryLagP95Ms": "ms"} {
		field, _ := frame.FieldByName(name)
		field.SetConfig(&data.FieldConfig{Unit: unit})
	}
	reasons := runField[string](s, "error")
	for i := range reasons.Len() {
		if text, ok := reasons.At(i).(*string); ok && text != nil {
			hidden := d.conceal(*text)
			reasons.Set(i, &hidden)
		}
	}
	frame.Fields = append(frame.Fields, reasons)
	return frame
}

func runField[T any](s *etl.Status, name string) *data.Field { return lineField[T](s.Runs, name) }
