// Package routing says which engine answers a plan: the embedded executor, or a Trino where
// the lake's tables are registered.
//
//	bound plan ──Choose──► Choice{Embedded, why}
//	                  └──► Choice{Trino, why, statement}
//
// What is chosen is a matter of speed alone: both give the same rows, of the same versions
// of the tables, and of those the ones that may be seen. So whatever stands against Trino,
// such as something that is hidden from who asks, is a reason for the embedded engine and
// no error.
package routing

import (
	"context"
	"errors"
	"fmt"

	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/trino"
)

// Engine is who answers, or how that is decided.
type Engine string

// The engines. Auto is Trino for what has much to read.
const (
	Embedded Engine = "embedded"
	Trino    Engine = "trino"
	Auto     Engine = "auto"
)

// ParseEngine knows an engine by its name.
func ParseEngine(name string) (Engine, error) {
	switch e := Engine(name); e {
	case Embedded, Trino, Auto:
		return e, nil
	}
	return "", fmt.Errorf("an engine is %s, %s or %s", Embedded, Trino, Auto)
}

// DefaultAbove is what a query may read of the store before Auto is Trino.
const DefaultAbove = 4 << 30

// Rules are what is wanted.
type Rules struct {
	Engine Engine
	Above  int64 // bytes that a query has to read for Auto to be Trino
	Names  trino.Names
}

// Choice is who answers.
type Choice struct {
	Engine    Engine // Embedded or Trino
	Reason    string // a sentence without its point
	Statement string // of Trino
}

// Choose chooses for a bound plan. It reads what the logs of the tables say, and the
// look-ups; what fails in that is its error.
func Choose(ctx context.Context, b *query.Bound, r Rules) (Choice, error) {
	reason := "the query or the data source says so"
	switch {
	case r.Engine == Embedded:
		return Choice{Engine: Embedded, Reason: reason}, nil
	case len(b.Versions()) == 0:
		return Choice{Engine: Embedded, Reason: "no table that it reads exists"}, nil
	case r.Engine == Auto:
		bytes, err := exec.Measure(ctx, b)
		if err != nil {
			return Choice{}, fmt.Errorf("estimate what is to be read: %w", err)
		}
		reason = fmt.Sprintf("about %d MiB are to be read, and Trino is asked above %d MiB", bytes>>20, r.Above>>20)
		if bytes <= r.Above {
			return Choice{Engine: Embedded, Reason: reason}, nil
		}
	}
	statement, err := r.Names.Statement(ctx, b)
	if _, unsupported := errors.AsType[*trino.UnsupportedError](err); unsupported || errors.Is(err, query.ErrInside) {
		return Choice{Engine: Embedded, Reason: err.Error()}, nil
	}
	if err != nil {
		return Choice{}, fmt.Errorf("print for Trino: %w", err)
	}
	return Choice{Engine: Trino, Reason: reason, Statement: statement}, nil
}
