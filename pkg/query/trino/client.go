package trino

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	client "github.com/trinodb/trino-go-client/trino"

	"github.com/auditlake/auditlake/pkg/outbound"
	"github.com/auditlake/auditlake/pkg/query/exec"
)

// Config is a Trino and how to sign in to it.
type Config struct {
	URL     string // of the coordinator: https://trino.example.com:8443, without a path
	Catalog string // of the lake's tables
	Schema  string
	// User is whom queries run as. It may be empty with a Token, which says it.
	User     string
	Password string // sent over https, and to this machine
	Token    string // a JWT, in the place of a password
	// CA is certificates in PEM that are trusted besides those of the machine.
	CA string

	SessionProperties map[string]string
	ClientTags        []string
	Source            string        // what Trino shows as the source of queries
	Timeout           time.Duration // of one query; 0 leaves it to the context
}

const (
	// retryFor is how long one request is tried again while nobody listens: a
	// coordinator that starts anew has forgotten the query anyway.
	retryFor = 3 * time.Second
	// killFor bounds the request that ends a query.
	killFor = 2 * time.Second
)

// Engine runs statements on one Trino. It is safe for concurrent use.
type Engine struct {
	db     *sql.DB
	config Config
	url    *url.URL
	door   *door
}

// Open sends nothing. The error says which part of the configuration is wrong, and
// repeats nothing that is secret.
func Open(c Config) (*Engine, error) {
	u, err := ParseURL(c.URL)
	if err != nil {
		return nil, err
	}
	if c.User == "" && c.Token == "" {
		return nil, errors.New("there is no user to run queries as")
	}
	if (c.Password != "" || c.Token != "") && u.Scheme == "http" && !loopback(u.Hostname()) {
		return nil, errors.New("a password or token is not sent over http: write a URL with https")
	}
	transport := outbound.Transport()
	if c.CA != "" {
		roots, err := x509.SystemCertPool()
		if err != nil {
			roots = x509.NewCertPool()
		}
		if !roots.AppendCertsFromPEM([]byte(c.CA)) {
			return nil, errors.New("the certificate of the authority is not in PEM")
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	d := &door{transport: transport, at: *u, user: c.User, password: c.Password, token: c.Token}
	retry, server := retryFor, url.URL{Scheme: u.Scheme, Host: u.Host}
	if c.User != "" {
		server.User = url.User(c.User)
	}
	connector, err := client.NewConnector(&client.Config{
		ServerURI: server.String(), Source: c.Source, Catalog: c.Catalog, Schema: c.Schema, TimeZone: "UTC",
		SessionProperties: c.SessionProperties, ClientTags: c.ClientTags,
		RequestRetryTimeout: &retry, HTTPClient: &http.Client{Transport: d},
	})
	if err != nil {
		return nil, fmt.Errorf("trino client: %w", err)
	}
	return &Engine{db: sql.OpenDB(connector), config: c, url: u, door: d}, nil
}

// Close ends what is idle. Queries end with their contexts.
func (e *Engine) Close() error {
	e.door.transport.CloseIdleConnections()
	return e.db.Close()
}

// ParseURL checks the URL of a coordinator, without repeating it.
func ParseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil ||
		u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
		return nil, errors.New("write the URL of the coordinator without user, path and parameters, such as https://trino.example.com:8443")
	}
	return u, nil
}

// IsPlain reports whether what is sent to a URL can be read on the way.
func IsPlain(u *url.URL) bool { return u.Scheme != "https" && !loopback(u.Hostname()) }

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// door is the way of all requests: it signs those to the coordinator, and takes from the
// answers what the client does not hand on. An answer says where a query goes on. That
// is where the coordinator is, or nothing is sent: elsewhere, or in the clear where it
// was not, somebody else would get what signs in. Pieces of an answer that Trino has put
// aside may lie anywhere; for them nothing is sent but what Trino says.
type door struct {
	transport             *http.Transport
	at                    url.URL // of the coordinator
	user, password, token string
}

func (d *door) RoundTrip(req *http.Request) (*http.Response, error) {
	p := progressOf(req.Context())
	if p != nil && req.Method == http.MethodDelete {
		// Run ends queries, for any reason, within a time; the client would for some, and wait.
		return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody, Request: req, Header: http.Header{}}, nil
	}
	resp, err := d.send(req)
	if err != nil || p == nil || resp.StatusCode != http.StatusOK || !strings.HasPrefix(req.URL.Path, "/v1/statement") {
		return resp, err
	}
	if err := p.read(resp); err != nil {
		return nil, err
	}
	return resp, nil
}

func (d *door) send(req *http.Request) (*http.Response, error) {
	switch here := req.URL.Scheme == d.at.Scheme && strings.EqualFold(authority(req.URL), authority(&d.at)); {
	case !here && ofSession(req):
		return nil, ErrElsewhere
	case here && (d.token != "" || d.password != ""):
		req = req.Clone(req.Context())
		if d.token != "" {
			req.Header.Set("Authorization", "Bearer "+d.token)
		} else {
			req.SetBasicAuth(d.user, d.password)
		}
	}
	return d.transport.RoundTrip(req)
}

// ofSession tells the requests of a query from those for pieces of its answer.
func ofSession(req *http.Request) bool {
	for name := range req.Header {
		if strings.HasPrefix(name, "X-Trino-") {
			return true
		}
	}
	return false
}

// authority is host and port of a URL.
func authority(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// progress is what the answers to one statement say of it.
type progress struct {
	maxPage int64 // bytes of an answer

	mu   sync.Mutex
	info Info   // guarded by mu
	next string // where the query goes on; empty once it has ended; guarded by mu
}

type progressKey struct{}

func progressOf(ctx context.Context) *progress {
	p, _ := ctx.Value(progressKey{}).(*progress)
	return p
}

// read takes the body of an answer in, and leaves it to be read again.
func (p *progress) read(resp *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(resp.Body, p.maxPage+1))
	if cerr := resp.Body.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	if int64(len(body)) > p.maxPage {
		return &exec.LimitError{Limit: "MaxMemory", Max: p.maxPage}
	}
	resp.Body = io.NopCloser(strings.NewReader(string(body)))
	var page struct {
		ID      string `json:"id"`
		NextURI string `json:"nextUri"`
		Stats   struct {
			TotalSplits, CompletedSplits              int64
			ProcessedRows, PhysicalInputBytes         int64
			CPUTimeMillis, QueuedTimeMillis           int64
			ElapsedTimeMillis, PeakMemoryBytes, Nodes int64
		} `json:"stats"`
	}
	if json.Unmarshal(body, &page) != nil || page.ID == "" {
		return nil // the client says what is wrong with it
	}
	ms := func(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
	s := page.Stats
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next = page.NextURI
	p.info = Info{
		QueryID: page.ID, Splits: s.TotalSplits, Rows: s.ProcessedRows, Bytes: s.PhysicalInputBytes, Memory: s.PeakMemoryBytes, Nodes: s.Nodes,
		CPU: ms(s.CPUTimeMillis), Queued: ms(s.QueuedTimeMillis), Elapsed: ms(s.ElapsedTimeMillis),
	}
	return nil
}

func (p *progress) now() (Info, string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.info, p.next
}

// kill ends the query on the cluster, if it may still run. That it cannot be reached
// changes nothing: it then ends the query itself, after the minutes in which nobody asks
// for more of it.
func (e *Engine) kill(ctx context.Context, p *progress) {
	_, next := p.now()
	if next == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), killFor)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodDelete, next, nil)
	if err != nil {
		return
	}
	req.Header.Set("X-Trino-Source", e.config.Source)
	if e.config.User != "" {
		req.Header.Set("X-Trino-User", e.config.User)
	}
	if resp, err := e.door.send(req); err == nil {
		_ = resp.Body.Close() // nothing is in it
	}
}
