package trino

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"

	client "github.com/trinodb/trino-go-client/trino"

	"github.com/auditlake/auditlake/pkg/query/exec"
)

// Why a query on Trino failed: what an *Error wraps.
var (
	// ErrUnavailable: nobody answers, or whoever does is no Trino.
	ErrUnavailable = errors.New("trino does not answer")
	// ErrSignIn: user, password, token or certificate are refused.
	ErrSignIn = errors.New("trino refuses to sign in")
	// ErrDenied: the user may not do what the statement does.
	ErrDenied = errors.New("trino denies access")
	// ErrNotRegistered: catalog, schema or table are not there.
	ErrNotRegistered = errors.New("trino does not know the table")
	// ErrStatement: the statement is wrong.
	ErrStatement = errors.New("the statement is wrong")
	// ErrResources: the cluster has not the memory or time that the query takes, or ended it.
	ErrResources = errors.New("trino ended the query")
	// ErrExternal: what Trino reads from failed.
	ErrExternal = errors.New("trino cannot read the lake")
	// ErrElsewhere: an answer of the coordinator names another address for what follows.
	ErrElsewhere = errors.New("the query goes on at another address than that of trinoUrl, where nothing is sent: " +
		"behind a proxy that ends TLS, Trino needs http-server.process-forwarded=true")
	// ErrInternal: a failure inside of Trino.
	ErrInternal = errors.New("trino failed")
)

// Error is a query that failed on Trino. Its text says what Trino says, at which host,
// and what to do.
type Error struct {
	Host    string
	QueryID string
	Name    string // of Trino's own: SYNTAX_ERROR
	// Line and Column are where the statement is wrong, from 1; 0 if it is not said.
	Line, Column int

	class error
	text  string
}

func (e *Error) Error() string { return e.text }

// Unwrap gives why, as one of the errors above.
func (e *Error) Unwrap() error { return e.class }

// explain is what went wrong for who asked, of an error of the client. It has nothing
// of what was sent: answers of proxies and of HTTP quote it.
func (e *Engine) explain(ctx context.Context, err error) error {
	if limit, ok := errors.AsType[*exec.LimitError](err); ok {
		return limit
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, ErrElsewhere) {
		return e.fail(ErrElsewhere, "%v", ErrElsewhere)
	}
	if errors.Is(err, client.ErrQueryCancelled) {
		return e.fail(ErrResources, "the query was canceled on the cluster")
	}
	if failed, ok := errors.AsType[*client.ErrTrino](err); ok {
		return e.refused(failed)
	}
	failed, ok := errors.AsType[*client.ErrQueryFailed](err)
	if !ok {
		return e.fail(ErrUnavailable, "the answer cannot be understood: %v", err)
	}
	switch failed.StatusCode {
	case 0:
		return e.unreachable(err)
	case http.StatusUnauthorized:
		return e.fail(ErrSignIn, "401: check trinoUser and trinoPassword, or trinoToken")
	case http.StatusForbidden:
		return e.fail(ErrSignIn, "403: user %q may not sign in, or not with this password or token", e.config.User)
	case http.StatusNotFound, http.StatusGone:
		return e.fail(ErrUnavailable, "the query is not known any more: the coordinator was started anew, or another one answers; run the query again")
	}
	return e.fail(ErrUnavailable, "the answer was %d %s: check that trinoUrl is that of a coordinator", failed.StatusCode, http.StatusText(failed.StatusCode))
}

func (e *Engine) fail(class error, format string, args ...any) *Error {
	return &Error{Host: e.url.Host, class: class, text: e.url.Host + ": " + fmt.Sprintf(format, args...)}
}

// unreachable leaves the URL of the request out, which is a key to the query.
func (e *Engine) unreachable(err error) error {
	if sent, ok := errors.AsType[*url.Error](err); ok {
		err = sent.Err
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op
	}
	return e.fail(ErrUnavailable, "%v: check its URL, network and certificate, and that the coordinator runs; a query that was running is lost", err)
}

// refused is an error that Trino itself gives.
func (e *Engine) refused(t *client.ErrTrino) error {
	class, what := ErrInternal, ""
	switch t.ErrorType {
	case "USER_ERROR":
		class = ErrStatement
	case "INSUFFICIENT_RESOURCES":
		class, what = ErrResources, ": choose a shorter time range, group by less, or give the cluster more"
	case "EXTERNAL":
		class, what = ErrExternal, ": check that the catalog's connector can read the lake's objects"
	}
	switch t.ErrorName {
	case "PERMISSION_DENIED":
		class, what = ErrDenied, fmt.Sprintf(": let user %q read it", e.config.User)
	case "TABLE_NOT_FOUND", "SCHEMA_NOT_FOUND", "CATALOG_NOT_FOUND", "MISSING_CATALOG_NAME", "MISSING_SCHEMA_NAME":
		class, what = ErrNotRegistered, ": register the lake's tables, and check trinoCatalog and trinoSchema"
	}
	out := e.fail(class, "%s%s", t.Message, what)
	out.Name, out.Line, out.Column = t.ErrorName, t.ErrorLocation.LineNumber, t.ErrorLocation.ColumnNumber
	return out
}
