// Package example runs the examples of named queries: it writes the events as
// delivered lines into a store in memory, lets the ETL bring them in, asks the
// query, and compares the rows.
//
//	events ──► lines of JSON ──► etl ──► lake ──► query ──► rows as JSON
//
// The tests of the shipped queries and `auditlake queries check` are the same code.
package example

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/lake/lookup"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/named"
	"github.com/auditlake/auditlake/pkg/store"
)

// engine is the writer of the lake, and what runs say of it.
const engine = "auditlake/example"

// Now is the time at which events of examples are brought in.
func Now() time.Time { return named.ExampleRange().To.Add(-time.Second) }

// Check runs all examples of a query. The error joins those of the examples, each a
// *named.FileError.
func Check(ctx context.Context, q *named.Query) error {
	var problems []error
	for _, e := range q.Examples {
		if err := check(ctx, q, e); err != nil {
			problems = append(problems, &named.FileError{File: q.File, Line: e.Line(), Why: fmt.Errorf("example %q: %w", e.Name, err)})
		}
	}
	return errors.Join(problems...)
}

func check(ctx context.Context, q *named.Query, e named.Example) error {
	l, err := Lake(ctx, e.Events)
	if err != nil {
		return err
	}
	for name, file := range e.Lookups {
		if !lookup.IsName(name) {
			return fmt.Errorf("look-up %q: its name has other than lower-case letters, digits, _ and -", name)
		}
		if _, err := l.Store().Put(ctx, lookup.Key(name), []byte(file)); err != nil {
			return err
		}
	}
	plan, err := q.Plan(e.Params, named.ExampleRange())
	if err != nil {
		return err
	}
	got, err := rows(ctx, l, plan)
	if err != nil {
		return err
	}
	want, err := wanted(e.Rows)
	if err != nil {
		return err
	}
	if diff := differ(want, got); diff != "" {
		return errors.New(diff)
	}
	if !q.Alertable() {
		return nil
	}
	plan, err = q.AlertPlan(e.Params, named.ExampleRange())
	if err == nil {
		_, err = rows(ctx, l, plan)
	}
	if err != nil {
		return fmt.Errorf("alert: %w", err)
	}
	return nil
}

// Lake is a lake in memory that the ETL has filled with the events.
func Lake(ctx context.Context, events []named.Event) (*lake.Lake, error) {
	files, err := deliveries(events)
	if err != nil {
		return nil, err
	}
	source := store.NewMemory("source")
	for _, key := range slices.Sorted(maps.Keys(files)) {
		if _, err := source.Put(ctx, key, files[key].Bytes()); err != nil {
			return nil, err
		}
	}
	l := lake.New(store.NewMemory("lake"), lake.Options{Engine: engine, Now: Now})
	r, err := etl.NewRunner(l, etl.Options{Sources: []etl.Source{etl.SourceOf(source)}, Engine: engine})
	if err != nil {
		return nil, err
	}
	if _, err := r.Run(ctx); err != nil {
		return nil, err
	}
	return l, nil
}

// rows are the answer, a JSON object for each row.
func rows(ctx context.Context, l *lake.Lake, plan query.Plan) ([]string, error) {
	res, err := exec.Run(ctx, query.OfLake(l), plan, exec.Options{})
	if err != nil {
		return nil, err
	}
	out := make([]string, res.Batch.Len)
	for i := range out {
		row, err := exec.RowJSON(res.Batch, i)
		if err != nil {
			return nil, err
		}
		out[i] = string(row)
	}
	return out, nil
}

// wanted are rows as the example has them, in the same form.
func wanted(list []yaml.Node) ([]string, error) {
	out := make([]string, len(list))
	for i, row := range list {
		var members []string
		for c := 0; c+1 < len(row.Content); c += 2 {
			name, err := json.Marshal(row.Content[c].Value)
			if err != nil {
				return nil, err
			}
			value, err := jsonOf(row.Content[c+1])
			if err != nil {
				return nil, fmt.Errorf("row %d: %s: %w", i+1, name, err)
			}
			members = append(members, string(name)+":"+string(value))
		}
		out[i] = "{" + strings.Join(members, ",") + "}"
	}
	return out, nil
}

// jsonOf is a value of YAML as JSON. What YAML takes for a date stays a text.
func jsonOf(n *yaml.Node) ([]byte, error) {
	if n.Tag == "!!timestamp" {
		return json.Marshal(n.Value)
	}
	var v any
	if err := n.Decode(&v); err != nil {
		return nil, err
	}
	return json.Marshal(v)
}

// differ lists rows that are wanted (-) and rows that came (+), or is empty.
func differ(want, got []string) string {
	if slices.Equal(want, got) {
		return ""
	}
	var b strings.Builder
	b.WriteString("the rows are others (- wanted, + answered):")
	for i := range max(len(want), len(got)) {
		switch {
		case i < len(want) && i < len(got) && want[i] == got[i]:
			b.WriteString("\n    " + want[i])
			continue
		case i < len(want):
			b.WriteString("\n  - " + want[i])
		}
		if i < len(got) {
			b.WriteString("\n  + " + got[i])
		}
	}
	return b.String()
}
