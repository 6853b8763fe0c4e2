package store_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/auditlake/auditlake/pkg/store"
)

// openFake returns a store whose server is handle.
func openFake(t *testing.T, handle http.HandlerFunc) *store.S3 {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	return openAt(t, server.URL)
}

func openAt(t *testing.T, endpoint string) *store.S3 {
	t.Helper()
	isolateAWS(t)
	s, err := store.OpenS3(t.Context(), store.S3Config{
		Bucket: "bkt", Prefix: "lake", Endpoint: endpoint, PathStyle: true, Region: "eu-west-1",
		AccessKeyID: "key", SecretAccessKey: "SECRET",
	})
	check(t, err)
	return s
}

func TestS3ErrorsAreClassedAndHelp(t *testing.T) {
	for _, c := range []struct {
		status int
		code   string
		want   error
		hint   string
	}{
		{403, "AccessDenied", store.ErrDenied, "allow %s on"},
		{403, "InvalidAccessKeyId", store.ErrDenied, "does not know this access key"},
		{403, "SignatureDoesNotMatch", store.ErrDenied, "secret access key is wrong"},
		{400, "ExpiredToken", store.ErrDenied, "expired"},
		{403, "RequestTimeTooSkewed", store.ErrDenied, "clock"},
		{404, "NoSuchBucket", store.ErrNotFound, "bucket bkt does not exist"},
		{404, "PageNotFound", store.ErrMisconfigured, "not one of S3"},
		{301, "PermanentRedirect", store.ErrMisconfigured, "is in region us-west-2: set region"},
		{400, "AuthorizationHeaderMalformed", store.ErrMisconfigured, "is in region us-west-2"},
		{503, "SlowDown", store.ErrUnavailable, "throttles"},
		{500, "InternalError", store.ErrUnavailable, "may recover"},
	} {
		t.Run(c.code, func(t *testing.T) {
			s := openFake(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Amz-Bucket-Region", "us-west-2")
				w.WriteHeader(c.status)
				fmt.Fprintf(w, "<Error><Code>%s</Code><Message>m</Message></Error>", c.code)
			})
			ctx := t.Context()
			var getErr, putErr, listErr, deleteErr error
			var wg sync.WaitGroup // together, since each waits between its attempts
			wg.Go(func() { _, _, getErr = s.Get(ctx, "k", "", 0, -1) })
			wg.Go(func() { _, putErr = s.Put(ctx, "k", nil) })
			wg.Go(func() { deleteErr = s.Delete(ctx, "k") })
			wg.Go(func() {
				for _, listErr = range s.List(ctx, "", "") {
				}
			})
			wg.Wait()
			for action, err := range map[string]error{
				"s3:GetObject": getErr, "s3:PutObject": putErr, "s3:ListBucket": listErr, "s3:DeleteObject": deleteErr,
			} {
				var e *store.Error
				if !errors.Is(err, c.want) || !errors.As(err, &e) {
					t.Errorf("%s: %v", action, err)
					continue
				}
				hint := strings.ReplaceAll(c.hint, "%s", action)
				if !strings.Contains(e.Hint, hint) || !strings.Contains(err.Error(), "s3://bkt/lake/") {
					t.Errorf("%s: %v; want %q", action, err, hint)
				}
				if strings.Contains(err.Error(), "SECRET") {
					t.Errorf("the secret is in %v", err)
				}
			}
		})
	}
}

func TestS3MissingObjectIsNotFound(t *testing.T) {
	s := openFake(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		if r.Method != http.MethodHead {
			_, _ = io.WriteString(w, "<Error><Code>NoSuchKey</Code></Error>")
		}
	})
	_, headErr := s.Head(t.Context(), "k")
	_, _, getErr := s.Get(t.Context(), "k", "", 0, -1)
	if !errors.Is(headErr, store.ErrNotFound) || !errors.Is(getErr, store.ErrNotFound) {
		t.Errorf("head %v, get %v", headErr, getErr)
	}
}

func TestS3DeadEndpointFailsSoon(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	check(t, l.Close())
	s := openAt(t, "http://"+l.Addr().String())
	begin := time.Now()
	_, err = s.Head(t.Context(), "k")
	if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "cannot reach http://127.0.0.1") {
		t.Errorf("got %v", err)
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestS3WithoutCredentialsSaysSo(t *testing.T) {
	isolateAWS(t)
	s, err := store.Open(t.Context(), "s3://bkt?endpoint=http://127.0.0.1:9")
	check(t, err)
	_, err = s.Head(t.Context(), "k")
	if !errors.Is(err, store.ErrDenied) || !strings.Contains(err.Error(), "no AWS credentials") {
		t.Errorf("got %v", err)
	}
}

func TestS3AnonymousRequestsAreUnsigned(t *testing.T) {
	isolateAWS(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	defer server.Close()
	s, err := store.Open(t.Context(), "s3://bkt?anonymous=true&endpoint="+server.URL)
	check(t, err)
	_, err = s.Head(t.Context(), "k")
	check(t, err)
}

func TestS3SendsPayerAndKMSKey(t *testing.T) {
	isolateAWS(t)
	var got http.Header
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header }))
	defer server.Close()
	s, err := store.Open(t.Context(), "s3://bkt?anonymous=1&request_payer=1&sse_kms_key_id=kms-1&endpoint="+server.URL)
	check(t, err)
	check(t, s.PutIfAbsent(t.Context(), "k", []byte("x")))
	for name, want := range map[string]string{
		"X-Amz-Request-Payer": "requester", "If-None-Match": "*",
		"X-Amz-Server-Side-Encryption": "aws:kms", "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": "kms-1",
	} {
		if got.Get(name) != want {
			t.Errorf("%s is %q", name, got.Get(name))
		}
	}
}

// A store that takes every PUT is what s3rver is.
func TestProbeRefusesAStoreWithoutConditionalWrites(t *testing.T) {
	deleted := false
	s := openFake(t, func(_ http.ResponseWriter, r *http.Request) { deleted = deleted || r.Method == http.MethodDelete })
	if err := store.Probe(t.Context(), s, ""); !errors.Is(err, store.ErrUnsafe) {
		t.Errorf("got %v", err)
	}
	if !deleted {
		t.Error("the probe is left behind")
	}
}

func TestS3NoticesServersThatIgnoreConditions(t *testing.T) {
	s := openFake(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"new"`)
		_, _ = io.WriteString(w, "0123456789")
	})
	if _, _, err := s.Get(t.Context(), "k", "old", 0, -1); !errors.Is(err, store.ErrChanged) {
		t.Errorf("If-Match ignored: %v", err)
	}
	if _, _, err := s.Get(t.Context(), "k", "", 3, 2); !errors.Is(err, store.ErrMisconfigured) {
		t.Errorf("Range ignored: %v", err)
	}
}

func TestS3NoticesListingsOutOfOrder(t *testing.T) {
	s := openFake(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `<ListBucketResult><Contents><Key>lake/b</Key></Contents><Contents><Key>lake/a</Key></Contents></ListBucketResult>`)
	})
	var last error
	for _, last = range s.List(t.Context(), "", "") {
	}
	if !errors.Is(last, store.ErrMisconfigured) {
		t.Errorf("got %v", last)
	}
}

func TestS3FolderMarkersAreNoObjects(t *testing.T) {
	s := openFake(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `<ListBucketResult><Contents><Key>lake/</Key></Contents><Contents><Key>lake/a/</Key></Contents>`+
			`<Contents><Key>lake/a/b</Key></Contents></ListBucketResult>`)
	})
	for o, err := range s.List(t.Context(), "", "") {
		if err != nil || o.Key != "a/b" {
			t.Errorf("%+v, %v", o, err)
		}
	}
}
