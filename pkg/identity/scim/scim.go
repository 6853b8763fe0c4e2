// Package scim asks DATABRICKS who somebody is, over SCIM 2.0.
//
//	GET <host>/api/2.0/preview/scim/v2/{Users,ServicePrincipals,Groups}[/{id}]              a workspace
//	GET <host>/api/2.0/accounts/<account id>/scim/v2/{Users,ServicePrincipals,Groups}[/{id}]  an account
//
// Databricks describes these under "Users API" and "Account Users API" of its REST
// reference (docs.databricks.com/api/workspace/users, …/api/account/accountusers).
// Pages begin at startIndex 1, as RFC 7644, section 3.4.2.4, has it.
//
// It signs in with a personal access token, or as a service principal with OAuth
// (docs.databricks.com/dev-tools/auth/oauth-m2m): client credentials at
// <host>/oidc/v1/token, or <host>/oidc/accounts/<account id>/v1/token of an account,
// with the scope all-apis. A token is used until shortly before it expires.
//
// What it is told is bounded: time, attempts, size of an answer, number of pages. It
// speaks to one host alone, in TLS unless that is this machine, and follows no
// redirects, which would take the token with them. No error has a token in it, or
// what a server said beside its status.
package scim

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/outbound"
)

// What an error is about.
var (
	// ErrNotFound: there is no principal with this id.
	ErrNotFound = errors.New("no such principal")
	// ErrUnauthorized: the token, or the secret, is wrong or has expired.
	ErrUnauthorized = errors.New("databricks does not accept the credentials: check the token, or client id and secret, and that they have not expired")
	// ErrForbidden: who the token belongs to may not list principals.
	ErrForbidden = errors.New("databricks refuses: whoever the credentials belong to has to be an administrator of the workspace or account")
	// ErrBusy: Databricks asked to wait more often, or longer, than is waited.
	ErrBusy = errors.New("databricks is limiting requests: it is tried again with a later run")
	// ErrAnswer: what came was no answer of SCIM.
	ErrAnswer = errors.New("that is no answer of SCIM: check the host, and the account id if it is that of an account")
)

// Config is whom to ask, and as whom.
type Config struct {
	// Host is https://<workspace>, or an account's, such as
	// https://accounts.cloud.databricks.com. Without a scheme it is https.
	Host string
	// AccountID is that of an account host; empty for a workspace.
	AccountID string
	// Token is a personal access token. If it is empty, ClientID and ClientSecret
	// are a service principal's.
	Token                  string
	ClientID, ClientSecret string
	// Timeout bounds one request; default 10 s.
	Timeout time.Duration
	// Attempts is how often a request is made at most; default 5.
	Attempts int
	// MaxWait bounds the pause before one attempt; default 30 s.
	MaxWait time.Duration
	// Pause waits; nil for the real thing. The error is that of ctx.
	Pause func(ctx context.Context, d time.Duration) error
	// Transport carries requests; nil: that of package outbound.
	Transport http.RoundTripper
}

const (
	defaultTimeout  = 10 * time.Second
	defaultAttempts = 5
	defaultMaxWait  = 30 * time.Second
	// maxAnswer bounds a page, which has pageSize principals with four short
	// attributes each.
	maxAnswer = 4 << 20
	// pageSize is what Databricks' own SDKs ask for.
	pageSize = 100
	// mostOfPage bounds the principals of a page, whatever was asked for.
	mostOfPage = 10_000
	// maxPages bounds a listing, should a server go round in circles.
	maxPages = 10_000
)

// Kind is what a principal is, by the path that it is found at.
type Kind string

// The kinds of principals.
const (
	Users             Kind = "Users"
	ServicePrincipals Kind = "ServicePrincipals"
	Groups            Kind = "Groups"
)

// Principal is what SCIM says of one.
type Principal struct {
	Kind          Kind
	ID            string
	UserName      string // the email of a user
	DisplayName   string
	ApplicationID string // of a service principal
}

// Client asks one host. It is safe for concurrent use.
type Client struct {
	config Config
	base   string // what paths of kinds follow
	http   *http.Client
	tokens tokens
}

var accountID = regexp.MustCompile(`^[0-9a-fA-F-]{1,64}$`)

// New checks the configuration. It sends nothing.
func New(c Config) (*Client, error) {
	host, err := HostURL(c.Host)
	if err != nil {
		return nil, err
	}
	if c.AccountID != "" && !accountID.MatchString(c.AccountID) {
		return nil, errors.New("the account id is a UUID, as the account console shows it")
	}
	if c.Timeout <= 0 {
		c.Timeout = defaultTimeout
	}
	if c.Attempts <= 0 {
		c.Attempts = defaultAttempts
	}
	if c.MaxWait <= 0 {
		c.MaxWait = defaultMaxWait
	}
	if c.Pause == nil {
		c.Pause = pause
	}
	client := &Client{config: c, base: host + "/api/2.0/preview/scim/v2/"}
	tokenURL := host + "/oidc/v1/token"
	if c.AccountID != "" {
		client.base = host + "/api/2.0/accounts/" + c.AccountID + "/scim/v2/"
		tokenURL = host + "/oidc/accounts/" + c.AccountID + "/v1/token"
	}
	if c.Transport == nil {
		c.Transport = outbound.Transport()
	}
	client.http = &http.Client{Transport: c.Transport, Timeout: c.Timeout, CheckRedirect: outbound.NoRedirect}
	switch {
	case c.Token != "":
		client.tokens = personal(c.Token)
	case c.ClientID != "" && c.ClientSecret != "":
		client.tokens = newM2M(c.ClientID, c.ClientSecret, tokenURL, client.http)
	default:
		return nil, errors.New("there are no credentials: give a token, or client id and secret of a service principal")
	}
	return client, nil
}

// HostURL is the root of a host, without a slash at the end. It has to be TLS unless
// the host is this machine.
func HostURL(host string) (string, error) {
	text := strings.TrimSpace(host)
	if text != "" && !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "":
		return "", errors.New("write the host like https://dbc-a1b2c3d4-e5f6.cloud.databricks.com")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "":
		return "", errors.New("write the host alone, without a path, a query or a user")
	case u.Scheme == "https":
	case u.Scheme != "http" || !isLocal(u.Hostname()):
		return "", errors.New("the host has to begin with https://, or the token could be read on the way")
	}
	return u.Scheme + "://" + u.Host, nil
}

func isLocal(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// wire is a principal as JSON has it.
type wire struct {
	ID            string `json:"id"`
	UserName      string `json:"userName"`
	DisplayName   string `json:"displayName"`
	ApplicationID string `json:"applicationId"`
}

// wires are the principals of a page. There are no more of them than fit into little
// memory: the least that one has in JSON is much less than what it takes here.
type wires []wire

// UnmarshalJSON ends at mostOfPage.
func (w *wires) UnmarshalJSON(raw []byte) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	if open, err := d.Token(); err != nil || open != json.Delim('[') {
		return err // null: there are none
	}
	for d.More() {
		if len(*w) == mostOfPage {
			return ErrAnswer
		}
		var next wire
		if err := d.Decode(&next); err != nil {
			return err
		}
		*w = append(*w, next)
	}
	return nil
}

func (w wire) principal(kind Kind) Principal {
	return Principal{kind, w.ID, w.UserName, w.DisplayName, w.ApplicationID}
}

// attributes keeps answers small: roles and groups of a user may be thousands, and
// are what makes SCIM slow.
const attributes = "id,userName,displayName,applicationId"

// ByID is the principal of an id, or ErrNotFound. It looks for a user first, then for
// a service principal and a group: they share their ids.
func (c *Client) ByID(ctx context.Context, id string) (Principal, error) {
	for _, kind := range []Kind{Users, ServicePrincipals, Groups} {
		var w wire
		err := c.get(ctx, string(kind)+"/"+url.PathEscape(id), url.Values{"attributes": {attributes}}, &w)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err == nil && w.ID != id {
			err = fmt.Errorf("%w (it is about another id)", ErrAnswer)
		}
		if err != nil {
			return Principal{}, fmt.Errorf("ask for %s %s: %w", kind, id, err)
		}
		return w.principal(kind), nil
	}
	return Principal{}, fmt.Errorf("ask for %s: %w", id, ErrNotFound)
}

// List is all principals of a kind, page by page. It ends with the first error.
func (c *Client) List(ctx context.Context, kind Kind) iter.Seq2[Principal, error] {
	return func(yield func(Principal, error) bool) {
		start := 1
		for range maxPages {
			var page struct {
				TotalResults int   `json:"totalResults"`
				Resources    wires `json:"Resources"`
			}
			query := url.Values{"startIndex": {strconv.Itoa(start)}, "count": {strconv.Itoa(pageSize)}, "attributes": {attributes}}
			if err := c.get(ctx, string(kind), query, &page); err != nil {
				if errors.Is(err, ErrNotFound) {
					err = ErrAnswer // there is always a list, and it may be empty
				}
				yield(Principal{}, fmt.Errorf("list %s from %d on: %w", kind, start, err))
				return
			}
			for _, w := range page.Resources {
				if !yield(w.principal(kind), nil) {
					return
				}
			}
			// A page may have fewer than was asked for, and itemsPerPage says what was
			// asked for: what counts is how many came.
			start += len(page.Resources)
			if len(page.Resources) == 0 || start > page.TotalResults {
				return
			}
		}
		yield(Principal{}, fmt.Errorf("list %s: %w (it has no end)", kind, ErrAnswer))
	}
}

// Check makes one small request.
func (c *Client) Check(ctx context.Context) error {
	var page struct {
		TotalResults *int `json:"totalResults"`
	}
	err := c.get(ctx, string(Users), url.Values{"startIndex": {"1"}, "count": {"1"}, "attributes": {"id"}}, &page)
	if errors.Is(err, ErrNotFound) || err == nil && page.TotalResults == nil {
		return ErrAnswer
	}
	return err
}

// get makes a request until there is an answer, and decodes it.
func (c *Client) get(ctx context.Context, path string, query url.Values, into any) error {
	var last error
	for attempt := 1; ; attempt++ {
		wait, err := c.try(ctx, path, query, into)
		if err == nil || wait < 0 {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if last = err; attempt == c.config.Attempts {
			return last
		}
		if wait == 0 {
			wait = backoff(attempt)
		}
		if wait > c.config.MaxWait {
			return last
		}
		if err := c.config.Pause(ctx, wait); err != nil {
			return err
		}
	}
}

// again and never are waits: by backoff, and that another attempt is of no use.
const (
	again time.Duration = 0
	never time.Duration = -1
)

// try makes one request. wait says what to do if it failed.
func (c *Client) try(ctx context.Context, path string, query url.Values, into any) (wait time.Duration, err error) {
	token, kept, err := c.tokens.get(ctx)
	if ctx.Err() != nil {
		return never, ctx.Err()
	}
	if err != nil {
		return tokenFailed(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path+"?"+query.Encode(), nil)
	if err != nil {
		return never, err
	}
	token.SetAuthHeader(req)
	req.Header.Set("Accept", "application/scim+json, application/json")
	req.Header.Set("User-Agent", "auditlake")
	res, err := c.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return never, ctx.Err()
		}
		return again, fmt.Errorf("databricks cannot be reached: %w", plain(err))
	}
	defer func() { _ = res.Body.Close() }() // what was read is all that counts
	if wait, err := outcome(res, time.Now()); err != nil {
		if kept && errors.Is(err, ErrUnauthorized) {
			// A secret that was changed ends the tokens it gave before their time.
			c.tokens.drop(token)
			return time.Millisecond, err
		}
		return wait, err
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case ctx.Err() != nil:
		return never, ctx.Err()
	case err != nil:
		return again, fmt.Errorf("the answer of databricks broke off: %w", plain(err))
	case len(body) > maxAnswer:
		return never, fmt.Errorf("%w (it has more than %d MiB)", ErrAnswer, maxAnswer>>20)
	case json.Unmarshal(body, into) != nil:
		return never, ErrAnswer
	}
	return never, nil
}

// outcome is what a status means.
func outcome(res *http.Response, now time.Time) (wait time.Duration, err error) {
	switch s := res.StatusCode; {
	case s == http.StatusOK:
		return never, nil
	case s == http.StatusUnauthorized:
		return never, ErrUnauthorized
	case s == http.StatusForbidden:
		return never, ErrForbidden
	case s == http.StatusNotFound:
		return never, ErrNotFound
	case s == http.StatusTooManyRequests:
		return retryAfter(res.Header.Get("Retry-After"), now), ErrBusy
	case s == http.StatusServiceUnavailable:
		return retryAfter(res.Header.Get("Retry-After"), now), fmt.Errorf("databricks answers with status %d", s)
	case s >= 500:
		return again, fmt.Errorf("databricks answers with status %d", s)
	case s >= 300 && s < 400:
		return never, fmt.Errorf("%w (it is a redirect, which is not followed)", ErrAnswer)
	default:
		return never, fmt.Errorf("%w (status %d)", ErrAnswer, s)
	}
}

// plain is an error of net/http without the URL, and without what the server said, which
// quotes a header that is none and may be the token.
func plain(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	timed, isNet := errors.AsType[net.Error](err)
	if isNet && timed.Timeout() || a[*tls.CertificateVerificationError](err) || a[*net.OpError](err) || a[*net.DNSError](err) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	return errors.New("what it sends is no HTTP")
}

func a[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}
