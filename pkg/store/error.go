package store

import (
	"context"
	"errors"
	"strings"
)

// Error is what every method of every implementation returns.
type Error struct {
	// Op is what was tried, as a verb and its object: "get", "list folders".
	Op string
	// URL is the object or the prefix, without secrets.
	URL string
	// Kind is one of the sentinels of this package, or nil if none fits.
	Kind error
	// Hint says in a sentence what the user can do, or is empty.
	Hint string
	// Err is the cause as the store gave it, or nil.
	Err error
}

func (e *Error) Error() string {
	parts := []string{e.Op + " " + e.URL}
	if e.Kind != nil && !errors.Is(e.Err, e.Kind) {
		parts = append(parts, e.Kind.Error())
	}
	if e.Hint != "" {
		parts = append(parts, e.Hint)
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	return strings.Join(parts, ": ")
}

// Unwrap gives the sentinel and the cause.
func (e *Error) Unwrap() []error {
	var all []error
	for _, err := range []error{e.Kind, e.Err} {
		if err != nil {
			all = append(all, err)
		}
	}
	return all
}

// isContext tells an end that the caller asked for from one that the store
// caused: only the first must not be called ErrUnavailable.
func isContext(ctx context.Context, err error) bool {
	return ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded))
}

// ownClass is the sentinel of this package that err wraps already, or nil.
func ownClass(err error) error {
	for _, kind := range []error{
		ErrNotFound, ErrExists, ErrChanged, ErrDenied, ErrUnavailable, ErrInvalidKey, ErrUnsafe, ErrMisconfigured, ErrTooLarge,
	} {
		if errors.Is(err, kind) {
			return kind
		}
	}
	return nil
}
