package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"
)

// Skew is how far the store's clock is ahead of now's, negative where it is
// behind, to about a second: stores tell times without fractions, and the way
// there takes its time. It writes an object <prefix>.clock-<id> and deletes it.
func Skew(ctx context.Context, s Store, prefix string, now func() time.Time) (skew time.Duration, err error) {
	key := prefix + ".clock-" + rand.Text()
	defer func() {
		// Also after a cancel, so that nothing stays behind.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
		defer cancel()
		err = errors.Join(err, s.Delete(ctx, key))
	}()
	before := now()
	if _, err := s.Put(ctx, key, []byte("clock")); err != nil {
		return 0, fmt.Errorf("compare clocks: %w", err)
	}
	after := now()
	written, err := s.Head(ctx, key)
	if err != nil {
		return 0, fmt.Errorf("compare clocks: %w", err)
	}
	// Within the write the two clocks may agree at any moment.
	switch {
	case written.LastModified.Before(before):
		return written.LastModified.Sub(before), nil
	case written.LastModified.After(after):
		return written.LastModified.Sub(after), nil
	}
	return 0, nil
}
