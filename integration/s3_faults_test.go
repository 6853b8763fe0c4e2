package integration

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/auditlake/auditlake/integration/s3server"
	"github.com/auditlake/auditlake/pkg/store"
)

// spoiled returns a store behind the fault proxy and one that goes straight to
// the same objects.
func spoiled(t *testing.T) (*faultProxy, store.Store, store.Store) {
	t.Helper()
	endpoint, cfg := s3server.Start(t)
	straight := openS3(t, cfg)
	proxy := newFaultProxy(t, endpoint)
	cfg.Endpoint = proxy.url
	return proxy, openS3(t, cfg), straight
}

func TestPutIfAbsentUnderFaults(t *testing.T) {
	proxy, s, straight := spoiled(t)
	conflict := answerBefore(http.StatusConflict, "ConditionalRequestConflict")
	slowDown := answerBefore(http.StatusServiceUnavailable, "SlowDown")
	for i, c := range []struct {
		name   string
		faults []fault
		want   error // nil: ours
	}{
		{"lost answer", times(1, dropAnswer), nil},
		{"every answer lost", times(4, dropAnswer), nil},
		{"500 after the effect", times(1, answer500After), nil},
		{"only 500 after the effect", times(4, answer500After), nil},
		{"lost request", times(1, dropRequest), nil},
		{"slow down twice", times(2, slowDown), nil},
		{"slow down until the client gives up once", times(4, slowDown), nil},
		{"slow down for ever", times(100, slowDown), store.ErrUnavailable},
		{"conflict five times", times(5, conflict), nil},
		{"conflict for ever", times(100, conflict), store.ErrUnavailable},
		{"412 though nobody has the key", times(1, answerBefore(http.StatusPreconditionFailed, "PreconditionFailed")), nil},
		{"denied", times(1, answerBefore(http.StatusForbidden, "AccessDenied")), store.ErrDenied},
		{"not implemented", times(10, answerBefore(http.StatusNotImplemented, "NotImplemented")), store.ErrUnsafe},
	} {
		t.Run(c.name, func(t *testing.T) {
			key, body := fmt.Sprintf("log/%d", i), []byte(c.name)
			proxy.spoil(http.MethodPut, c.faults...)
			err := s.PutIfAbsent(t.Context(), key, body)
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			got, _, readErr := store.ReadAll(t.Context(), straight, key)
			if err == nil && !bytes.Equal(got, body) {
				t.Errorf("ours is not there: %q, %v", got, readErr)
			}
			if err != nil && !errors.Is(readErr, store.ErrNotFound) {
				t.Errorf("something is there: %q, %v", got, readErr)
			}
		})
	}
}

func TestPutIfAbsentLosesUnderFaults(t *testing.T) {
	proxy, s, straight := spoiled(t)
	for i, f := range []fault{dropAnswer, dropRequest, answer500After, answerBefore(http.StatusConflict, "ConditionalRequestConflict")} {
		key := fmt.Sprintf("log/%d", i)
		if err := straight.PutIfAbsent(t.Context(), key, []byte("rival")); err != nil {
			t.Fatal(err)
		}
		proxy.spoil(http.MethodPut, f)
		if err := s.PutIfAbsent(t.Context(), key, []byte("mine")); !errors.Is(err, store.ErrExists) {
			t.Errorf("fault %d: %v", i, err)
		}
	}
}

func TestTruncatedBodiesAreResumed(t *testing.T) {
	proxy, s, straight := spoiled(t)
	body := bytes.Repeat([]byte("0123456789abcdef"), 1<<14) // 256 KiB
	o, err := straight.Put(t.Context(), "k", body)
	if err != nil {
		t.Fatal(err)
	}
	read := func(etag string, offset, length int64) ([]byte, error) {
		r, _, err := s.Get(t.Context(), "k", etag, offset, length)
		if err != nil {
			return nil, err
		}
		got, err := io.ReadAll(r)
		return got, errors.Join(err, r.Close())
	}
	for _, etag := range []string{"", o.ETag} {
		proxy.spoil(http.MethodGet, truncate(1000), truncate(0), truncate(70000))
		if got, err := read(etag, 0, -1); err != nil || !bytes.Equal(got, body) {
			t.Errorf("whole: %d bytes, %v", len(got), err)
		}
		if proxy.requests() != 4 {
			t.Errorf("%d requests", proxy.requests())
		}
		proxy.spoil(http.MethodGet, truncate(10))
		if got, err := read(etag, 500, 1000); err != nil || !bytes.Equal(got, body[500:1500]) {
			t.Errorf("range: %d bytes, %v", len(got), err)
		}
	}

	proxy.spoil(http.MethodGet, times(100, truncate(0))...)
	if got, err := read("", 0, -1); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("never any progress: %d bytes, %v", len(got), err)
	}
	if proxy.requests() > 10 {
		t.Errorf("%d requests without progress", proxy.requests())
	}

	// Overwritten between the break and the resumption.
	overwrite := func() {
		if _, err := straight.Put(t.Context(), "k", bytes.ToUpper(body)); err != nil {
			t.Error(err)
		}
	}
	proxy.spoil(http.MethodGet, then(truncate(1000), overwrite))
	if got, err := read("", 0, -1); !errors.Is(err, store.ErrChanged) || !bytes.HasPrefix(body, got) {
		t.Errorf("overwritten: %d bytes, %v", len(got), err)
	}
}

func TestReadsAndListingsSurviveShortOutages(t *testing.T) {
	proxy, s, _ := spoiled(t)
	if _, err := s.Put(t.Context(), "a/k", []byte("x")); err != nil {
		t.Fatal(err)
	}
	for _, f := range []fault{dropAnswer, dropRequest, answerBefore(http.StatusServiceUnavailable, "SlowDown"), answer500After} {
		proxy.spoil(http.MethodGet, f)
		for _, err := range s.List(t.Context(), "", "") {
			if err != nil {
				t.Error(err)
			}
		}
		proxy.spoil(http.MethodGet, f)
		if _, _, err := store.ReadAll(t.Context(), s, "a/k"); err != nil {
			t.Error(err)
		}
		proxy.spoil(http.MethodHead, f)
		if _, err := s.Head(t.Context(), "a/k"); err != nil {
			t.Error(err)
		}
		proxy.spoil(http.MethodPut, f)
		if _, err := s.Put(t.Context(), "a/k", []byte("y")); err != nil {
			t.Error(err)
		}
		proxy.spoil(http.MethodPost, f)
		if err := s.Delete(t.Context(), "b", "c"); err != nil {
			t.Error(err)
		}
	}
}

// TestAnswersThatBreakOff: not only the bodies of objects can be cut short.
func TestAnswersThatBreakOff(t *testing.T) {
	proxy, s, _ := spoiled(t)
	for _, key := range []string{"a/1", "a/2", "a/3"} {
		if _, err := s.Put(t.Context(), key, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	list := func() (n int, last error) {
		for _, err := range s.List(t.Context(), "a/", "") {
			if last = err; err == nil {
				n++
			}
		}
		return n, last
	}
	proxy.spoil(http.MethodGet, truncate(200))
	if n, err := list(); n != 3 || err != nil {
		t.Errorf("list: %d objects, %v", n, err)
	}
	proxy.spoil(http.MethodGet, times(100, truncate(200))...)
	if n, err := list(); n != 0 || !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("list, never whole: %d objects, %v", n, err)
	}
	proxy.spoil(http.MethodGet, truncate(20))
	if _, _, err := store.ReadAll(t.Context(), s, "missing"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("get of no object: %v", err)
	}
	proxy.spoil(http.MethodGet, times(100, truncate(20))...)
	if _, _, err := store.ReadAll(t.Context(), s, "missing"); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("get of no object, never whole: %v", err)
	}
	proxy.spoil(http.MethodPost, truncate(20))
	if err := s.Delete(t.Context(), "a/1", "a/2"); err != nil {
		t.Errorf("delete: %v", err)
	}
	proxy.spoil(http.MethodPut, truncate(20))
	if err := s.PutIfAbsent(t.Context(), "a/3", []byte("y")); !errors.Is(err, store.ErrExists) {
		t.Errorf("put if absent: %v", err)
	}
}

func TestMissingBucketAndWrongKeysHaveWords(t *testing.T) {
	endpoint, cfg := s3server.Start(t)
	wrongSecret, unknownKey := cfg, cfg
	wrongSecret.SecretAccessKey = "wrong"
	unknownKey.AccessKeyID = "nobody"
	for name, c := range map[string]struct {
		cfg  store.S3Config
		want error
	}{
		"no bucket":    {s3server.Config(endpoint, "missing"), store.ErrNotFound},
		"wrong secret": {wrongSecret, store.ErrDenied},
		// versitygw answers 404 XAdminUserNotFound, which must not look like an empty store.
		"unknown key": {unknownKey, store.ErrMisconfigured},
	} {
		s := openS3(t, c.cfg)
		for _, err := range s.List(t.Context(), "", "") {
			if !errors.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
			var e *store.Error
			if !errors.As(err, &e) || e.Hint == "" {
				t.Errorf("%s: no hint: %v", name, err)
			}
		}
	}
}
