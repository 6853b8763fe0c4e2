package register_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"
	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/register"
)

// fakeGlue keeps tables as Glue's documentation has it, two to a page. There is no
// Glue to be had but AWS's own, so this is what the code is held against, and
// AWS's client: what that sends and reads is taken for the truth.
type fakeGlue struct {
	t *testing.T

	mu       sync.Mutex // guards what follows
	database bool
	tables   map[string]map[string]any
	bodies   map[string][]string // by operation
	faults   []int               // status of the next answers; 0 is none
}

var keys = credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "token")

const region = "eu-central-1"

func startGlue(t *testing.T) (*fakeGlue, *httptest.Server, aws.Config) {
	t.Helper()
	f := &fakeGlue{t: t, tables: map[string]map[string]any{}, bodies: map[string][]string{}}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return f, server, aws.Config{Region: region, Credentials: keys, HTTPClient: server.Client()}
}

func (f *fakeGlue) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		f.t.Error(err)
	}
	operation := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AWSGlue.")
	if got := r.Header.Get("Content-Type"); got != "application/x-amz-json-1.1" {
		f.t.Errorf("%s: content type is %s", operation, got)
	}
	if err := checkSignature(r, body); err != nil {
		f.t.Errorf("%s: %v", operation, err)
	}
	if len(f.faults) > 0 {
		status := f.faults[0]
		f.faults = f.faults[1:]
		if status == http.StatusForbidden {
			refuse(w, http.StatusBadRequest, "AccessDeniedException", "User is not authorized")
			return
		}
		if status != 0 {
			refuse(w, status, "InternalServiceException", "try again")
			return
		}
	}
	f.bodies[operation] = append(f.bodies[operation], string(body))
	var in struct {
		DatabaseName, Name, NextToken, VersionId string
		TableInput                               map[string]any
	}
	if err := json.Unmarshal(body, &in); err != nil {
		f.t.Error(err)
	}
	if !f.database && operation != "CreateDatabase" {
		refuse(w, http.StatusBadRequest, "com.amazonaws.glue#EntityNotFoundException", "Database audit not found")
		return
	}
	switch operation {
	case "GetDatabase":
		answer(w, map[string]any{"Database": map[string]any{"Name": in.Name}})
	case "CreateDatabase":
		f.database = true
		answer(w, map[string]any{})
	case "GetTables":
		f.list(w, in.NextToken)
	case "GetTable":
		answer(w, map[string]any{"Table": f.tables[in.Name]})
	case "CreateTable":
		name, _ := in.TableInput["Name"].(string)
		if f.tables[name] != nil {
			refuse(w, http.StatusBadRequest, "AlreadyExistsException", "Table already exists.")
			return
		}
		in.TableInput["VersionId"] = "0"
		f.tables[name] = in.TableInput
		answer(w, map[string]any{})
	case "UpdateTable":
		name, _ := in.TableInput["Name"].(string)
		if has := fmt.Sprint(f.tables[name]["VersionId"]); in.VersionId != has {
			refuse(w, http.StatusBadRequest, "ConcurrentModificationException", "version is "+has)
			return
		}
		in.TableInput["VersionId"] = in.VersionId + "1"
		f.tables[name] = in.TableInput
		answer(w, map[string]any{})
	default:
		f.t.Errorf("operation is %q", operation)
		refuse(w, http.StatusBadRequest, "UnknownOperationException", "")
	}
}

func (f *fakeGlue) list(w http.ResponseWriter, token string) {
	var names []string
	for name := range f.tables {
		if name > token {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	page := map[string]any{}
	if len(names) > 2 {
		names = names[:2]
		page["NextToken"] = names[1]
	}
	list := []any{}
	for _, name := range names {
		list = append(list, f.tables[name])
	}
	page["TableList"] = list
	answer(w, page)
}

func answer(w http.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) }

func refuse(w http.ResponseWriter, status int, code, message string) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"__type": code, "Message": message})
}

// checkSignature signs what came again, with the keys that the client has, and
// compares.
func checkSignature(r *http.Request, body []byte) error {
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil {
		return err
	}
	again, err := http.NewRequest(r.Method, "http://"+r.Host+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	got := r.Header.Get("Authorization")
	_, signed, _ := strings.Cut(got, "SignedHeaders=")
	signed, _, _ = strings.Cut(signed, ",")
	for _, name := range strings.Split(signed, ";") {
		if value := r.Header.Get(name); value != "" && name != "content-length" {
			again.Header.Set(name, value)
		}
	}
	creds, err := keys.Retrieve(r.Context())
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(r.Context(), creds, again, hex.EncodeToString(sum[:]), "glue", region, at); err != nil {
		return err
	}
	if want := again.Header.Get("Authorization"); got != want {
		return fmt.Errorf("signed as\n%s, want\n%s", got, want)
	}
	return nil
}

var silver = columnar.Schema{
	{Name: "date_time", Type: columnar.Of(columnar.Timestamp)},
	{Name: "workspaceId", Type: columnar.Of(columnar.Long)},
	{Name: "requestParams", Type: columnar.MapOf(columnar.Of(columnar.String), columnar.Of(columnar.String))},
	{Name: "response", Type: columnar.StructOf(
		columnar.Field{Name: "statusCode", Type: columnar.Of(columnar.Long)}, columnar.Field{Name: "a-B.c", Type: columnar.Of(columnar.String)})},
}

func TestGlueKnowsWhatIsRegistered(t *testing.T) {
	f, server, config := startGlue(t)
	catalog := register.NewGlue(register.GlueConfig{AWS: config, Endpoint: server.URL, Database: "audit"})
	var tables []register.Table
	for _, name := range []string{"bronze", "clusters", "jobs", "runs", "silver"} {
		tables = append(tables, register.Table{Name: name, Location: "s3://b/" + name, Schema: silver})
	}
	names := func(of []register.Table) (all []string) {
		for _, t := range of {
			all = append(all, t.Name)
		}
		return all
	}
	f.faults = []int{500, 503, 0} // passing faults are got over
	register1 := func(name string, want register.Outcome) {
		t.Helper()
		got, err := register.Register(t.Context(), catalog, tables)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	register1("first", register.Outcome{Added: names(tables)})
	register1("again", register.Outcome{Kept: names(tables)})

	// AWS's own client reads what is there now.
	client := sdk.NewFromConfig(config, func(o *sdk.Options) { o.BaseEndpoint = &server.URL })
	has, err := client.GetTable(t.Context(), &sdk.GetTableInput{DatabaseName: aws.String("audit"), Name: aws.String("silver")})
	if err != nil {
		t.Fatal(err)
	}
	if got := aws.ToString(has.Table.StorageDescriptor.Location); got != "s3://b/silver" {
		t.Errorf("location is %s", got)
	}
	columns := map[string]string{}
	for _, c := range has.Table.StorageDescriptor.Columns {
		columns[*c.Name] = *c.Type
	}
	if diff := cmp.Diff(map[string]string{
		"date_time": "timestamp", "workspaceid": "bigint", "requestparams": "map<string,string>", "response": "struct<statuscode:bigint,a_b_c:string>",
	}, columns); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{
		"EXTERNAL": "TRUE", "table_type": "DELTA", "classification": "delta", "spark.sql.sources.provider": "delta",
	}, has.Table.Parameters); diff != "" {
		t.Errorf("parameters (-want +got):\n%s", diff)
	}

	// It says the same in the same words.
	ours := f.bodies["CreateTable"][4]
	f.database, f.tables = false, map[string]map[string]any{}
	if _, err := client.CreateDatabase(t.Context(), &sdk.CreateDatabaseInput{DatabaseInput: &types.DatabaseInput{
		Name: aws.String("audit"), Description: aws.String("Audit logs of Databricks"),
	}}); err != nil {
		t.Fatal(err)
	}
	sameJSON(t, "CreateDatabase", f.bodies["CreateDatabase"][1], f.bodies["CreateDatabase"][0])
	d := has.Table.StorageDescriptor
	if _, err := client.CreateTable(t.Context(), &sdk.CreateTableInput{DatabaseName: aws.String("audit"), TableInput: &types.TableInput{
		Name: has.Table.Name, Description: has.Table.Description, TableType: has.Table.TableType, Parameters: has.Table.Parameters,
		StorageDescriptor: &types.StorageDescriptor{
			Columns: d.Columns, Location: d.Location, InputFormat: d.InputFormat, OutputFormat: d.OutputFormat, SerdeInfo: d.SerdeInfo,
		},
	}}); err != nil {
		t.Fatal(err)
	}
	sameJSON(t, "CreateTable", f.bodies["CreateTable"][5], ours)
}

func sameJSON(t *testing.T, what, want, got string) {
	t.Helper()
	var a, b any
	if err := json.Unmarshal([]byte(want), &a); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(got), &b); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("%s (-AWS's client +ours):\n%s", what, diff)
	}
}

func TestGlueIsToldOfNewColumns(t *testing.T) {
	f, server, config := startGlue(t)
	catalog := register.NewGlue(register.GlueConfig{AWS: config, Endpoint: server.URL, Database: "audit"})
	tables := []register.Table{{Name: "silver", Location: "s3://b/silver", Schema: silver[:2]}}
	if _, err := register.Register(t.Context(), catalog, tables); err != nil {
		t.Fatal(err)
	}
	parameters, _ := f.tables["silver"]["Parameters"].(map[string]any)
	parameters["owner"] = "security"
	tables[0].Schema = silver
	got, err := register.Register(t.Context(), catalog, tables)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(register.Outcome{Updated: []string{"silver"}}, got); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}
	var sent struct {
		VersionId   string
		SkipArchive bool
		TableInput  struct {
			Parameters        map[string]string
			StorageDescriptor struct{ Columns []struct{ Name string } }
		}
	}
	if err := json.Unmarshal([]byte(f.bodies["UpdateTable"][0]), &sent); err != nil {
		t.Fatal(err)
	}
	if sent.VersionId != "0" || !sent.SkipArchive || sent.TableInput.Parameters["owner"] != "security" || len(sent.TableInput.StorageDescriptor.Columns) != len(silver) {
		t.Errorf("sent %s", f.bodies["UpdateTable"][0])
	}
	if got, err := register.Plan(t.Context(), catalog, tables); err != nil || len(got.Kept) != 1 {
		t.Errorf("afterwards: %+v, %v", got, err)
	}
}

func TestGlueElsewhereAndDenied(t *testing.T) {
	f, server, config := startGlue(t)
	catalog := register.NewGlue(register.GlueConfig{AWS: config, Endpoint: server.URL, Database: "audit"})
	tables := []register.Table{{Name: "silver", Location: "s3://b/silver", Schema: silver}}
	if _, err := register.Register(t.Context(), catalog, []register.Table{{Name: "silver", Location: "s3://old/silver", Schema: silver}}); err != nil {
		t.Fatal(err)
	}
	_, err := register.Register(t.Context(), catalog, tables)
	if err == nil || !strings.Contains(err.Error(), "audit.silver is registered at s3://old/silver and lies at s3://b/silver") ||
		!strings.Contains(err.Error(), "aws glue delete-table --database-name audit --name silver") {
		t.Errorf("error is %v", err)
	}
	f.faults = []int{http.StatusForbidden}
	if _, err := register.Register(t.Context(), catalog, tables); err == nil || !strings.Contains(err.Error(), "allow glue:GetTables on the catalog") {
		t.Errorf("error is %v", err)
	}
}
