package scim_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/identity/scim"
	"github.com/auditlake/auditlake/pkg/outbound"
)

// databricks is a server that behaves as Databricks describes its SCIM API: one-based
// pages, a count that is capped, 404 for ids of another kind, 401 and 403, tokens that
// expire, and limits on requests.
type databricks struct {
	*httptest.Server
	account string // id, of an account host

	mu       sync.Mutex
	users    []map[string]string
	apps     []map[string]string
	pat      string
	secret   string
	life     int // of a token, in seconds
	tokens   map[string]bool
	issued   int
	requests []string
	answers  []func(http.ResponseWriter, *http.Request) // instead of the next ones
}

const mostPerPage = 40 // whatever is asked for

func newDatabricks(t *testing.T) *databricks {
	d := &databricks{pat: "dapi0123456789", secret: "dose0123456789", life: 3600, tokens: map[string]bool{}}
	d.Server = httptest.NewServer(d)
	t.Cleanup(d.Close)
	for i := range 95 {
		d.users = append(d.users, map[string]string{"id": strconv.Itoa(1000 + i), "userName": fmt.Sprintf("u%d@example.com", i), "displayName": fmt.Sprintf("U %d", i)})
	}
	d.apps = []map[string]string{{"id": "2000", "applicationId": "0a1b2c3d-0000-4000-8000-0123456789ab", "displayName": "etl"}}
	return d
}

func (d *databricks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.requests = append(d.requests, r.Method+" "+r.URL.Path)
	if len(d.answers) > 0 {
		answer := d.answers[0]
		d.answers = d.answers[1:]
		if answer != nil {
			answer(w, r)
			return
		}
	}
	root, tokenPath := "/api/2.0/preview/scim/v2/", "/oidc/v1/token"
	if d.account != "" {
		root, tokenPath = "/api/2.0/accounts/"+d.account+"/scim/v2/", "/oidc/accounts/"+d.account+"/v1/token"
	}
	if r.URL.Path == tokenPath {
		d.token(w, r)
		return
	}
	path, ok := strings.CutPrefix(r.URL.Path, root)
	if !ok {
		http.NotFound(w, r)
		return
	}
	if token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "); token != d.pat && !d.tokens[token] {
		http.Error(w, `{"error_code":401,"message":"Credential was not sent or was of an unsupported type: `+token+`"}`, http.StatusUnauthorized)
		return
	}
	kind, id, one := strings.Cut(path, "/")
	all := map[string][]map[string]string{"Users": d.users, "ServicePrincipals": d.apps, "Groups": nil}[kind]
	w.Header().Set("Content-Type", "application/scim+json")
	if !one {
		d.page(w, r, all)
		return
	}
	for _, p := range all {
		if p["id"] == id {
			_ = json.NewEncoder(w).Encode(p)
			return
		}
	}
	http.Error(w, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"detail":"not found","status":"404"}`, http.StatusNotFound)
}

func (d *databricks) token(w http.ResponseWriter, r *http.Request) {
	id, secret, _ := r.BasicAuth()
	if id != "client" || secret != d.secret || r.FormValue("grant_type") != "client_credentials" || r.FormValue("scope") != "all-apis" {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"error":"invalid_client","error_description":"Client authentication failed: ` + secret + `"}`))
		return
	}
	d.issued++
	token := fmt.Sprintf("issued-%d", d.issued)
	d.tokens[token] = true
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(w, `{"access_token":%q,"token_type":"Bearer","expires_in":%d}`, token, d.life)
}

func (d *databricks) page(w http.ResponseWriter, r *http.Request, all []map[string]string) {
	start, err := strconv.Atoi(r.FormValue("startIndex"))
	count, cerr := strconv.Atoi(r.FormValue("count"))
	if err != nil || cerr != nil || start < 1 {
		http.Error(w, "bad page", http.StatusBadRequest)
		return
	}
	from := min(start-1, len(all))
	to := min(from+min(count, mostPerPage), len(all))
	_ = json.NewEncoder(w).Encode(map[string]any{
		"totalResults": len(all), "startIndex": start, "itemsPerPage": to - from, "Resources": all[from:to],
	})
}

// instead has the next answers given by others; nil is the usual one.
func (d *databricks) instead(answers ...func(http.ResponseWriter, *http.Request)) {
	d.answers = answers
}

func status(code int, header ...string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		http.Error(w, "said to "+r.Header.Get("Authorization"), code)
	}
}

// pauses notes the waits, and waits for none.
type pauses []time.Duration

func (p *pauses) pause(ctx context.Context, d time.Duration) error {
	*p = append(*p, d)
	return ctx.Err()
}

func client(t *testing.T, d *databricks, change func(*scim.Config)) (*scim.Client, *pauses) {
	t.Helper()
	waits := &pauses{}
	c := scim.Config{Host: d.URL, AccountID: d.account, Token: d.pat, Pause: waits.pause}
	if change != nil {
		change(&c)
	}
	out, err := scim.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return out, waits
}

func asServicePrincipal(c *scim.Config) {
	c.Token, c.ClientID, c.ClientSecret = "", "client", "dose0123456789"
}

func TestWhoIsWho(t *testing.T) {
	for name, account := range map[string]string{"of a workspace": "", "of an account": "0a1b2c3d-4e5f-6a7b-8c9d-0e1f2a3b4c5d"} {
		t.Run(name, func(t *testing.T) {
			d := newDatabricks(t)
			d.account = account
			for name, change := range map[string]func(*scim.Config){"token": nil, "oauth": asServicePrincipal} {
				t.Run(name, func(t *testing.T) {
					c, _ := client(t, d, change)
					user, err := c.ByID(t.Context(), "1007")
					if want := (scim.Principal{Kind: scim.Users, ID: "1007", UserName: "u7@example.com", DisplayName: "U 7"}); err != nil || user != want {
						t.Errorf("1007 is %+v, %v, want %+v", user, err, want)
					}
					app, err := c.ByID(t.Context(), "2000")
					if err != nil || app.Kind != scim.ServicePrincipals || app.ApplicationID != "0a1b2c3d-0000-4000-8000-0123456789ab" {
						t.Errorf("2000 is %+v, %v", app, err)
					}
					if p, err := c.ByID(t.Context(), "3000"); !errors.Is(err, scim.ErrNotFound) {
						t.Errorf("3000 is %+v, %v, want nobody", p, err)
					}
					if err := c.Check(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
		})
	}
}

func TestAListIsAllPages(t *testing.T) {
	d := newDatabricks(t)
	c, _ := client(t, d, nil)
	var ids []string
	for p, err := range c.List(t.Context(), scim.Users) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, p.ID)
	}
	var want []string
	for _, u := range d.users {
		want = append(want, u["id"])
	}
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
	if len(d.requests) != 3 {
		t.Errorf("%d requests, want 3 pages of 40: %q", len(d.requests), d.requests)
	}
	for range c.List(t.Context(), scim.Groups) {
		t.Error("there are no groups")
	}
}

func TestAListThatBreaksOffSaysSo(t *testing.T) {
	d := newDatabricks(t)
	c, _ := client(t, d, nil)
	d.instead(nil, status(http.StatusForbidden))
	n := 0
	var last error
	for _, err := range c.List(t.Context(), scim.Users) {
		if last = err; err == nil {
			n++
		}
	}
	if n != mostPerPage || !errors.Is(last, scim.ErrForbidden) {
		t.Errorf("%d users and then %v, want %d and ErrForbidden", n, last, mostPerPage)
	}
}

func TestWaiting(t *testing.T) {
	soon := time.Now().Add(20 * time.Second).UTC().Format(http.TimeFormat)
	for name, c := range map[string]struct {
		answers     []func(http.ResponseWriter, *http.Request)
		least, most time.Duration // of the only pause; 0: there is none
		err         error
	}{
		"as many seconds as are asked for": {[]func(http.ResponseWriter, *http.Request){status(429, "Retry-After", "7")}, 7 * time.Second, 7 * time.Second, nil},
		"up to a date":                     {[]func(http.ResponseWriter, *http.Request){status(429, "Retry-After", soon)}, 15 * time.Second, 20 * time.Second, nil},
		"a while if nothing is said":       {[]func(http.ResponseWriter, *http.Request){status(429)}, 250 * time.Millisecond, 500 * time.Millisecond, nil},
		"a while if it makes no sense":     {[]func(http.ResponseWriter, *http.Request){status(429, "Retry-After", "soon")}, 250 * time.Millisecond, 500 * time.Millisecond, nil},
		"after an error of the server":     {[]func(http.ResponseWriter, *http.Request){status(502)}, 250 * time.Millisecond, 500 * time.Millisecond, nil},
		"not for an hour":                  {[]func(http.ResponseWriter, *http.Request){status(429, "Retry-After", "3600")}, 0, 0, scim.ErrBusy},
		"not after a refusal":              {[]func(http.ResponseWriter, *http.Request){status(403)}, 0, 0, scim.ErrForbidden},
		"not with a wrong token":           {[]func(http.ResponseWriter, *http.Request){status(401)}, 0, 0, scim.ErrUnauthorized},
		"not for what is no answer": {[]func(http.ResponseWriter, *http.Request){func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("<html>sign in</html>"))
		}}, 0, 0, scim.ErrAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDatabricks(t)
			cl, waits := client(t, d, nil)
			d.instead(c.answers...)
			_, err := cl.ByID(t.Context(), "1001")
			if !errors.Is(err, c.err) {
				t.Errorf("err = %v, want %v", err, c.err)
			}
			switch {
			case c.most == 0 && len(*waits) > 0:
				t.Errorf("it waited %v", *waits)
			case c.most > 0 && (len(*waits) != 1 || (*waits)[0] < c.least || (*waits)[0] > c.most):
				t.Errorf("it waited %v, want once from %s to %s", *waits, c.least, c.most)
			}
		})
	}
}

func TestAttemptsAreBounded(t *testing.T) {
	d := newDatabricks(t)
	c, waits := client(t, d, func(c *scim.Config) { c.Attempts = 4 })
	for range 10 {
		d.answers = append(d.answers, status(503))
	}
	if _, err := c.ByID(t.Context(), "1001"); err == nil || len(d.requests) != 4 || len(*waits) != 3 {
		t.Errorf("%d requests with the pauses %v, then %v; want 4", len(d.requests), *waits, err)
	}
}

func TestTokens(t *testing.T) {
	count := func(d *databricks, path string) (n int) {
		for _, r := range d.requests {
			if strings.Contains(r, path) {
				n++
			}
		}
		return n
	}
	ask := func(t *testing.T, c *scim.Client, want error) {
		t.Helper()
		if _, err := c.ByID(t.Context(), "1001"); !errors.Is(err, want) {
			t.Errorf("err = %v, want %v", err, want)
		}
	}
	t.Run("are kept", func(t *testing.T) {
		d := newDatabricks(t)
		c, _ := client(t, d, asServicePrincipal)
		for range 5 {
			ask(t, c, nil)
		}
		if d.issued != 1 || count(d, "Users") != 5 {
			t.Errorf("%d tokens for %d requests, want 1 for 5", d.issued, count(d, "Users"))
		}
	})
	t.Run("that are about to expire are not used", func(t *testing.T) {
		d := newDatabricks(t)
		d.life = 30
		c, _ := client(t, d, asServicePrincipal)
		ask(t, c, nil)
		ask(t, c, nil)
		if d.issued != 2 {
			t.Errorf("%d tokens, want 2", d.issued)
		}
	})
	t.Run("that were revoked are fetched anew", func(t *testing.T) {
		d := newDatabricks(t)
		c, _ := client(t, d, asServicePrincipal)
		ask(t, c, nil)
		clear(d.tokens)
		ask(t, c, nil)
		if d.issued != 2 {
			t.Errorf("%d tokens, want 2", d.issued)
		}
	})
	t.Run("are not given to a wrong secret", func(t *testing.T) {
		d := newDatabricks(t)
		c, waits := client(t, d, func(c *scim.Config) { asServicePrincipal(c); c.ClientSecret = "dose-wrong-secret" })
		ask(t, c, scim.ErrUnauthorized)
		if len(d.requests) != 1 || len(*waits) != 0 {
			t.Errorf("requests %q with the pauses %v, want one alone", d.requests, *waits)
		}
	})
	t.Run("wait for their turn", func(t *testing.T) {
		d := newDatabricks(t)
		c, waits := client(t, d, asServicePrincipal)
		d.instead(status(429, "Retry-After", "3"))
		ask(t, c, nil)
		if len(*waits) != 1 || (*waits)[0] != 3*time.Second {
			t.Errorf("it waited %v, want 3 s", *waits)
		}
	})
}

// TestNoErrorHasASecret: servers quote what they were sent.
func TestNoErrorHasASecret(t *testing.T) {
	for _, code := range []int{302, 400, 401, 403, 404, 418, 429, 500, 503} {
		for name, change := range map[string]func(*scim.Config){"token": nil, "oauth": asServicePrincipal} {
			d := newDatabricks(t)
			c, _ := client(t, d, change)
			for range 10 {
				d.answers = append(d.answers, status(code, "Location", "https://evil.example/"))
			}
			_, err := c.ByID(t.Context(), "1001")
			if err == nil {
				t.Fatalf("%s, status %d: no error", name, code)
			}
			for _, secret := range []string{"dapi", "dose", "Bearer", "Basic", "issued", "evil"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("%s, status %d: %v", name, code, err)
				}
			}
		}
	}
}

// What is no HTTP is quoted by Go's client.
func TestNoErrorHasTheHeaderThatCameBack(t *testing.T) {
	for name, broken := range map[string]string{
		"header": "HTTP/1.1 200 OK\r\n%s\r\n\r\n", "status": "HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n",
		"trailer": "HTTP/1.1 200 OK\r\nTrailer: X\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n%s\r\n\r\n",
	} {
		d := newDatabricks(t)
		c, _ := client(t, d, nil)
		for range 10 {
			d.answers = append(d.answers, func(w http.ResponseWriter, r *http.Request) {
				conn, _, err := w.(http.Hijacker).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = fmt.Fprintf(conn, broken, r.Header.Get("Authorization"))
				_ = conn.Close() // the client's outcome is what counts
			})
		}
		if _, err := c.ByID(t.Context(), "1001"); err == nil || strings.Contains(err.Error(), "dapi") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A page of four MiB can have more than a million principals.
func TestAPageOfManyPrincipals(t *testing.T) {
	d := newDatabricks(t)
	c, _ := client(t, d, nil)
	d.instead(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, `{"totalResults":1000000,"Resources":[{}`+strings.Repeat(",{}", 100_000)+`]}`)
	})
	for p, err := range c.List(t.Context(), scim.Users) {
		if !errors.Is(err, scim.ErrAnswer) {
			t.Fatalf("%v, err = %v, want ErrAnswer", p, err)
		}
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s was asked with %q", r.URL, r.Header.Get("Authorization"))
	}))
	defer elsewhere.Close()
	for name, change := range map[string]func(*scim.Config){"token": nil, "oauth": asServicePrincipal} {
		d := newDatabricks(t)
		c, _ := client(t, d, change)
		for range 3 {
			d.answers = append(d.answers, status(307, "Location", elsewhere.URL+"/api"))
		}
		if _, err := c.ByID(t.Context(), "1001"); !errors.Is(err, scim.ErrAnswer) {
			t.Errorf("%s: err = %v, want ErrAnswer", name, err)
		}
	}
}

func TestAMetadataServiceIsNotAsked(t *testing.T) {
	c, err := scim.New(scim.Config{Host: "https://169.254.169.254", Token: "dapi0123456789", Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.ByID(t.Context(), "1"); !errors.Is(err, outbound.ErrMetadata) {
		t.Errorf("err = %v, want ErrMetadata", err)
	}
}

func TestASlowServer(t *testing.T) {
	never := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-never:
		case <-r.Context().Done():
		}
	}))
	defer slow.Close()
	defer close(never)
	d := &databricks{Server: slow, pat: "dapi0123456789"}
	for name, change := range map[string]func(*scim.Config){"token": nil, "oauth": asServicePrincipal} {
		t.Run("is given up, "+name, func(t *testing.T) {
			c, waits := client(t, d, func(c *scim.Config) {
				if change != nil {
					change(c)
				}
				c.Timeout, c.Attempts = 20*time.Millisecond, 2
			})
			if _, err := c.ByID(t.Context(), "1"); err == nil || len(*waits) != 1 {
				t.Errorf("err = %v after the pauses %v, want an error after one", err, *waits)
			}
		})
		t.Run("is left when nobody waits any more, "+name, func(t *testing.T) {
			c, _ := client(t, d, change)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			if _, err := c.ByID(ctx, "1"); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("err = %v, want that of the context", err)
			}
		})
	}
}

func TestAnAnswerWithoutEnd(t *testing.T) {
	d := newDatabricks(t)
	c, _ := client(t, d, nil)
	d.instead(func(w http.ResponseWriter, _ *http.Request) {
		line := []byte(`{"id":"1001","displayName":"` + strings.Repeat("a", 1<<16) + `"}`)
		for range 1 << 10 {
			if _, err := w.Write(line); err != nil {
				return
			}
		}
	})
	if _, err := c.ByID(t.Context(), "1001"); !errors.Is(err, scim.ErrAnswer) {
		t.Errorf("err = %v, want ErrAnswer", err)
	}
}

func TestHosts(t *testing.T) {
	for host, want := range map[string]string{
		"dbc-1.cloud.databricks.com":           "https://dbc-1.cloud.databricks.com",
		"https://dbc-1.cloud.databricks.com/ ": "https://dbc-1.cloud.databricks.com",
		"http://127.0.0.1:8080":                "http://127.0.0.1:8080",
		"http://localhost":                     "http://localhost",
		"http://[::1]:80":                      "http://[::1]:80",
		"http://dbc-1.cloud.databricks.com":    "",
		"http://localhost.evil.example":        "",
		"https://token@host":                   "",
		"https://host/api":                     "",
		"https://host?x=1":                     "",
		"file:///etc/passwd":                   "",
		"https://":                             "",
		"":                                     "",
	} {
		if got, err := scim.HostURL(host); got != want || (err != nil) != (want == "") {
			t.Errorf("%q is %q, %v, want %q", host, got, err, want)
		}
	}
	if _, err := scim.New(scim.Config{Host: "h", Token: "t", AccountID: "../x"}); err == nil {
		t.Error("an account id is no path")
	}
	if _, err := scim.New(scim.Config{Host: "h", ClientID: "c"}); err == nil {
		t.Error("a client id needs a secret")
	}
}
