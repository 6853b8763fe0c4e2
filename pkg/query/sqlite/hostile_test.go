package sqlite_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/auditlake/auditlake/pkg/query/sqlite"
)

// What is no question to the tables is refused, with what is not allowed.
func TestHostileStatements(t *testing.T) {
	const only = "only SELECT is answered"
	const noTable = "table does not exist"
	const noFunction = "is not known"
	const engines = "there is no function"
	for text, want := range map[string]string{
		"insert into clusters values (1)":                               only,
		"update clusters set email = 'x'":                               only,
		"delete from clusters":                                          only,
		"replace into clusters values (1)":                              only,
		"create table x (a)":                                            only,
		"create temp table x as select 1":                               only,
		"create view v as select 1":                                     only,
		"create virtual table v using fts5(x)":                          only,
		"create trigger t after insert on clusters begin select 1; end": only,
		"drop table clusters":                                           only,
		"alter table clusters add column x":                             only,
		"attach database '/etc/passwd' as p":                            only,
		"ATTACH 'file:/tmp/x?mode=rwc' AS p":                            only,
		"detach database main":                                          only,
		"pragma table_info(clusters)":                                   only,
		"PRAGMA writable_schema = on":                                   only,
		"pragma hard_heap_limit = 0":                                    only,
		"pragma case_sensitive_like = 0":                                only,
		"vacuum":                                                        only,
		"vacuum into '/tmp/x'":                                          only,
		"reindex":                                                       only,
		"analyze":                                                       only,
		"begin":                                                         only,
		"commit":                                                        only,
		"rollback":                                                      only,
		"savepoint a":                                                   only,
		"release a":                                                     only,
		"explain select 1":                                              only,
		"explain query plan select 1":                                   only,
		"with x as (select 1) delete from clusters":                     only,
		"with x as (select 1) insert into clusters select * from x":       only,
		"with x as (delete from clusters returning *) select * from x":    only,
		"truncate table clusters":                                         only,
		"merge into clusters using jobs on true when matched then delete": only,
		"show tables":                                               only,
		"set x = 1":                                                 only,
		"grant all on clusters to x":                                only,
		"select 1; select 2":                                        "only one statement is answered",
		"select 1; drop table clusters":                             "not allowed",
		"select 1;;":                                                "only one statement is answered",
		"select * from sqlite_master":                               noTable,
		"select * from sqlite_schema":                               noTable,
		"select * from sqlite_temp_master":                          noTable,
		"select * from main.sqlite_master":                          noTable,
		"select * from temp.sqlite_schema":                          noTable,
		"select * from `sqlite_master`":                             noTable,
		"select * from \"sqlite_master\"":                           noTable,
		"select sql from sqlite_master":                             noTable,
		"select name from dbstat":                                   noTable,
		"select data from sqlite_dbpage":                            noTable,
		"select x from t0":                                          noTable,
		"select rowid from clusters":                                "no column rowid",
		"select _rowid_ from clusters":                              "no column _rowid_",
		"select c0 from clusters":                                   "no column c0",
		"select s1.c0 from clusters":                                "no column s1.c0",
		"select * from pragma_table_info('clusters')":               "table function",
		"select * from pragma_database_list()":                      "table function",
		"select * from pragma_function_list":                        noTable,
		"select * from json_each('[1]')":                            "table function",
		"select * from generate_series(1, 1000000000)":              "table function",
		"select load_extension('/tmp/x.so')":                        noFunction,
		"select readfile('/etc/passwd')":                            noFunction,
		"select writefile('/tmp/x', 'x')":                           noFunction,
		"select edit('x')":                                          noFunction,
		"select fts3_tokenizer('x')":                                noFunction,
		"select sqlite_version()":                                   noFunction,
		"select sqlite_compileoption_get(1)":                        noFunction,
		"select sqlite_offset(email) from clusters":                 noFunction,
		"select last_insert_rowid()":                                noFunction,
		"select changes()":                                          noFunction,
		"select zeroblob(1000000000)":                               noFunction,
		"select randomblob(1000000000)":                             noFunction,
		"select printf('%1000000000d', 1)":                          engines,
		"select format('%.*c', 1000000000, 'x')":                    engines,
		"select hex(email) from clusters":                           engines,
		"select lake_row(1, 2)":                                     noFunction,
		"select lake_value(1, 0)":                                   noFunction,
		"select lake_aggregate(1, 0)":                               noFunction,
		"select x'41'":                                              "stands where",
		"select ?1":                                                 "there is no operator ?",
		"select @x":                                                 "not known here",
		"select :x":                                                 "stands where",
		"select $x":                                                 "there is no parameter $x",
		"select 1 as \"a\" from clusters where email glob '*'":      "stands where",
		"select email from clusters where email match 'x'":          "stands where",
		"select raise(abort, 'x')":                                  "no column abort",
		"select email collate nocase from clusters":                 "",
		"select * from clusters indexed by x":                       "stands where",
		"select * from clusters where 1 = 1 or load_extension('x')": noFunction,
		"select (select load_extension('x'))":                       noFunction,
		"select 1 /* ":                                              "has no end",
		"select 'x":                                                 "has no end",
		"select 1 union select 2 union select load_extension('x')":  noFunction,
		"with recursive r as (select 1 from r) select * from r":     "reads itself before",
		"values (load_extension('x'))":                              noFunction,
		"select count(*) over (order by (select load_extension('x'))) from clusters": noFunction,
		"select email from clusters order by load_extension('x')":                    noFunction,
		"select email from clusters limit (select 1)":                                "is not known",
		"select email from clusters limit -1":                                        "takes a whole number",
		"table clusters":                                                             "stands where",
		"":                                                                           "stands where",
		"select":                                                                     "stands where",
		"select * from lookups.`../../etc/passwd`":                                   noTable,
		"select * from `../clusters`":                                                noTable,
		"select email from clusters group by rollup(email)":                          "there is no ROLLUP",
		"select email, date from clusters group by email, cube(date)":                "there is no ROLLUP, CUBE",
		"select email from clusters group by grouping sets ((email), ())":            "GROUPING SETS",
		"select email from clusters group by email with rollup":                      "there is no ROLLUP",
		"select email from clusters lateral view explode(x) t as y":                  "there is no LATERAL VIEW",
		"select email from clusters c lateral view explode(x) t as y":                "there is no LATERAL VIEW",
		"select email from clusters, lateral (select 1) t":                           "there is no LATERAL",
		"select email from clusters natural join jobs":                               "there is no NATURAL JOIN",
		"select * from clusters pivot (count(*) for actionName in ('create'))":       "there is no PIVOT",
		"select * from clusters tablesample (10 percent)":                            "there is no TABLESAMPLE",
		"select email from clusters fetch first 1 rows only":                         "write LIMIT",
		"select email from clusters order by email fetch first 1 rows only":          "write LIMIT",
		"select email from clusters sort by email":                                   "write ORDER BY",
		"select explode(requestParams) from clusters":                                "there is no function explode",
		"select * from system.billing.usage":                                         "there is no table",
		"select * from clusterz":                                                     "did you mean clusters",
		"select emial from clusters":                                                 "did you mean email",
	} {
		r, err := ask(t.Context(), small(t), text, sqlite.Options{})
		if want == "" {
			want = "stands where"
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n%v %v, want %s", text, err, r, want)
		}
	}
}

// Statements at once have nothing of each other.
func TestTogether(t *testing.T) {
	const n = 16
	done := make(chan error, n)
	for range n {
		go func() {
			b, err := run(t, "with x(a) as (select email from clusters where workspaceId = 1) select a, count(*) over (order by a) n from x order by a")
			if err == nil && (b.Len != 2 || string(b.Columns[0].ByteAt(1)) != "bob@x") {
				err = fmt.Errorf("%v", b)
			}
			done <- err
		}()
	}
	for range n {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// The heap of the process is what all may have together: none of them gets more.
func TestHeapTogether(t *testing.T) {
	const n = 3
	done := make(chan error, n)
	for range n {
		go func() {
			_, err := ask(t.Context(), small(t), series(1<<40)+"select count(distinct i) c from n", sqlite.Options{MaxMemory: 1 << 20})
			done <- err
		}()
	}
	for range n {
		if err := <-done; err == nil || !strings.Contains(err.Error(), "maxQueryMemoryMiB") {
			t.Errorf("%v", err)
		}
	}
}
