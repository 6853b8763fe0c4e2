package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"
)

// Probe tests, before the first write to a lake, whether the store keeps the
// promise of PutIfAbsent. It writes an object <prefix>.probe-<id> twice and
// deletes it; prefix is "" or ends with a slash, such as "bronze/_delta_log/".
// [ErrUnsafe] means that the store takes the second write too, silently, and
// that Delta commits there would overwrite each other; any other error comes
// from the store and names what is missing.
func Probe(ctx context.Context, s Store, prefix string) (err error) {
	key := prefix + ".probe-" + rand.Text()
	defer func() {
		// Also after a cancel, so that no probe stays behind.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
		defer cancel()
		err = errors.Join(err, s.Delete(ctx, key))
	}()
	if err := s.PutIfAbsent(ctx, key, []byte("first "+rand.Text())); err != nil {
		return fmt.Errorf("probe conditional writes: %w", err)
	}
	switch err := s.PutIfAbsent(ctx, key, []byte("second "+rand.Text())); {
	case err == nil:
		return &Error{
			Op: "probe", URL: s.String(), Kind: ErrUnsafe,
			Hint: "it ignores If-None-Match, so concurrent commits would overwrite each other; use a store that honours it",
		}
	case !errors.Is(err, ErrExists):
		return fmt.Errorf("probe conditional writes: %w", err)
	}
	return nil
}
