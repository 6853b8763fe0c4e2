package etl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// ErrLeased says that another process is at work on the lake. A *LeasedError tells
// more.
var ErrLeased = errors.New("another process is at work on the lake")

// LeasedError is an ErrLeased with who is at work, and until when it says so.
type LeasedError struct {
	Holder  string
	Expires time.Time
}

func (e *LeasedError) Error() string {
	return fmt.Sprintf("%v: %s until %s", ErrLeased, e.Holder, e.Expires.UTC().Format(time.RFC3339))
}

// Unwrap gives ErrLeased.
func (e *LeasedError) Unwrap() error { return ErrLeased }

// Lease says who is at work on a lake, so that others need not do the same. It
// saves effort and guards nothing: whoever works without one does no harm. Not for
// concurrent use.
type Lease struct {
	Holder  string    `json:"holder"`
	Expires time.Time `json:"expires"`

	lake *lake.Lake
	ttl  time.Duration
}

const leaseKey = "_auditlake/lease.json"

// maxLease is how far ahead a lease can end. One that ends later was written by a
// clock that is wrong, and would hold everybody up for as long as that is.
const maxLease = 2 * time.Hour

// LeaseFree asks whether holder could have the lease of the lake: a *LeasedError if
// another holder has it. It takes nothing.
func LeaseFree(ctx context.Context, l *lake.Lake, holder string) error {
	return (&Lease{Holder: holder, lake: l}).free(ctx)
}

// AcquireLease takes the lease of the lake for a time. holder is an id that no
// other process has. A *LeasedError if another holder has it; one that is expired,
// ends later than any can or cannot be read is taken over.
func AcquireLease(ctx context.Context, l *lake.Lake, holder string, ttl time.Duration) (*Lease, error) {
	if holder == "" || ttl <= 0 || ttl > maxLease {
		return nil, fmt.Errorf("acquire the lease: a holder and a time of at most %s are needed, not %q and %s", maxLease, holder, ttl)
	}
	out := &Lease{Holder: holder, lake: l, ttl: ttl}
	return out, out.Renew(ctx)
}

// Renew takes the lease for its time anew. ErrLeased if another holder has taken it
// over meanwhile.
func (x *Lease) Renew(ctx context.Context) error {
	if err := x.free(ctx); err != nil {
		return err
	}
	x.Expires = x.lake.Now().Add(x.ttl)
	body, err := json.Marshal(x)
	if err != nil {
		return err
	}
	if _, err := x.lake.Store().Put(ctx, leaseKey, body); err != nil {
		return fmt.Errorf("write the lease: %w", err)
	}
	// Of two that took it at once the later one has it.
	return x.free(ctx)
}

// free is ErrLeased while another holder has the lease.
func (x *Lease) free(ctx context.Context) error {
	there, err := readLease(ctx, x.lake)
	if err != nil {
		return err
	}
	left := there.Expires.Sub(x.lake.Now())
	if there.Holder != "" && there.Holder != x.Holder && left > 0 && left <= maxLease {
		return &LeasedError{there.Holder, there.Expires}
	}
	return nil
}

// readLease is the lease that is there; the zero Lease if there is none, or none
// that can be read.
func readLease(ctx context.Context, l *lake.Lake) (Lease, error) {
	body, _, err := store.ReadAll(ctx, l.Store(), leaseKey)
	if errors.Is(err, store.ErrNotFound) {
		return Lease{}, nil
	}
	if err != nil {
		return Lease{}, fmt.Errorf("read the lease: %w", err)
	}
	var there Lease
	if json.Unmarshal(body, &there) != nil {
		return Lease{}, nil //nolint:nilerr // see above
	}
	return there, nil
}

// Release gives the lease back, unless another holder has taken it over.
func (x *Lease) Release(ctx context.Context) error {
	there, err := readLease(ctx, x.lake)
	if err != nil || there.Holder != x.Holder {
		return err
	}
	if err := x.lake.Store().Delete(ctx, leaseKey); err != nil {
		return fmt.Errorf("give back the lease: %w", err)
	}
	return nil
}
