package register

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// Glue is a database of the AWS Glue Data Catalog, where Athena, EMR, Redshift
// Spectrum, and Trino with Glue as its metastore look.
type Glue struct {
	aws                aws.Config
	endpoint, database string
}

var _ Catalog = (*Glue)(nil)

// GlueConfig says which Glue, and with which credentials. It is that of store.S3Config.AWS.
type GlueConfig struct {
	AWS      aws.Config
	Endpoint string // "" is that of the region
	Database string
}

// NewGlue sends nothing.
func NewGlue(c GlueConfig) *Glue {
	if c.Endpoint == "" {
		c.Endpoint = glueEndpoint(c.AWS.Region)
	}
	return &Glue{usable(c.AWS), c.Endpoint, c.Database}
}

// The keys by which engines know a Delta table: Athena and Redshift by table_type,
// Spark and Trino by the provider, the console by classification.
func glueParameters() map[string]string {
	return map[string]string{
		"EXTERNAL": "TRUE", "table_type": "DELTA", "classification": "delta", "spark.sql.sources.provider": "delta",
	}
}

// Look implements Catalog.
func (c *Glue) Look(ctx context.Context, tables []Table) ([]Entry, error) {
	there := map[string]glueTable{}
	for next := ""; ; {
		in := struct {
			DatabaseName string
			NextToken    string `json:",omitempty"`
		}{c.database, next}
		var page struct {
			TableList []glueTable
			NextToken string
		}
		err := c.call(ctx, "GetTables", in, &page)
		if isGlue(err, glueNotFound) { // there is no database
			return make([]Entry, len(tables)), nil
		}
		if err != nil {
			return nil, c.explain("look for tables", err)
		}
		for _, t := range page.TableList {
			there[t.Name] = t
		}
		if next = page.NextToken; next == "" {
			break
		}
	}
	entries := make([]Entry, len(tables))
	for i, t := range tables {
		if has, ok := there[t.Name]; ok {
			entries[i] = glueEntry(has, t)
		}
	}
	return entries, nil
}

func glueEntry(has glueTable, t Table) Entry {
	if has.StorageDescriptor == nil || has.StorageDescriptor.Location == "" {
		return Entry{State: Taken, Why: errors.New("it has no location")}
	}
	if !sameLocation(has.StorageDescriptor.Location, t.Location) {
		return Entry{State: Taken, Location: has.StorageDescriptor.Location}
	}
	want := glueInput(t)
	for key, value := range want.Parameters {
		if has.Parameters[key] != value {
			return Entry{State: Outdated}
		}
	}
	if !slices.Equal(has.StorageDescriptor.Columns, want.StorageDescriptor.Columns) {
		return Entry{State: Outdated}
	}
	return Entry{State: Current}
}

// glueInput describes a table. Partition columns are columns like others: which
// files a partition has is said by the log, and not by partitions in Glue.
func glueInput(t Table) glueTable {
	var columns []glueColumn
	for _, f := range t.Schema {
		columns = append(columns, glueColumn{glueName(f.Name), glueType(f.Type)})
	}
	return glueTable{
		Name: t.Name, TableType: "EXTERNAL_TABLE",
		Description: "Audit logs of Databricks, written by Auditlake: read only",
		Parameters:  glueParameters(),
		StorageDescriptor: &glueStorage{
			Columns: columns, Location: t.Location,
			// The engines read Parquet by the log. These are what AWS's own crawler puts
			// for a Delta table, and path is where Spark and Trino look for the location.
			InputFormat:  "org.apache.hadoop.mapred.SequenceFileInputFormat",
			OutputFormat: "org.apache.hadoop.hive.ql.io.HiveSequenceFileOutputFormat",
			SerdeInfo: &glueSerde{
				SerializationLibrary: "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
				Parameters:           map[string]string{"serialization.format": "1", "path": t.Location},
			},
		},
	}
}

// notInNames is what a type of Hive has no way to write in the name of a field.
var notInNames = regexp.MustCompile(`[^a-z0-9_]`)

// glueName is the name of a column or field for those who read Glue. Engines have
// the true one from the log.
func glueName(name string) string { return notInNames.ReplaceAllString(strings.ToLower(name), "_") }

// glueType is a type in Hive's words, which are also Glue's.
func glueType(t columnar.Type) string {
	switch t.Kind {
	case columnar.Struct:
		fields := make([]string, len(t.Fields))
		for i, f := range t.Fields {
			fields[i] = glueName(f.Name) + ":" + glueType(f.Type)
		}
		return "struct<" + strings.Join(fields, ",") + ">"
	case columnar.Map:
		return "map<" + glueType(*t.Key) + "," + glueType(*t.Elem) + ">"
	case columnar.List:
		return "array<" + glueType(*t.Elem) + ">"
	case columnar.Byte:
		return "tinyint"
	case columnar.Short:
		return "smallint"
	case columnar.Integer:
		return "int"
	case columnar.Long:
		return "bigint"
	case columnar.TimestampNTZ:
		return "timestamp"
	}
	return t.String()
}

// Prepare implements Catalog.
func (c *Glue) Prepare(ctx context.Context) error {
	err := c.call(ctx, "GetDatabase", struct{ Name string }{c.database}, nil)
	if err == nil {
		return nil
	}
	if !isGlue(err, glueNotFound) {
		return c.explain("look for the database", err)
	}
	err = c.call(ctx, "CreateDatabase", struct{ DatabaseInput glueDatabaseInput }{
		glueDatabaseInput{Name: c.database, Description: "Audit logs of Databricks"},
	}, nil)
	if err != nil && !isGlue(err, glueExists) {
		return c.explain("make the database", err)
	}
	return nil
}

// Add implements Catalog.
func (c *Glue) Add(ctx context.Context, t Table) error {
	err := c.call(ctx, "CreateTable", struct {
		DatabaseName string
		TableInput   glueTable
	}{c.database, glueInput(t)}, nil)
	if err != nil {
		return c.explain("register "+t.Name, err)
	}
	return nil
}

// Update implements Catalog. What others have added to the parameters stays.
func (c *Glue) Update(ctx context.Context, t Table) error {
	var has struct {
		Table struct {
			Parameters map[string]string
			VersionID  string `json:"VersionId"`
		}
	}
	if err := c.call(ctx, "GetTable", struct{ DatabaseName, Name string }{c.database, t.Name}, &has); err != nil {
		return c.explain("read "+t.Name, err)
	}
	input := glueInput(t)
	if has.Table.Parameters != nil {
		maps.Copy(has.Table.Parameters, input.Parameters)
		input.Parameters = has.Table.Parameters
	}
	err := c.call(ctx, "UpdateTable", struct {
		DatabaseName string
		TableInput   glueTable
		SkipArchive  bool
		// VersionID makes another's change in between an error, so that it is not lost.
		VersionID string `json:"VersionId,omitempty"`
	}{c.database, input, true, has.Table.VersionID}, nil)
	if err != nil {
		return c.explain("describe "+t.Name+" anew", err)
	}
	return nil
}

// Name implements Catalog.
func (c *Glue) Name(table string) string { return c.database + "." + table }

// Remove implements Catalog.
func (c *Glue) Remove(table string) string {
	return fmt.Sprintf("have Glue forget it, which deletes no files: aws glue delete-table --database-name %s --name %s", c.database, table)
}

// explain names the action of IAM where Glue denies it.
func (c *Glue) explain(what string, err error) error {
	wrapped := fmt.Errorf("%s in database %s of Glue: %w", what, c.database, err)
	if e, ok := errors.AsType[*glueError](err); ok && e.Code == glueDenied {
		return fmt.Errorf("%w; allow glue:%s on the catalog, the database and its tables", wrapped, e.Operation)
	}
	return wrapped
}
