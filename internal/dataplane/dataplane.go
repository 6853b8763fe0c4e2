// Package dataplane holds frames against Grafana's data plane contract, version 0.1,
// and against what its alerting needs beyond that. Tests use it alone.
//
//	timeseries-multi  each frame is one series: a time that is never null and
//	                  ascends, then one number, whose name and labels no other has
//	numeric-long      one frame: numbers, and texts that tell the rows apart, each
//	                  combination once; times are extra
//	no data           one frame of the type without fields
//	log-lines         one frame: timestamp, body, severity, id, labels; ids are there once
//	table             one frame; no rule can be set on it
//
// An answer has frames of one type and version. A rule takes a series or numbers, of
// labels that are texts.
package dataplane

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// Version is that of the contract, and LogVersion that of log lines, which are a draft
// in it.
var (
	Version    = data.FrameTypeVersion{0, 1}
	LogVersion = data.FrameTypeVersion{0, 0}
)

// Check is what is wrong with the frames of one answer; nil if nothing is.
func Check(frames data.Frames) error {
	if len(frames) == 0 {
		return errors.New("there is no frame, not even an empty one")
	}
	var problems []error
	bad := func(i int, format string, args ...any) {
		problems = append(problems, fmt.Errorf("frame %d: %w", i, fmt.Errorf(format, args...)))
	}
	for i, f := range frames {
		switch {
		case f.Meta == nil:
			bad(i, "it has no meta, so no type")
			continue
		case f.Meta.Type != frames[0].Meta.Type:
			bad(i, "its type is %s, and that of the first is %s", f.Meta.Type, frames[0].Meta.Type)
		case f.Meta.TypeVersion != version(f.Meta.Type):
			bad(i, "the version of its type is %s", f.Meta.TypeVersion)
		}
		if _, err := f.RowLen(); err != nil {
			bad(i, "%w", err)
			continue
		}
		switch {
		case len(f.Fields) == 0 && len(frames) > 1:
			bad(i, "it has no fields, and others are there")
		case len(f.Fields) == 0:
		case f.Meta.Type == data.FrameTypeTimeSeriesMulti:
			for _, err := range series(f) {
				bad(i, "%w", err)
			}
		case len(frames) > 1:
			bad(i, "%s is one frame, and these are %d", f.Meta.Type, len(frames))
		case f.Meta.Type == data.FrameTypeNumericLong:
			for _, err := range numbers(f) {
				bad(i, "%w", err)
			}
		case f.Meta.Type == data.FrameTypeLogLines:
			for _, err := range lines(f) {
				bad(i, "%w", err)
			}
		case f.Meta.Type != data.FrameTypeTable:
			bad(i, "its type is %q", f.Meta.Type)
		}
	}
	return errors.Join(append(problems, unique(frames)...)...)
}

func version(of data.FrameType) data.FrameTypeVersion {
	if of == data.FrameTypeLogLines {
		return LogVersion
	}
	return Version
}

// CheckForRule is Check, and that a rule can take the frames.
func CheckForRule(frames data.Frames) error {
	err := Check(frames)
	if len(frames) > 0 && frames[0].Meta != nil {
		switch of := frames[0].Meta.Type; of {
		case data.FrameTypeTable, data.FrameTypeLogLines:
			err = errors.Join(err, fmt.Errorf("a rule cannot take a %s", of))
		}
	}
	return err
}

// lines is what is wrong with a frame of log lines.
func lines(f *data.Frame) (problems []error) {
	want := []struct {
		name string
		of   data.FieldType
	}{
		{"timestamp", data.FieldTypeTime},
		{"body", data.FieldTypeString},
		{"severity", data.FieldTypeString},
		{"id", data.FieldTypeString},
		{"labels", data.FieldTypeJSON},
	}
	if len(f.Fields) != len(want) {
		return []error{fmt.Errorf("it has %d fields, and lines have %d", len(f.Fields), len(want))}
	}
	for i, field := range f.Fields {
		if field.Name != want[i].name || field.Type() != want[i].of {
			problems = append(problems, fmt.Errorf("field %d is %s, %s, and in its place belongs %s, %s", i, field.Name, field.Type(), want[i].name, want[i].of))
		}
	}
	if len(problems) > 0 {
		return problems
	}
	rows := map[any]int{}
	for i := range f.Rows() {
		id := f.Fields[3].At(i)
		if before, taken := rows[id]; taken {
			problems = append(problems, fmt.Errorf("rows %d and %d have the id %v", before, i, id))
		}
		rows[id] = i
	}
	return problems
}

// series is what is wrong with a frame of one series.
func series(f *data.Frame) (problems []error) {
	if len(f.Fields) != 2 {
		return []error{fmt.Errorf("a series has a time and a number, not %d fields", len(f.Fields))}
	}
	at, value := f.Fields[0], f.Fields[1]
	if at.Type() != data.FieldTypeTime {
		return []error{fmt.Errorf("%s is %s, not a time that is never null", at.Name, at.Type())}
	}
	if !value.Type().Numeric() {
		problems = append(problems, fmt.Errorf("%s is %s, no number", value.Name, value.Type()))
	}
	if len(at.Labels) > 0 {
		problems = append(problems, errors.New("the time has labels"))
	}
	if _, named := value.Labels[""]; named {
		problems = append(problems, errors.New("a label has no name"))
	}
	if at.Len() == 0 {
		problems = append(problems, errors.New("it has no rows: no data has no fields"))
	}
	for i := 1; i < at.Len(); i++ {
		before, _ := at.At(i - 1).(time.Time)
		if now, _ := at.At(i).(time.Time); now.Before(before) {
			problems = append(problems, fmt.Errorf("row %d: %s is before %s", i, now, before))
		}
	}
	return problems
}

// numbers is what is wrong with a frame of numbers and labels.
func numbers(f *data.Frame) (problems []error) {
	var texts []*data.Field
	var names []string
	count := 0
	for _, field := range f.Fields {
		switch t := field.Type(); {
		case t.Numeric():
			count++
		case t.NonNullableType() == data.FieldTypeString:
			texts = append(texts, field)
		case !t.Time():
			problems = append(problems, fmt.Errorf("%s is %s: neither number nor label", field.Name, t))
		}
		if len(field.Labels) > 0 {
			problems = append(problems, fmt.Errorf("%s has labels beside those in the rows", field.Name))
		}
		if slices.Contains(names, field.Name) {
			problems = append(problems, fmt.Errorf("%s is there twice", field.Name))
		}
		names = append(names, field.Name)
	}
	if count == 0 {
		problems = append(problems, errors.New("there is no number"))
	}
	rows := map[string]int{}
	for i := range f.Rows() {
		labels := make([]string, len(texts)) // null is the empty text, as Grafana reads it
		for t, field := range texts {
			if text, ok := field.ConcreteAt(i); ok {
				labels[t], _ = text.(string)
			}
		}
		key := fmt.Sprintf("%q", labels)
		if before, taken := rows[key]; taken {
			problems = append(problems, fmt.Errorf("rows %d and %d have the labels %s", before, i, key))
		}
		rows[key] = i
	}
	if len(f.Fields) > 0 && f.Rows() == 0 {
		problems = append(problems, errors.New("it has no rows: no data has no fields"))
	}
	return problems
}

// unique is which series are there twice.
func unique(frames data.Frames) (problems []error) {
	seen := map[string]int{}
	for i, f := range frames {
		if f.Meta == nil || f.Meta.Type != data.FrameTypeTimeSeriesMulti || len(f.Fields) != 2 {
			continue
		}
		key := f.Fields[1].Name + " " + fmt.Sprintf("%q", map[string]string(f.Fields[1].Labels))
		if before, taken := seen[key]; taken {
			problems = append(problems, fmt.Errorf("frames %d and %d are both the series %s", before, i, key))
		}
		seen[key] = i
	}
	return problems
}
