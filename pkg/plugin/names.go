package plugin

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/sql"
)

// display is how ids are shown.
type display string

// displayNames puts a column of names behind each column of ids, and names instead of
// ids into legends. Labels stay ids, which do not change.
const displayNames display = "names"

func (d display) check() error {
	if d != "" && d != displayNames {
		return fmt.Errorf("%w: display %q is not known; there is %q", errQuery, string(d), string(displayNames))
	}
	return nil
}

// namesOf are the names in the rows of an answer, by the position of the column of
// ids; empty where there is none.
type namesOf map[int][]string

// shown is what a row shows in the place of the id in a column, or the id.
func (n namesOf) shown(column, row int, id string) string {
	if names, ok := n[column]; ok && names[row] != "" {
		return names[row]
	}
	return id
}

// namer finds the names of one kind of ids.
type namer struct {
	ids []string // names of the columns that have them, in small letters without _
	// sql gives name by id and, if ids are those of a workspace, by workspaceId; $ids
	// are the ids.
	sql       string
	workspace bool
}

// namers are all kinds. A name is that of the latest event that says it; what was
// refused says nothing.
func namers() []namer {
	return []namer{
		{
			ids: []string{"userid", "targetuserid", "clusterowneruserid", "owneruserid", "ownerid", "creatorid", "creatoruserid", "tokencreatedby", "principalid", "groupid", "targetgroupid"},
			sql: `select id, case when kind = 'user' then coalesce(email, displayName) else coalesce(displayName, email, applicationId) end as name
				from identities where id in ($ids)`,
		},
		{
			ids: []string{"jobid"},
			sql: `with named as (
					select workspaceId, jobId, date_time,
						nullif(coalesce(get_json_object(requestParams.new_settings, '$.name'), requestParams.name), '') as name
					from jobs
					where jobId in ($ids) and actionName in ('create', 'update', 'reset') and outcome in ('succeeded', 'unknown')
				)
				select jobId as id, workspaceId, arg_max(name, date_time) as name
				from named where name is not null group by jobId, workspaceId`,
			workspace: true,
		},
		{
			ids: []string{"clusterid", "existingclusterid"},
			sql: `with named as (
					select workspaceId, clusterId, date_time,
						nullif(coalesce(requestParams.cluster_name, requestParams.clusterName), '') as name
					from clusters
					where clusterId in ($ids) and outcome in ('succeeded', 'unknown')
				)
				select clusterId as id, workspaceId, arg_max(name, date_time) as name
				from named where name is not null group by clusterId, workspaceId`,
			workspace: true,
		},
	}
}

// mostNamed is how many ids of a kind get names: more than people read.
const mostNamed = 5000

// nameColumns finds the names of the ids in an answer, in what of the tables may be
// seen by who asks. It goes on without those that it cannot find, and says so.
func (d *Datasource) nameColumns(ctx context.Context, q question, r *result) (out namesOf, notices []string) {
	out = namesOf{}
	for _, n := range namers() {
		columns := n.columns(r.Schema)
		if len(columns) == 0 {
			continue
		}
		for _, c := range columns {
			out[c] = make([]string, r.Batch.Len) // the columns are there whatever is found
		}
		ids, more := distinctIDs(r.Batch, columns)
		if len(ids) == 0 {
			continue
		}
		if more {
			notices = append(notices, fmt.Sprintf("There are more than %d ids in %s: the others stay without names.", mostNamed, r.Schema[columns[0]].Name))
		}
		found, err := d.lookUpNames(ctx, q, n, ids, r)
		if err != nil {
			_, _, text := d.explain(cause(ctx, err))
			notices = append(notices, fmt.Sprintf("The names of %s could not be found: %s", r.Schema[columns[0]].Name, text))
			continue
		}
		for _, c := range columns {
			out[c] = found.of(r.Batch, c, n)
		}
	}
	return out, notices
}

// columns are the positions of the columns with ids of the kind.
func (n namer) columns(schema columnar.Schema) (at []int) {
	for i, f := range schema {
		if f.Type.Kind != columnar.String && !f.Type.Kind.InInts() || isTime(f) {
			continue
		}
		name := f.Name[strings.LastIndexByte(f.Name, '.')+1:]
		if slices.Contains(n.ids, strings.ReplaceAll(strings.ToLower(name), "_", "")) {
			at = append(at, i)
		}
	}
	return at
}

func distinctIDs(b *columnar.Batch, columns []int) (ids []string, more bool) {
	seen := map[string]bool{}
	for _, c := range columns {
		v := b.Columns[c]
		for row := range b.Len {
			if v.IsNull(row) {
				continue
			}
			if len(seen) == mostNamed && !seen[textAt(v, row)] {
				more = true
				continue
			}
			seen[textAt(v, row)] = true
		}
	}
	delete(seen, "")
	return slices.Sorted(maps.Keys(seen)), more
}

// found are names by id and workspace. The workspace is empty where ids have none, or
// where all workspaces agree; two names that differ are none.
type found map[[2]string]string

func (d *Datasource) lookUpNames(ctx context.Context, q question, n namer, ids []string, into *result) (found, error) {
	statement, err := sql.Parse(n.sql)
	if err != nil {
		return nil, err
	}
	values := make([]columnar.Value, len(ids))
	for i, id := range ids {
		values[i] = columnar.StringValue(id)
	}
	plan, err := statement.Plan(sql.Binding{Params: map[string]sql.Param{"ids": sql.List(values...)}})
	if err != nil {
		return nil, err
	}
	r, err := d.run(ctx, d.view(q.user), plan)
	if err != nil {
		return nil, err
	}
	maps.Copy(into.tables, r.tables)
	out := found{}
	for row := range r.Batch.Len {
		id, name := textAt(r.Batch.Column("id"), row), textAt(r.Batch.Column("name"), row)
		if name == "" || name == query.Redacted {
			continue
		}
		if !n.workspace {
			out[[2]string{"", id}] = name
			continue
		}
		out[[2]string{textAt(r.Batch.Column("workspaceId"), row), id}] = name
		if other, ok := out[[2]string{"", id}]; ok && other != name {
			name = ""
		}
		out[[2]string{"", id}] = name
	}
	return out, nil
}

// of are the names for a column of ids. Where ids are those of a workspace and the
// answer says of which, another one's name is none.
func (f found) of(b *columnar.Batch, column int, n namer) []string {
	out := make([]string, b.Len)
	at := -1
	if n.workspace {
		at = b.Schema.IndexFold(query.WorkspaceColumn)
	}
	if at >= 0 && b.Schema[at].Type.Kind != columnar.String && !b.Schema[at].Type.Kind.InInts() {
		at = -1
	}
	for row := range out {
		if b.Columns[column].IsNull(row) {
			continue
		}
		workspace := ""
		if at >= 0 {
			workspace = textAt(b.Columns[at], row)
		}
		out[row] = f[[2]string{workspace, textAt(b.Columns[column], row)}]
	}
	return out
}
