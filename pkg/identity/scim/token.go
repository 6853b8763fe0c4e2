package scim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// tokens give the token for a request.
type tokens interface {
	// get also says whether the token was kept from an earlier request.
	get(ctx context.Context) (token *oauth2.Token, kept bool, err error)
	// drop says that a token is not accepted any more.
	drop(token *oauth2.Token)
}

// personal is a personal access token.
type personal string

func (p personal) get(context.Context) (*oauth2.Token, bool, error) {
	return &oauth2.Token{AccessToken: string(p)}, false, nil
}

func (personal) drop(*oauth2.Token) {}

// m2m fetches tokens for a service principal, under the context of who needs one, and
// keeps the last until shortly before it expires.
type m2m struct {
	config clientcredentials.Config
	http   *http.Client
	turn   chan struct{} // holds one while kept is in use
	kept   *oauth2.Token
}

func newM2M(clientID, secret, tokenURL string, client *http.Client) *m2m {
	return &m2m{
		config: clientcredentials.Config{
			ClientID: clientID, ClientSecret: secret, TokenURL: tokenURL,
			Scopes: []string{"all-apis"}, AuthStyle: oauth2.AuthStyleInHeader,
		},
		http: client, turn: make(chan struct{}, 1),
	}
}

// earlyBy is how long before its end a token is not used any more.
const earlyBy = time.Minute

func (m *m2m) get(ctx context.Context) (*oauth2.Token, bool, error) {
	select {
	case m.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
	defer func() { <-m.turn }()
	if m.kept != nil && (m.kept.Expiry.IsZero() || time.Until(m.kept.Expiry) > earlyBy) {
		return m.kept, true, nil
	}
	token, err := m.config.Token(context.WithValue(ctx, oauth2.HTTPClient, m.http))
	if err != nil {
		return nil, false, err
	}
	m.kept = token
	return token, false, nil
}

func (m *m2m) drop(token *oauth2.Token) {
	m.turn <- struct{}{}
	defer func() { <-m.turn }()
	if m.kept == token {
		m.kept = nil
	}
}

// tokenFailed is what it means that there is no token. The library's errors quote the
// server.
func tokenFailed(err error) (time.Duration, error) {
	var retrieve *oauth2.RetrieveError
	if !errors.As(err, &retrieve) || retrieve.Response == nil {
		return again, errors.New("databricks gives no token: it cannot be reached, or its answer is none")
	}
	switch s := retrieve.Response.StatusCode; {
	case s == http.StatusBadRequest, s == http.StatusUnauthorized, s == http.StatusForbidden:
		return never, ErrUnauthorized
	case s == http.StatusTooManyRequests:
		return retryAfter(retrieve.Response.Header.Get("Retry-After"), time.Now()), ErrBusy
	case s >= 500:
		return again, fmt.Errorf("databricks gives no token, but status %d", s)
	default:
		return never, fmt.Errorf("%w (status %d where a token is given)", ErrAnswer, s)
	}
}
