package trino_test

import (
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/trino"
)

// fake is a coordinator that answers a statement with pages, one after the other, and
// counts how often a query was ended.
type fake struct {
	url    string
	pages  []string // with %s for the URL of the next
	status int      // of all answers, if it is not 0
	ended  chan string
	auth   chan string // of each request
}

func start(t *testing.T, f *fake) *fake {
	t.Helper()
	f.ended, f.auth = make(chan string, 10), make(chan string, 10)
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	f.url = s.URL
	return f
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case f.auth <- r.Header.Get("Authorization"):
	default:
	}
	n := 0
	if r.Method == http.MethodDelete {
		f.ended <- r.URL.Path
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if f.status != 0 {
		w.WriteHeader(f.status)
		_, _ = fmt.Fprintf(w, "who sent %v?", r.Header) // as proxies do
		return
	}
	if r.Method == http.MethodGet {
		if _, err := fmt.Sscanf(r.URL.Path, "/v1/statement/executing/q1/secretslug/%d", &n); err != nil {
			w.WriteHeader(http.StatusNotFound)
			return
		}
	}
	if n >= len(f.pages) {
		w.WriteHeader(http.StatusGone)
		return
	}
	_, _ = strings.NewReplacer("NEXT", fmt.Sprintf("%s/v1/statement/executing/q1/secretslug/%d", f.url, n+1)).WriteString(w, f.pages[n])
}

const (
	first   = `{"id":"q1","nextUri":"NEXT","stats":{"state":"QUEUED"}}`
	numbers = `{"id":"q1","nextUri":"NEXT","columns":[{"name":"n","type":"bigint","typeSignature":{"rawType":"bigint","arguments":[]}}],"data":[[1],[2],[3]],"stats":{"state":"RUNNING","totalSplits":7}}`
	last    = `{"id":"q1","stats":{"state":"FINISHED","totalSplits":9,"processedRows":11,"physicalInputBytes":13,"cpuTimeMillis":17}}`
)

func open(t *testing.T, c trino.Config) *trino.Engine {
	t.Helper()
	c.Catalog, c.Schema = "delta", "auditlake"
	e, err := trino.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func TestTheLastPageTellsWhatAQueryTook(t *testing.T) {
	f := start(t, &fake{pages: []string{first, numbers, last}})
	res, info, err := open(t, trino.Config{URL: f.url, User: "u", Password: "hunter22"}).Run(t.Context(), "SELECT", nil, exec.Options{})
	if err != nil || res.Batch.Len != 3 {
		t.Fatal(res, err)
	}
	if got, want := fmt.Sprintln(info.QueryID, info.Splits, info.Rows, info.Bytes, info.CPU), "q1 9 11 13 17ms\n"; got != want {
		t.Errorf("%s, not %s", got, want)
	}
	if len(f.ended) > 0 {
		t.Error("a query that has finished was ended")
	}
	if got := <-f.auth; got != "Basic dTpodW50ZXIyMg==" {
		t.Errorf("signed in with %q", got)
	}
}

func TestAQueryIsEndedAtALimit(t *testing.T) {
	f := start(t, &fake{pages: []string{first, numbers, last}})
	_, info, err := open(t, trino.Config{URL: f.url, User: "u"}).Run(t.Context(), "SELECT", nil, exec.Options{MaxRows: 2})
	if limit, ok := errors.AsType[*exec.LimitError](err); !ok || limit.Max != 2 || info.QueryID != "q1" {
		t.Fatalf("%v, %+v", err, info)
	}
	f = start(t, &fake{pages: []string{first, strings.Replace(numbers, "[3]", "[3]"+strings.Repeat(",[4]", 1<<18), 1), last}})
	_, _, err = open(t, trino.Config{URL: f.url, User: "u"}).Run(t.Context(), "SELECT", nil, exec.Options{MaxMemory: 1 << 20})
	if limit, ok := errors.AsType[*exec.LimitError](err); !ok || limit.Limit != "MaxMemory" {
		t.Fatal(err)
	}
	select {
	case <-f.ended:
	default:
		t.Error("the query runs on")
	}
}

func TestErrorsNameTheRemedyAndNoSecret(t *testing.T) {
	for status, want := range map[int]struct {
		class error
		text  string
	}{
		401: {trino.ErrSignIn, "check trinoUser and trinoPassword"},
		403: {trino.ErrSignIn, `user "u" may not sign in`},
		404: {trino.ErrUnavailable, "run the query again"},
		500: {trino.ErrUnavailable, "500 Internal Server Error: check that trinoUrl"},
	} {
		f := start(t, &fake{status: status})
		_, _, err := open(t, trino.Config{URL: f.url, User: "u", Token: "hunter22"}).Run(t.Context(), "SELECT", nil, exec.Options{})
		host := strings.TrimPrefix(f.url, "http://")
		if !errors.Is(err, want.class) || !strings.Contains(err.Error(), want.text) || !strings.Contains(err.Error(), host) ||
			strings.Contains(err.Error(), "hunter22") || strings.Contains(err.Error(), "who sent") {
			t.Errorf("%d: %v", status, err)
		}
	}
}

// Whoever answers first and then no more has died.
func TestATrinoThatDies(t *testing.T) {
	t.Parallel() // it waits a while for it to come back
	var s *httptest.Server
	s = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			_, _ = fmt.Fprintf(w, `{"id":"q1","nextUri":"%s/v1/statement/executing/q1/secretslug/1","stats":{"state":"QUEUED"}}`, s.URL)
			return
		}
		_ = s.Listener.Close()
		panic(http.ErrAbortHandler)
	}))
	defer s.Close()
	_, info, err := open(t, trino.Config{URL: s.URL, User: "u"}).Run(t.Context(), "SELECT", nil, exec.Options{})
	host := strings.TrimPrefix(s.URL, "http://")
	if !errors.Is(err, trino.ErrUnavailable) || !strings.Contains(err.Error(), host) || !strings.Contains(err.Error(), "that the coordinator runs") ||
		strings.Contains(err.Error(), "secretslug") || info.QueryID != "q1" {
		t.Errorf("%v, %+v", err, info)
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, c := range []trino.Config{
		{URL: "trino.example.com:8080", User: "u"},
		{URL: "https://u:hunter22@trino.example.com", User: "u"},
		{URL: "https://trino.example.com/path", User: "u"},
		{URL: "https://trino.example.com"},
		{URL: "http://trino.example.com", User: "u", Password: "hunter22"},
		{URL: "http://trino.example.com", Token: "hunter22"},
		{URL: "https://trino.example.com", User: "u", CA: "hunter22"},
	} {
		if _, err := trino.Open(c); err == nil || strings.Contains(err.Error(), "hunter22") {
			t.Errorf("%s: %v", c.URL, err)
		}
	}
	for _, c := range []trino.Config{
		{URL: "http://127.0.0.1:8080", User: "u", Password: "x"}, {URL: "http://localhost:8080", Token: "x"}, {URL: "http://trino:8080/", User: "u"},
	} {
		if _, err := trino.Open(c); err != nil {
			t.Errorf("%s: %v", c.URL, err)
		}
	}
}

func TestOnlyReadingIsRun(t *testing.T) {
	for statement, reads := range map[string]bool{
		"SELECT 1": true, " -- so\n/* it */ (select 1)": true, "WITH a AS (SELECT 1) SELECT * FROM a": true, "VALUES 1": true,
		"SHOW TABLES": true, "explain select 1": true, "TABLE silver": true,
		"DROP TABLE silver": false, "-- SELECT\nDELETE FROM silver": false, "explain analyze delete from silver": false,
		"": false, "-- SELECT": false, "CALL system.register_table()": false, "/* SELECT": false,
	} {
		if err := trino.CheckReads(statement); (err == nil) != reads {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

// What a coordinator says of where a query goes on may be wrong, or a lie: what signs in
// is for the address in the settings, and over TLS where that is.
func TestNothingIsSentElsewhere(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s was asked, with %v", r.Method, r.URL, r.Header)
	}))
	defer elsewhere.Close()
	for name, next := range map[string]string{
		"another host": elsewhere.URL + "/v1/statement/executing/q1/x/1", "metadata": "http://169.254.169.254/latest/meta-data/", "another port": "http://127.0.0.1:1/v1/statement/executing/q1/x/1",
	} {
		f := start(t, &fake{pages: []string{strings.Replace(first, "NEXT", next, 1)}})
		_, _, err := open(t, trino.Config{URL: f.url, User: "u", Password: "hunter22"}).Run(t.Context(), "SELECT", nil, exec.Options{})
		if !errors.Is(err, trino.ErrElsewhere) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var asked []string
	coordinator := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method)
		_, _ = fmt.Fprintf(w, `{"id":"q1","nextUri":"http://%s/v1/statement/executing/q1/x/1","stats":{"state":"QUEUED"}}`, r.Host)
	}))
	defer coordinator.Close()
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: coordinator.Certificate().Raw}))
	_, _, err := open(t, trino.Config{URL: coordinator.URL, Token: "hunter22", CA: ca}).Run(t.Context(), "SELECT", nil, exec.Options{})
	if !errors.Is(err, trino.ErrElsewhere) || len(asked) != 1 {
		t.Errorf("in the clear: %v after %v", err, asked)
	}
}

// A piece of an answer that lies in a bucket is fetched from there, unsigned.
func TestPiecesMayLieElsewhere(t *testing.T) {
	bucket := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" || r.Header.Get("X-Trino-User") != "" {
			t.Errorf("%s was asked with %v", r.URL, r.Header)
		}
		_, _ = w.Write([]byte("[[1],[2]]"))
	}))
	defer bucket.Close()
	f := start(t, &fake{pages: []string{first, `{"id":"q1","nextUri":"NEXT","columns":[{"name":"n","type":"bigint","typeSignature":{"rawType":"bigint","arguments":[]}}],` +
		`"data":{"encoding":"json","segments":[{"type":"spooled","uri":"` + bucket.URL + `/piece","ackUri":"` + bucket.URL + `/ack","metadata":{"rowOffset":0,"rowsCount":2,"segmentSize":9}}]},"stats":{"state":"RUNNING"}}`, last}})
	res, _, err := open(t, trino.Config{URL: f.url, User: "u", Password: "hunter22"}).Run(t.Context(), "SELECT", nil, exec.Options{})
	if err != nil || res.Batch.Len != 2 {
		t.Errorf("%v %v", res, err)
	}
}
