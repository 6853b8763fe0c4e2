package identity

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/lake"
)

// Schema is the columns of the table.
func Schema() columnar.Schema {
	text, date, stamp := columnar.Of(columnar.String), columnar.Of(columnar.Date), columnar.Of(columnar.Timestamp)
	return columnar.Schema{
		{Name: "id", Type: text},
		{Name: "kind", Type: text},
		{Name: "email", Type: text},
		{Name: "applicationId", Type: text},
		{Name: "displayName", Type: text},
		{Name: "workspaces", Type: text}, // ids with commas between them: engines differ in what they can do with lists
		{Name: "firstSeen", Type: date},
		{Name: "lastSeen", Type: date},
		{Name: "source", Type: text}, // of the name: events, scim
		{Name: "evidence", Type: text},
		{Name: "namedAt", Type: stamp},
		{Name: "checkedAt", Type: stamp},
		{Name: "updatedAt", Type: stamp},
	}
}

// Read is the principals in a snapshot of the table.
func Read(ctx context.Context, t *lake.Table, snap *delta.Snapshot) (Principals, error) {
	out := Principals{}
	for b, err := range t.ScanFiles(ctx, snap, snap.Files(), Schema(), nil, nil) {
		if err != nil {
			return nil, err
		}
		for row := range b.Len {
			if p := principalAt(b, row); p.ID != "" {
				out.Add(p)
			}
		}
	}
	return out, nil
}

func principalAt(b *columnar.Batch, row int) Principal {
	text := func(column string) string { return string(b.Column(column).ByteAt(row)) }
	number := func(column string, null int64) int64 {
		if v := b.Column(column); !v.IsNull(row) {
			return v.Ints[row]
		}
		return null
	}
	p := Principal{
		ID: text("id"), Kind: Kind(text("kind")), Email: text("email"), ApplicationID: text("applicationId"), DisplayName: text("displayName"),
		FirstSeen: number("firstSeen", NoDay), LastSeen: number("lastSeen", NoDay),
		Evidence: Evidence(text("evidence")), NamedAt: number("namedAt", 0), CheckedAt: number("checkedAt", 0), UpdatedAt: number("updatedAt", 0),
	}
	for id := range strings.SplitSeq(text("workspaces"), ",") {
		if n, err := strconv.ParseInt(id, 10, 64); err == nil {
			p.Workspaces = append(p.Workspaces, n)
		}
	}
	return p
}

// batch is the principals as rows, in the order of their ids as numbers.
func (ps Principals) batch() *columnar.Batch {
	b := columnar.NewBatch(Schema())
	ids := slices.SortedFunc(maps.Keys(ps), func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		if a < b {
			return -1
		}
		return 1
	})
	for _, id := range ids {
		appendRow(b, ps[id])
	}
	b.Len = len(ids)
	return b
}

func appendRow(b *columnar.Batch, p Principal) {
	text := func(column, value string) {
		if v := b.Column(column); value == "" {
			v.AppendNull()
		} else {
			v.AppendString(value)
		}
	}
	number := func(column string, value, null int64) {
		if v := b.Column(column); value == null {
			v.AppendNull()
		} else {
			v.AppendInt(value)
		}
	}
	text("id", p.ID)
	text("kind", string(p.Kind))
	text("email", p.Email)
	text("applicationId", p.ApplicationID)
	text("displayName", p.DisplayName)
	workspaces := make([]string, len(p.Workspaces))
	for i, id := range p.Workspaces {
		workspaces[i] = strconv.FormatInt(id, 10)
	}
	text("workspaces", strings.Join(workspaces, ","))
	number("firstSeen", p.FirstSeen, NoDay)
	number("lastSeen", p.LastSeen, NoDay)
	switch p.Evidence {
	case "":
		text("source", "")
	case SCIM:
		text("source", "scim")
	default:
		text("source", "events")
	}
	text("evidence", string(p.Evidence))
	number("namedAt", p.NamedAt, 0)
	number("checkedAt", p.CheckedAt, 0)
	number("updatedAt", p.UpdatedAt, 0)
}

// Layout is how the rows lie in files: there is one file.
func Layout() lake.Layout { return lake.Layout{} }

// Update is what the table is to become.
type Update struct {
	Base       *delta.Snapshot // nil: the table is made
	Principals Principals      // all of them
	Txn        *delta.Txn      // progress of who makes the update, or nil
	Properties map[string]string
}

// Commit puts the principals in the place of all rows, in one commit. If others
// have changed the table since Base, the error is a delta.ErrConflict: read it again
// and merge.
func Commit(ctx context.Context, t *lake.Table, u Update) (version int64, err error) {
	rows := u.Principals.batch()
	w := t.NewWriter(rows.Schema, Layout())
	if err := w.Write(ctx, rows); err != nil {
		return 0, err
	}
	adds, err := w.Close(ctx)
	if err != nil {
		return 0, err
	}
	tx := delta.Tx{
		Base: u.Base, Operation: "WRITE", Parameters: map[string]any{"mode": "Overwrite"},
		Adds: adds, Txn: u.Txn, ReadsTable: true,
	}
	meta := delta.Metadata{Schema: Schema(), Configuration: map[string]string{}}
	if u.Base != nil {
		meta = u.Base.Metadata()
		meta.Schema = Schema()
		meta.Configuration = maps.Clone(meta.Configuration)
		for a := range u.Base.Files() {
			tx.Removes = append(tx.Removes, delta.RemoveOf(a, time.Time{}))
		}
	}
	changed := u.Base == nil || !meta.Schema.Equal(u.Base.Schema())
	for key, value := range u.Properties {
		changed = changed || meta.Configuration[key] != value
		meta.Configuration[key] = value
	}
	if changed {
		tx.Metadata = &meta
	}
	tx.Metrics = map[string]string{
		"numAddedFiles": strconv.Itoa(len(adds)), "numRemovedFiles": strconv.Itoa(len(tx.Removes)),
		"numOutputRows": strconv.Itoa(rows.Len),
	}
	return t.Commit(ctx, tx)
}
