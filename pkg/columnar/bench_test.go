package columnar_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/auditlake/auditlake/pkg/columnar"
)

func field(name string, k columnar.Kind) columnar.Field {
	return columnar.Field{Name: name, Type: columnar.Of(k)}
}

// silver is a table of the shape of cleansed audit events.
func silver() columnar.Schema {
	str := columnar.Of(columnar.String)
	return columnar.Schema{
		field("version", columnar.String), field("auditLevel", columnar.String), field("timestamp", columnar.Long),
		field("orgId", columnar.String), field("workspaceId", columnar.Long), field("accountId", columnar.String),
		field("shardName", columnar.String), field("sourceIPAddress", columnar.String), field("userAgent", columnar.String),
		field("sessionId", columnar.String), field("serviceName", columnar.String), field("actionName", columnar.String),
		field("requestId", columnar.String), field("email", columnar.String), field("subjectName", columnar.String),
		field("actor", columnar.String), field("date_time", columnar.Timestamp), field("date", columnar.Date),
		{Name: "requestParams", Type: columnar.MapOf(str, str)},
		{Name: "response", Type: columnar.StructOf(field("statusCode", columnar.Integer), field("errorMessage", columnar.String), field("result", columnar.String))},
		field("outcome", columnar.String), field("identityMetadata", columnar.String), field("extra", columnar.String),
		field("eventKey", columnar.String), field("fileId", columnar.Long), field("lineNumber", columnar.Long),
		field("ingestedAt", columnar.Timestamp), field("batchId", columnar.Long),
	}
}

// events is n events: few users, services and actions, much that is null, ids
// that never repeat.
func events(n int, seed uint64) *columnar.Batch {
	r := rand.New(rand.NewPCG(seed, 1))
	b := columnar.NewBatch(silver())
	services := []string{"clusters", "accounts", "jobs", "notebook", "workspace", "unityCatalog", "databrickssql", "secrets"}
	keys := []string{"cluster_id", "user", "job_id", "run_id", "path", "full_name_arg", "cluster_name", "workspace_id", "reason", "type"}
	start := int64(1700000000000)
	for i := range n {
		ts := start + int64(i)*37
		user := fmt.Sprintf("user%d@example.com", r.IntN(400))
		service := services[min(r.IntN(8), r.IntN(8))]
		action := fmt.Sprintf("%s.action%d", service, min(r.IntN(40), r.IntN(40)))
		for c, f := range b.Schema {
			v := b.Columns[c]
			switch f.Name {
			case "version":
				v.AppendString("2.0")
			case "auditLevel":
				v.AppendString("WORKSPACE_LEVEL")
			case "timestamp":
				v.AppendInt(ts)
			case "workspaceId":
				v.AppendInt(1234567890123456 + int64(r.IntN(5)))
			case "sourceIPAddress":
				v.AppendString(fmt.Sprintf("10.%d.%d.%d", r.IntN(4), r.IntN(8), r.IntN(250)))
			case "userAgent":
				v.AppendString(fmt.Sprintf("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/%d.0", r.IntN(60)))
			case "sessionId", "identityMetadata", "extra", "shardName":
				if r.IntN(10) > 0 {
					v.AppendNull()
				} else {
					v.AppendString(fmt.Sprintf("s-%d", r.IntN(5000)))
				}
			case "serviceName":
				v.AppendString(service)
			case "actionName":
				v.AppendString(action)
			case "requestId", "eventKey":
				v.AppendString(fmt.Sprintf("%016x-%016x", r.Uint64(), r.Uint64()))
			case "email", "subjectName", "actor":
				v.AppendString(user)
			case "date_time", "ingestedAt":
				v.AppendInt(ts * 1000)
			case "date":
				v.AppendInt(ts / 86400000)
			case "requestParams":
				for range r.IntN(6) {
					v.Children[0].AppendString(keys[r.IntN(len(keys))])
					v.Children[1].AppendString(fmt.Sprintf("%04d-%06d", r.IntN(50), r.IntN(2000)))
				}
				v.AppendNested()
			case "response":
				if r.IntN(20) == 0 {
					v.AppendNull()
					continue
				}
				v.Children[0].AppendInt([]int64{200, 200, 200, 403, 500}[r.IntN(5)])
				v.Children[1].AppendNull()
				v.Children[2].AppendNull()
				v.AppendNested()
			case "outcome":
				v.AppendString([]string{"success", "denied", "failure"}[r.IntN(3)])
			case "fileId", "batchId":
				v.AppendInt(int64(i / 10000))
			case "lineNumber":
				v.AppendInt(int64(i % 10000))
			default:
				v.AppendString("org-1")
			}
		}
	}
	b.Len = n
	return b
}

const benchRows = 300_000

func benchFile(b *testing.B) []byte {
	batches := []*columnar.Batch{}
	for i := range benchRows / 30000 {
		batches = append(batches, events(30000, uint64(i)))
	}
	file, _ := write(b, silver(), columnar.WriterOptions{Plain: []string{"requestId", "eventKey"}}, batches...)
	return file
}

func BenchmarkWrite(b *testing.B) {
	batch := events(32768, 1)
	o := columnar.WriterOptions{Plain: []string{"requestId", "eventKey"}}
	b.ReportAllocs()
	var out bytes.Buffer
	rows := 0
	for b.Loop() {
		out.Reset()
		w, err := columnar.NewWriter(&out, batch.Schema, o)
		if err != nil {
			b.Fatal(err)
		}
		for range 8 {
			if err := w.Write(batch); err != nil {
				b.Fatal(err)
			}
			rows += batch.Len
		}
		if _, err := w.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds()/1000, "krows/s")
	b.ReportMetric(float64(out.Len())/8/float64(batch.Len), "bytes/row")
}

func BenchmarkRead(b *testing.B) {
	file := benchFile(b)
	run := func(name string, want columnar.Schema, use func(*columnar.Batch)) {
		b.Run(name, func(b *testing.B) {
			f := open(b, file)
			b.ReportAllocs()
			for b.Loop() {
				n := 0
				for batch, err := range f.Read(context.Background(), want, nil) {
					if err != nil {
						b.Fatal(err)
					}
					n += batch.Len
					use(batch)
				}
				if n != benchRows {
					b.Fatal(n)
				}
			}
		})
	}
	none := func(*columnar.Batch) {}
	run("all", silver(), none)
	run("none", columnar.Schema{}, none)
	for _, name := range []string{"actionName", "email", "sessionId", "timestamp", "requestId", "requestParams", "response"} {
		i := silver().Index(name)
		run("one/"+name, silver()[i:i+1], none)
	}
	i := silver().Index("actionName")
	counts := make([]int, 1000)
	run("group", silver()[i:i+1], func(batch *columnar.Batch) {
		for _, c := range batch.Columns[0].Codes {
			counts[c]++
		}
	})
	b.Run("open", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			open(b, file)
		}
	})
}
