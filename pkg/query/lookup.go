package query

import (
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/lake"
)

// DistinctValues is the plan of the values that a column has in a time range, the
// most frequent first and of equally frequent ones the least: columns value, the
// text that a cast to string gives, such as 2024-01-31T10:00:00Z of a timestamp, and
// n, on how many rows it is. Null is no value. The path goes through structs and to
// a key of a map; Bind refuses one to what has no text or does not exist, and a
// range of a table without event times.
//
// If prefix is not empty, only values whose text begins so are given, in the same
// letter case.
func DistinctValues(table string, path []string, r TimeRange, prefix string, limit int64) Plan {
	var col Expr = Name(path...)
	if v, ok := FindView(table); ok && table == v.Name {
		if e, ok := v.Find(path); ok {
			table, col = v.Base, e
		}
	}
	return commonest(valuesOf(table, col, r, prefix), limit)
}

// ColumnValues is DistinctValues of a column that several tables of events have, as
// FilterColumn names them. A table that lacks it has no values.
func ColumnValues(tables []string, col Col, r TimeRange, prefix string, limit int64) Plan {
	plans := make([]Plan, len(tables))
	for i, table := range tables {
		plans[i] = valuesOf(table, col, r, prefix)
	}
	return commonest(UnionOf(plans...), limit)
}

// valuesOf is the column value: those of a column that are not null.
func valuesOf(table string, col Expr, r TimeRange, prefix string) Plan {
	wanted := []Expr{NotNull(col)}
	if prefix != "" {
		wanted = append(wanted, Like{Cast{col, columnar.String}, likeLiteral.Replace(prefix) + "%"})
	}
	return From(table, r).Filter(wanted...).Project(As("value", col))
}

func commonest(values Plan, limit int64) Plan {
	return values.
		Aggregate([]Output{As("value", Name("value"))}, CountRows("n")).
		Sort(Desc("n"), Asc("value")).
		Limit(limit).
		Project(As("value", Cast{Name("value"), columnar.String}), As("n", Name("n")))
}

// likeLiteral makes a text one that a LIKE pattern takes as it is.
var likeLiteral = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// VerbatimEvent is the plan of the delivered lines that bronze has of a file under
// a line number, the one that came first first: columns raw, workspaceId, date,
// sourceFile, fileId, lineNumber, lineHash, ingestedAt. There is more than one if
// the file was overwritten and another line has got the number; ingestedAt tells
// which is that of an event.
func VerbatimEvent(fileID, lineNumber int64) Plan {
	return ofLine(lake.Bronze, fileID, lineNumber, lineColumns()...)
}

// QuarantinedLine is VerbatimEvent of the lines that could not become events, with
// the reason, eventIndex and eventCount as further columns before ingestedAt: of a
// line that wraps several events there is a row for each that could not become one.
func QuarantinedLine(fileID, lineNumber int64) Plan {
	return ofLine(lake.Quarantine, fileID, lineNumber, append(lineColumns(), Column(columnar.String, "reason"), colEventIndex, colEventCount)...)
}

// The columns that several of these plans read.
var (
	colWorkspace = Column(columnar.Long, WorkspaceColumn)
	colDate      = Column(columnar.Date, DateColumn)
)

// The place of an event in a line that wraps several, from 1, and how many there
// are; null where the line is the event.
var (
	colEventIndex = Column(columnar.Long, "eventIndex")
	colEventCount = Column(columnar.Long, "eventCount")
)

func lineColumns() []Col {
	return []Col{
		Column(columnar.String, "raw"),
		colWorkspace,
		colDate,
		Column(columnar.String, "sourceFile"),
		Column(columnar.Long, "fileId"),
		Column(columnar.Long, "lineNumber"),
		Column(columnar.String, "lineHash"),
	}
}

// EventRow is the plan of the events that silver has of the same lines, in the same
// order: columns date_time, workspaceId, serviceName, actionName, actor, outcome,
// requestId, eventKey, sourceFile, fileId, lineNumber, eventIndex, eventCount,
// ingestedAt. Over a Scoped catalog it says whether an event may be seen.
func EventRow(fileID, lineNumber int64) Plan {
	return ofLine(lake.Silver, fileID, lineNumber,
		Column(columnar.Timestamp, TimeColumn),
		colWorkspace,
		Column(columnar.String, "serviceName"),
		Column(columnar.String, "actionName"),
		Column(columnar.String, "actor"),
		Column(columnar.String, "outcome"),
		Column(columnar.String, "requestId"),
		Column(columnar.String, "eventKey"),
		Column(columnar.String, "sourceFile"),
		Column(columnar.Long, "fileId"),
		Column(columnar.Long, "lineNumber"),
		colEventIndex,
		colEventCount,
	)
}

// ofLine is the columns, and ingestedAt, of the rows that came from a line.
func ofLine(table string, fileID, lineNumber int64, cols ...Col) Plan {
	var out []Output
	for _, c := range append(cols, Column(columnar.Timestamp, "ingestedAt")) {
		out = append(out, As(c.Path[0], c))
	}
	return From(table, TimeRange{}).
		Filter(Eq(Column(columnar.Long, "fileId"), Int(fileID)), Eq(Column(columnar.Long, "lineNumber"), Int(lineNumber))).
		Project(out...).
		Sort(Asc("ingestedAt"))
}
