package scim

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	firstBackoff = 500 * time.Millisecond
	mostBackoff  = 15 * time.Second
)

// backoff is the pause after an attempt: twice as long each time, half of it at
// random so that those who were refused together do not come back together.
func backoff(attempt int) time.Duration {
	most := min(firstBackoff<<min(attempt-1, 10), mostBackoff)
	return most/2 + rand.N(most/2) // #nosec G404 -- so that clients do not come back together; nobody gains by guessing it
}

// retryAfter is how long a server asks to wait, in seconds or up to a date (RFC 9110,
// section 10.2.3); again if it does not say.
func retryAfter(header string, now time.Time) time.Duration {
	header = strings.TrimSpace(header)
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return max(time.Duration(seconds)*time.Second, time.Millisecond)
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(at.Sub(now), time.Millisecond)
	}
	return again
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
