package query

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/lake"
)

// Redacted is what a hidden text reads as.
const Redacted = "[redacted]"

// Redaction is what of the events is hidden. The zero value hides nothing.
type Redaction struct {
	// CommandText hides the source of SQL and notebook commands.
	CommandText bool
	// Keys are names of further request parameters to hide, in any letter case.
	Keys []string
	// HashKey is a secret that hashes are hashed with once more, see Redact. Without one
	// they are hidden.
	HashKey []byte
}

// commandKeys are the parameters that carry source. Of these only commandText has
// been seen in events; the others are what its kin are called elsewhere in
// Databricks, and hiding a parameter of such a name that holds no source costs
// little.
func commandKeys() []string {
	return []string{
		"commandText", "command_text", "queryText", "query_text", "sqlText", "sql_text", "statement",
		"viewDefinition", "view_definition", "routineDefinition", "routine_definition",
	}
}

// Redact is the catalog with the values of some request parameters hidden,
// however they are asked for: filters, groups, orders and aggregates are over
// what is left, and nothing is left out of a scan by what was there before.
//
//	requestParams, requestParamsRest   values of hidden keys read [redacted], also
//	                                   inside of values that are JSON
//	response                           all but statusCode reads [redacted]: the error
//	                                   of a command quotes it, and its result shows it
//	extra, identityMetadata            JSON without the values of hidden keys
//	raw                                the same, and all of a response but statusCode, also in
//	                                   Azure's envelope and in lines that wrap several events; a
//	                                   line that is no JSON object is hidden whole
//	reason                             without what it quotes; rawBytes is null
//	derived columns, identities        hidden if they are made from a hidden key; what
//	                                   is no string is null, and so is a column that
//	                                   this package does not know
//
// Null stays null. A table that has none of these columns is as it was, and so is a
// look-up: it holds what its owner wrote, and nothing of events.
//
// Hashes of events and lines, and the ETags of files, which are hashes too, would tell
// whoever knows the rest of an event whether a guess of what is hidden is right, and
// guessing is cheap. They read as hashes of themselves with HashKey: equal if they were
// equal before, and nothing else.
func Redact(c Catalog, r Redaction) Catalog {
	keys := slices.Clone(r.Keys)
	if r.CommandText {
		keys = append(keys, commandKeys()...)
	}
	keys = slices.DeleteFunc(keys, func(k string) bool { return k == "" })
	if len(keys) == 0 {
		return c
	}
	slices.Sort(keys)
	s := newSecrets(keys)
	s.hashKey = r.HashKey
	hidden := fmt.Sprintf("%q", slices.Compact(keys))
	if len(r.HashKey) > 0 {
		hidden += fmt.Sprintf(" hashed as %s", s.hash(nil))
	}
	return redactedCatalog{c, s, hidden}
}

type redactedCatalog struct {
	Catalog
	secrets *secrets
	hidden  string // the keys
}

func (c redactedCatalog) Table(ctx context.Context, name string) (Table, error) {
	t, err := c.Catalog.Table(ctx, name)
	if err != nil || IsLookup(name) {
		return t, err
	}
	treat := treatments(t.Schema(), c.secrets)
	if name == lake.Identities {
		treat = identityTreatments(t.Schema(), c.secrets)
	}
	return redactedTable{t, c.secrets, treat, c.hidden}, nil
}

type redactedTable struct {
	Table
	secrets *secrets
	treat   map[string]treatment // of the columns that are not as they were
	hidden  string               // the keys
}

// Version differs from one redaction to another.
func (t redactedTable) Version() Version {
	v := t.Table.Version()
	if v.Identity != "" {
		v.Identity = "without " + t.hidden + " of " + v.Identity
	}
	return v
}

func (t redactedTable) Scan(ctx context.Context, want columnar.Schema, keep columnar.Keep, stats *ScanStats) iter.Seq2[*columnar.Batch, error] {
	return func(yield func(*columnar.Batch, error) bool) {
		hide := t.rewriting(want)
		for b, err := range t.Table.Scan(ctx, want, t.keep(keep), stats) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(hide(b), nil) {
				return
			}
		}
	}
}

// keep is what keeps rows, told nothing of what is hidden.
func (t redactedTable) keep(keep columnar.Keep) columnar.Keep {
	if keep == nil || len(t.treat) == 0 {
		return keep
	}
	return func(b columnar.Bounds) bool { return keep(withoutBounds{b, t.treat}) }
}

// rewriting makes batches under a schema into what may be seen of them, for one
// goroutine.
func (t redactedTable) rewriting(want columnar.Schema) func(*columnar.Batch) *columnar.Batch {
	rewrite := make([]rewriter, len(want))
	untouched := true
	for i, f := range want {
		rewrite[i] = t.secrets.rewriter(t.treat[f.Name], f.Type)
		untouched = untouched && rewrite[i] == nil
	}
	return func(b *columnar.Batch) *columnar.Batch {
		if untouched {
			return b
		}
		out := &columnar.Batch{Schema: want, Len: b.Len, Columns: slices.Clone(b.Columns)}
		for i, r := range rewrite {
			if r != nil {
				out.Columns[i] = r(out.Columns[i])
			}
		}
		return out
	}
}

// withoutBounds says nothing of columns whose values are not those it was made of.
type withoutBounds struct {
	columnar.Bounds
	treat map[string]treatment
}

func (b withoutBounds) Bound(path string) (columnar.Bound, bool) {
	top, inside, _ := strings.Cut(path, ".")
	switch t := b.treat[top]; {
	case t == untreated, t == response && isStatus(inside):
		return b.Bounds.Bound(path)
	}
	return columnar.Bound{}, false
}

// MayHold implements columnar.Prober.
func (b withoutBounds) MayHold(path string, v columnar.Value) bool {
	top, _, _ := strings.Cut(path, ".")
	return b.treat[top] != untreated || columnar.MayHold(b.Bounds, path, v)
}

// treatment is what becomes of a column.
type treatment uint8

const (
	untreated treatment = iota
	blank               // all of it is hidden
	params              // values by key
	response            // all but the status is hidden
	jsonText            // JSON or other text, of which the latter stays
	document            // JSON, or hidden whole
	reason              // hidden from the first colon on
	hashed              // hashed once more
)

// isStatus says that a field of response is the one that is no text.
func isStatus(field string) bool { return strings.EqualFold(field, "statusCode") }

// identityTreatments hide what the table of identities has from a hidden key. Of the
// names, some came from elsewhere; which, nothing says.
func identityTreatments(schema columnar.Schema, s *secrets) map[string]treatment {
	out := map[string]treatment{}
	for _, c := range identitiesKnown() {
		if i := schema.IndexFold(c.Name); i >= 0 && slices.ContainsFunc(c.from, func(k string) bool { return s.has([]byte(k)) }) {
			out[schema[i].Name] = blank
		}
	}
	return out
}

// treatments are those of a table's columns, by name. A table is one of events or
// lines if it has requestParams or raw; others, such as runs, are left alone.
func treatments(schema columnar.Schema, s *secrets) map[string]treatment {
	if schema.IndexFold("requestParams") < 0 && schema.IndexFold("raw") < 0 {
		return nil
	}
	out := map[string]treatment{}
	for _, f := range schema {
		switch strings.ToLower(f.Name) {
		case "requestparams", "requestparamsrest":
			out[f.Name] = params
		case "response":
			out[f.Name] = response
		case "identitymetadata":
			out[f.Name] = jsonText
		case "extra", "raw":
			out[f.Name] = document
		case "reason":
			out[f.Name] = reason
		case "rawbytes":
			out[f.Name] = blank
		case "eventkey", "linehash", "sourceetag":
			out[f.Name] = hashed
		default:
			params, known := madeFrom(f.Name)
			if !known || slices.ContainsFunc(params, func(k string) bool { return s.has([]byte(k)) }) {
				out[f.Name] = blank
			}
		}
	}
	return out
}
