package plugin

import (
	"fmt"
	"slices"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// zeros says that what an answer has no rows of is the number 0: how many of
// something there were. docs/alerting.md says when it is asked for.
type zeros struct {
	// at are the starts of the buckets that a series has a number for. Where times are
	// no buckets it is the end of the time range, for an answer without any series.
	at      []time.Time
	regular bool // at are buckets
}

// mostZeros bounds the numbers that are made up for one answer.
const mostZeros = 200_000

// zerosOf are those of an answer with this schema, of which the first column is the
// time if it is a series. The plan is empty if there is none.
func zerosOf(p query.Plan, schema columnar.Schema, shape data.FrameType, r backend.TimeRange) (*zeros, error) {
	if shape != data.FrameTypeTimeSeriesMulti {
		return &zeros{}, nil
	}
	bucket, regular := query.BucketOf(p, schema[0].Name)
	if !regular {
		return &zeros{at: []time.Time{r.To.UTC()}}, nil
	}
	b, err := query.NewBucketing(bucket.Unit, bucket.Zone)
	if err != nil {
		return nil, err
	}
	z := &zeros{at: b.Buckets(query.TimeRange{From: r.From, To: r.To}, mostZeros), regular: true}
	return z, z.bearable(1)
}

// bearable is an error where zeros for so many series are too many.
func (z *zeros) bearable(series int) error {
	if len(z.at)*series > mostZeros {
		return fmt.Errorf("%w: zeros for %d series would be more than %d numbers: choose longer buckets, a shorter time range or fewer series",
			errQuery, series, mostZeros)
	}
	return nil
}

// numbers is one row of zeros under the numbers of a schema, without labels.
func (z *zeros) numbers(schema columnar.Schema) data.Frames {
	frame := data.NewFrame("")
	for _, f := range schema {
		if isNumber(f) {
			frame.Fields = append(frame.Fields, zeroField(f, 1))
		}
	}
	return data.Frames{frame}
}

// fill gives each series a number in every bucket; without series there is one for
// each number of the schema.
func (z *zeros) fill(frames data.Frames, schema columnar.Schema) (data.Frames, error) {
	if len(frames) > 0 {
		if !z.regular {
			return frames, nil
		}
		if err := z.bearable(len(frames)); err != nil {
			return nil, err
		}
		for _, f := range frames {
			z.fillOne(f)
		}
		return frames, nil
	}
	if len(z.at) == 0 {
		return nil, nil
	}
	for _, f := range schema {
		if isNumber(f) {
			frames = append(frames, data.NewFrame("", data.NewField(schema[0].Name, nil, slices.Clone(z.at)), zeroField(f, len(z.at))))
		}
	}
	return frames, z.bearable(len(frames))
}

// fillOne puts zeros between the rows of a series.
func (z *zeros) fillOne(f *data.Frame) {
	at, value := f.Fields[0], f.Fields[1]
	has := map[int64]bool{}
	for i := range at.Len() {
		has[timeOf(at, i).UnixMicro()] = true
	}
	for _, start := range z.at {
		if !has[start.UnixMicro()] {
			at.Append(start)
			value.Append(zero(value.Type()))
		}
	}
	order := make([]int, at.Len())
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(x, y int) int { return timeOf(at, x).Compare(timeOf(at, y)) })
	f.Fields[0], f.Fields[1] = inOrder(at, order), inOrder(value, order)
}

func timeOf(f *data.Field, i int) time.Time {
	t, _ := f.At(i).(time.Time)
	return t
}

func inOrder(f *data.Field, order []int) *data.Field {
	out := data.NewFieldFromFieldType(f.Type(), len(order))
	out.Name, out.Labels, out.Config = f.Name, f.Labels, f.Config
	for to, from := range order {
		out.Set(to, f.At(from))
	}
	return out
}

// zeroField is so many zeros under the name and of the kind of a column, as field has
// it.
func zeroField(f columnar.Field, n int) *data.Field {
	t := data.FieldTypeNullableInt64
	if f.Type.Kind.InFloats() {
		t = data.FieldTypeNullableFloat64
	}
	out := data.NewFieldFromFieldType(t, n)
	out.Name = f.Name
	for i := range n {
		out.Set(i, zero(t))
	}
	return out
}

// zero is the value of a field of numbers.
func zero(t data.FieldType) any {
	if t == data.FieldTypeNullableFloat64 {
		return new(float64)
	}
	return new(int64)
}
