package plugin

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/plugin/answers"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/named"
)

// Frames follow Grafana's data plane contract, version 0.1:
//
//	timeseries-multi  one frame for each series: time, then one number with what is
//	                  neither time nor number as its labels; no series, no fields
//	numeric-long      one frame: numbers, and as texts what is neither time nor
//	                  number, which tells them apart; times are extra; no rows, no fields
//	table             one frame with all columns, also without rows
//	log-lines         version 0.0: one frame with timestamp, body, severity, id, labels
//
// Alert rules take the first two as they are and cannot use the third.
var contract = data.FrameTypeVersion{0, 1}

// shapeAnnotations is no type of the contract: see annotations.
const shapeAnnotations data.FrameType = "annotations"

// answer is what a query came to.
type answer struct {
	title     string   // of annotations that say none
	tags      []string // of annotations that say none
	name      string   // of the frames
	shape     data.FrameType
	statement string     // of SQL, without macros; empty for what is none
	explained string     // of SQL: what the engine works on
	plan      query.Plan // empty if SQLite answers, or logs of tables alone
	result    *result
	made      data.Frames // of what the rows of result do not say as they are; nil: the rows
	names     namesOf     // of ids, if they are shown
	zeros     *zeros      // nil: no rows are no data
	notices   []data.Notice
	about     about
}

// about is the part of a frame's meta that is ours.
type about struct {
	Named string `json:"named,omitempty"` // of the catalog
	// Alertable says whether an alert rule can be set on the frames.
	Alertable bool `json:"alertable"`
	// Cache is miss, hit, or shared with an equal query at the same time.
	Cache answers.How `json:"cache"`
	// Engine is what answered: trino, or embedded, which of SQL is plan or sqlite.
	Engine string `json:"engine,omitempty"`
	// EngineReason is why, where there is a choice.
	EngineReason string `json:"engineReason,omitempty"`
	// Trino is what Trino says of the query, if it answered.
	Trino *aboutTrino `json:"trino,omitempty"`
	// Tables are the Delta versions of the tables that were read, by name.
	Tables map[string]int64 `json:"tables"`

	// Limit and SearchWords are of log lines: Grafana tells when there may be more,
	// and marks what expressions find.
	Limit       int64    `json:"limit,omitempty"`
	SearchWords []string `json:"searchWords,omitempty"`

	// LogsVolume and AbsoluteRange are of a volume, as Explore wants it.
	LogsVolume    string         `json:"logsVolumeType,omitempty"`
	AbsoluteRange *absoluteRange `json:"absoluteRange,omitempty"`
}

// absoluteRange is a time range in milliseconds since 1970.
type absoluteRange struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

func (a answer) frames() (frames data.Frames, err error) {
	switch {
	case a.made != nil:
		frames = a.made
	case a.shape == shapeAnnotations:
		frame, notices, err := a.annotations()
		if err != nil {
			return nil, err
		}
		frames, a.notices = data.Frames{frame}, append(a.notices, notices...)
	case a.shape == data.FrameTypeTimeSeriesMulti:
		if frames = series(a.result.Batch, a.names); a.zeros != nil {
			if frames, err = a.zeros.fill(frames, a.result.Schema); err != nil {
				return nil, err
			}
		}
	case a.shape == data.FrameTypeNumericLong:
		if a.result.Batch.Len > 0 {
			frames = data.Frames{numbers(a.result.Batch, a.names)}
		} else if a.zeros != nil {
			frames = a.zeros.numbers(a.result.Schema)
		}
	default:
		frames = data.Frames{table(a.result.Batch, a.names)}
	}
	if len(frames) == 0 {
		frames = data.Frames{data.NewFrame("")}
	}
	version := contract
	if a.shape == data.FrameTypeLogLines {
		version = logContract
	}
	a.about.Cache, a.about.Tables = a.result.how, a.result.tables
	for _, f := range frames {
		f.Name = a.name
		f.Meta = &data.FrameMeta{Type: a.shape, TypeVersion: version, PreferredVisualization: preferred(a.shape)}
		if a.shape == shapeAnnotations { // the contract has no type for them
			f.Meta.Type = data.FrameTypeTable
		}
		if a.about.LogsVolume != "" {
			f.Meta.Custom = a.about // Grafana looks at it in each
		}
	}
	first := frames[0].Meta
	first.Custom = a.about
	first.ExecutedQueryString = a.executed()
	first.Stats = a.stats()
	first.Notices = a.notices
	return frames, nil
}

// tables are those that were asked for.
func (a answer) tables() []string {
	if a.plan.Root == nil {
		return slices.Sorted(maps.Keys(a.result.tables))
	}
	return a.plan.Tables()
}

// executed is what the inspector shows: what was asked, and what an engine works on.
func (a answer) executed() string {
	asked := a.statement
	if asked == "" && a.plan.Root != nil {
		asked = a.plan.String()
	}
	if a.explained == "" {
		return asked
	}
	return asked + "\n\n" + a.explained
}

// shapeOf is the contract that suits the query: by its catalog entry, as far as
// its columns allow.
func shapeOf(n *named.Query, schema columnar.Schema) data.FrameType {
	numbers := slices.ContainsFunc(schema, isNumber)
	switch {
	case n.Visualization == "timeseries" && len(schema) > 0 && isTime(schema[0]) && numbers:
		return data.FrameTypeTimeSeriesMulti
	case n.Alertable() && numbers:
		return data.FrameTypeNumericLong
	}
	return data.FrameTypeTable
}

// isAlertable says whether an alert rule can be set on frames of the shape.
func isAlertable(shape data.FrameType) bool {
	return shape == data.FrameTypeTimeSeriesMulti || shape == data.FrameTypeNumericLong
}

func preferred(shape data.FrameType) data.VisType {
	switch shape {
	case data.FrameTypeTimeSeriesMulti:
		return data.VisTypeGraph
	case data.FrameTypeLogLines:
		return data.VisTypeLogs
	}
	return data.VisTypeTable
}

// stats are what the answer took to work out; if it is from memory, that was
// earlier, and of the times only the last two are this request's.
func (a answer) stats() []data.QueryStat {
	stat := func(name, unit string, value float64) data.QueryStat {
		return data.QueryStat{FieldConfig: data.FieldConfig{DisplayName: name, Unit: unit}, Value: value}
	}
	ms := func(name string, d time.Duration) data.QueryStat {
		return stat(name, "ms", float64(d.Microseconds())/1000)
	}
	r := a.result
	scan := r.Stats.Scan
	kept := 0.0
	if r.how == answers.Kept {
		kept = 1
	}
	read := []data.QueryStat{
		stat("Rows scanned", "", float64(scan.Rows)),
		stat("Files", "", float64(scan.Files)),
		stat("Files pruned", "", float64(scan.FilesPruned)),
		stat("Row groups", "", float64(scan.RowGroups)),
		stat("Row groups pruned", "", float64(scan.RowGroupsPruned)),
		stat("Bytes fetched", "bytes", float64(scan.Bytes)),
	}
	if t := r.trino; t != nil {
		read = []data.QueryStat{
			stat("Rows scanned", "", float64(t.Rows)),
			stat("Bytes fetched", "bytes", float64(t.Bytes)),
			stat("Splits", "", float64(t.Splits)),
			stat("Nodes", "", float64(t.Nodes)),
			stat("CPU time on the cluster", "ms", float64(t.CPUMs)),
		}
	}
	return append(read,
		stat("Memory", "bytes", float64(r.Stats.Memory)),
		stat("Answer from memory", "bool", kept),
		ms("Time waiting for a slot", r.waited),
		ms("Time running", r.ran),
		ms("Time finding snapshots", r.bound),
		ms("Time", r.took),
	)
}

func isTime(f columnar.Field) bool {
	return f.Type.Kind == columnar.Date || f.Type.Kind == columnar.Timestamp || f.Type.Kind == columnar.TimestampNTZ
}

// isID says whether whole numbers of the column are names and not quantities.
func isID(f columnar.Field) bool { return f.Name == "id" || strings.HasSuffix(f.Name, "Id") }

func isNumber(f columnar.Field) bool {
	switch f.Type.Kind {
	case columnar.Byte, columnar.Short, columnar.Integer, columnar.Long:
		return !isID(f)
	case columnar.Float, columnar.Double:
		return true
	}
	return false
}

// isLabel says whether values of the column tell numbers apart.
func isLabel(f columnar.Field) bool { return !isNumber(f) && !isTime(f) }

// table is all columns as they are.
func table(b *columnar.Batch, names namesOf) *data.Frame { return columns(b, names, field) }

// numbers is all columns, with labels as texts.
func numbers(b *columnar.Batch, names namesOf) *data.Frame {
	return columns(b, names, func(f columnar.Field, v *columnar.Vector, rows []int) *data.Field {
		if isLabel(f) {
			return fieldOf(f, v, rows, func(i int) string { return labelAt(v, i) })
		}
		return field(f, v, rows)
	})
}

// columns is each column as a field, and behind those of ids that have names theirs,
// unless there is a column of that name.
func columns(b *columnar.Batch, names namesOf, fieldOf func(columnar.Field, *columnar.Vector, []int) *data.Field) *data.Frame {
	rows := all(b)
	frame := data.NewFrame("")
	for c, f := range b.Schema {
		frame.Fields = append(frame.Fields, fieldOf(f, b.Columns[c], rows))
		if of, ok := names[c]; ok && b.Schema.IndexFold(f.Name+"Name") < 0 {
			frame.Fields = append(frame.Fields, nameField(f.Name+"Name", of))
		}
	}
	return frame
}

func all(b *columnar.Batch) []int {
	rows := make([]int, b.Len)
	for i := range rows {
		rows[i] = i
	}
	return rows
}

// nameField is names, null where there is none.
func nameField(column string, names []string) *data.Field {
	values := make([]*string, len(names))
	for i := range names {
		if names[i] != "" {
			values[i] = &names[i]
		}
	}
	return data.NewField(column, nil, values)
}

// field is some rows of a column as a nullable field.
func field(f columnar.Field, v *columnar.Vector, rows []int) *data.Field {
	if isNumber(f) {
		if v.Type.Kind.InFloats() {
			return fieldOf(f, v, rows, func(i int) float64 { return v.Floats[i] })
		}
		return fieldOf(f, v, rows, func(i int) int64 { return v.Ints[i] })
	}
	switch f.Type.Kind {
	case columnar.Boolean:
		return fieldOf(f, v, rows, func(i int) bool { return v.Ints[i] != 0 })
	case columnar.Date, columnar.Timestamp, columnar.TimestampNTZ:
		return fieldOf(f, v, rows, func(i int) time.Time { return timeAt(v, i) })
	case columnar.Binary, columnar.Struct, columnar.Map, columnar.List:
		return fieldOf(f, v, rows, func(i int) json.RawMessage { return jsonAt(v, i) })
	}
	return fieldOf(f, v, rows, func(i int) string { return textAt(v, i) })
}

func fieldOf[T any](f columnar.Field, v *columnar.Vector, rows []int, at func(int) T) *data.Field {
	values := make([]*T, len(rows))
	for n, i := range rows {
		if !v.IsNull(i) {
			value := at(i)
			values[n] = &value
		}
	}
	return data.NewField(f.Name, nil, values)
}

// timeAt is a timestamp, one without a zone taken as UTC, or midnight UTC of a date.
func timeAt(v *columnar.Vector, i int) time.Time {
	if v.Type.Kind == columnar.Date {
		return time.Unix(v.Ints[i]*24*60*60, 0).UTC()
	}
	return time.UnixMicro(v.Ints[i]).UTC()
}

// textAt is a string, or an id as text; empty for a null.
func textAt(v *columnar.Vector, i int) string {
	if !v.Type.Kind.InInts() || v.IsNull(i) {
		return string(v.ByteAt(i))
	}
	return strconv.FormatInt(v.Ints[i], 10)
}

func jsonAt(v *columnar.Vector, i int) json.RawMessage {
	text, err := json.Marshal(v.Any(i))
	if err != nil { // a NaN, which JSON does not have
		text, _ = json.Marshal(fmt.Sprint(v.Any(i)))
	}
	return text
}

// series cuts rows into one frame for each number column and combination of
// labels. The first column is the time: rows without are left out, and time
// ascends, as the contract says. Series are in the order of their labels, so
// that their colors stay from one answer to the next.
func series(b *columnar.Batch, names namesOf) data.Frames {
	byLabels := map[string][]int{}
	labels := map[string]data.Labels{}
	for i := range b.Len {
		if b.Columns[0].IsNull(i) {
			continue
		}
		l := labelsAt(b, i)
		key := fmt.Sprintf("%q", map[string]string(l)) // quoted, because texts of events may look like several labels
		byLabels[key] = append(byLabels[key], i)
		labels[key] = l
	}
	var frames data.Frames
	for c, f := range b.Schema {
		if !isNumber(f) {
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(byLabels)) {
			rows := byLabels[key]
			slices.SortStableFunc(rows, func(x, y int) int { return cmp.Compare(b.Columns[0].Ints[x], b.Columns[0].Ints[y]) })
			frames = append(frames, oneSeries(b, c, rows, labels[key], names))
		}
	}
	return frames
}

func oneSeries(b *columnar.Batch, number int, rows []int, labels data.Labels, names namesOf) *data.Frame {
	times := make([]time.Time, len(rows)) // not nullable: the contract
	for n, i := range rows {
		times[n] = timeAt(b.Columns[0], i)
	}
	value := field(b.Schema[number], b.Columns[number], rows)
	if len(labels) > 0 {
		value.Labels = labels
		value.Config = &data.FieldConfig{DisplayNameFromDS: legend(b.Schema, labels, func(c int, id string) string { return names.shown(c, rows[0], id) })}
	}
	return data.NewFrame("", data.NewField(b.Schema[0].Name, nil, times), value)
}

// labelAt is a value as a label: null is the empty text, as labels have it.
func labelAt(v *columnar.Vector, i int) string {
	switch k := v.Type.Kind; {
	case v.IsNull(i):
		return ""
	case k == columnar.Boolean:
		return strconv.FormatBool(v.Ints[i] != 0)
	case k >= columnar.Struct, k == columnar.Binary:
		return string(jsonAt(v, i))
	}
	return textAt(v, i)
}

// labelsAt is the labels of a row by the names of their columns, or nil.
func labelsAt(b *columnar.Batch, i int) data.Labels {
	var out data.Labels
	for c, f := range b.Schema {
		if !isLabel(f) {
			continue
		}
		if out == nil {
			out = data.Labels{}
		}
		out[f.Name] = labelAt(b.Columns[c], i)
	}
	return out
}

// legend is the label values in the order of the columns, as they are shown.
func legend(schema columnar.Schema, labels data.Labels, shown func(column int, value string) string) string {
	var parts []string
	for c, f := range schema {
		if value, ok := labels[f.Name]; ok {
			parts = append(parts, shown(c, value))
		}
	}
	return strings.Join(parts, ", ")
}
