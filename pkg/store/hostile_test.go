package store_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/auditlake/auditlake/pkg/outbound"
	"github.com/auditlake/auditlake/pkg/store"
)

// What somebody may have put where a store looks, or may answer in its place.

// anywhere is the store at an endpoint, with credentials that are to go nowhere else.
func anywhere(t *testing.T, endpoint string) *store.S3 {
	t.Helper()
	s, err := store.OpenS3(t.Context(), store.S3Config{
		Bucket: "bucket", Endpoint: endpoint, PathStyle: true, AccessKeyID: "AKIAEXAMPLE", SecretAccessKey: "secretsecret", SessionToken: "sessiontoken",
	})
	check(t, err)
	return s
}

// everyCall makes each call of a store once.
func everyCall(t *testing.T, s store.Store) map[string]error {
	t.Helper()
	got := map[string]error{}
	_, got["head"] = s.Head(t.Context(), "k")
	_, _, got["get"] = store.ReadAll(t.Context(), s, "k")
	for _, err := range s.List(t.Context(), "", "") {
		got["list"] = err
	}
	for _, err := range s.Folders(t.Context(), "") {
		got["folders"] = err
	}
	got["put if absent"] = s.PutIfAbsent(t.Context(), "k", []byte("body"))
	_, got["put"] = s.Put(t.Context(), "k", []byte("body"))
	got["delete"] = s.Delete(t.Context(), "k")
	return got
}

func TestNoRedirectIsFollowed(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s was asked, signed %q, with token %q", r.Method, r.URL, r.Header.Get("Authorization"), r.Header.Get("X-Amz-Security-Token"))
	}))
	defer elsewhere.Close()
	for _, status := range []int{301, 302, 307, 308} {
		at := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+"/latest/meta-data/", status)
		}))
		for call, err := range everyCall(t, anywhere(t, at.URL)) {
			if !errors.Is(err, store.ErrMisconfigured) {
				t.Errorf("%d, %s: %v, want ErrMisconfigured", status, call, err)
			}
		}
		at.Close()
	}
}

func TestAMetadataServiceIsNoStore(t *testing.T) {
	for call, err := range everyCall(t, anywhere(t, "http://169.254.169.254")) {
		if !errors.Is(err, outbound.ErrMetadata) || !errors.Is(err, store.ErrMisconfigured) {
			t.Errorf("%s: %v", call, err)
		}
	}
}

func TestAMetadataServiceGivesNoRole(t *testing.T) {
	s, err := store.OpenS3(t.Context(), store.S3Config{
		Bucket: "bucket", Region: "eu-central-1", AccessKeyID: "AKIAEXAMPLE", SecretAccessKey: "secretsecret",
		RoleARN: "arn:aws:iam::123456789012:role/reader", STSEndpoint: "http://169.254.169.254",
	})
	check(t, err)
	if _, err := s.Head(t.Context(), "k"); !errors.Is(err, outbound.ErrMetadata) {
		t.Errorf("%v", err)
	}
}

func TestLengthsThatCannotBe(t *testing.T) {
	for _, length := range []string{"4611686018427387904", "1073741825"} {
		at := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", length)
			w.Header().Set("ETag", `"x"`)
			w.WriteHeader(http.StatusOK)
		}))
		if _, _, err := store.ReadAll(t.Context(), anywhere(t, at.URL), "k"); !errors.Is(err, store.ErrTooLarge) || !strings.Contains(err.Error(), length) {
			t.Errorf("%s bytes: %v", length, err)
		}
		at.Close()
	}
	dir := t.TempDir()
	check(t, os.WriteFile(filepath.Join(dir, "sparse"), nil, 0o600))
	if err := os.Truncate(filepath.Join(dir, "sparse"), 1<<40); err != nil {
		t.Skipf("the file system has no sparse files: %v", err)
	}
	if _, _, err := store.ReadAll(t.Context(), openLocal(t, dir), "sparse"); !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("a sparse file: %v", err)
	}
}

func TestNothingLeadsOutOfAFolder(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("symbolic links need a privilege on Windows")
	}
	above := t.TempDir()
	check(t, os.WriteFile(filepath.Join(above, "secret"), []byte("secret"), 0o600))
	check(t, os.Mkdir(filepath.Join(above, "out"), 0o755))
	check(t, os.Mkdir(filepath.Join(above, "root"), 0o755))
	check(t, os.Mkdir(filepath.Join(above, "root", "a"), 0o755))
	for name, to := range map[string]string{
		"absolute": filepath.Join(above, "secret"), "relative": "../secret", "a/deep": "../../secret", "device": "/dev/zero",
		"folder": above, "chain": "relative", "dangling": "../not-yet", "around": "../root/../secret",
	} {
		check(t, os.Symlink(to, filepath.Join(above, "root", name)))
	}
	s := openLocal(t, filepath.Join(above, "root"))
	for _, key := range []string{
		"absolute", "relative", "a/deep", "device", "folder/secret", "chain", "dangling", "around",
		"../secret", "a/../../secret", "/etc/hostname", "a//b", "./secret", "..", ".", "", "a/..", "\x00", "%2e%2e/secret", "..\\secret",
	} {
		if body, _, err := store.ReadAll(t.Context(), s, key); err == nil {
			t.Errorf("%q reads %q", key, body)
		}
		if _, err := s.Head(t.Context(), key); err == nil {
			t.Errorf("%q is there", key)
		}
	}
	for _, key := range []string{"dangling", "folder/x", "../x", "a/../../x", "out/../../x"} {
		_, err := s.Put(t.Context(), key, []byte("x"))
		t.Logf("%s: %v", key, err)
		err = s.PutIfAbsent(t.Context(), key+"2", []byte("x"))
		t.Logf("%s2: %v", key, err)
		_ = s.Delete(t.Context(), key)
	}
	left, err := os.ReadDir(above)
	check(t, err)
	if got := fmt.Sprint(left); len(left) != 3 {
		t.Errorf("beside the folder lies %s", got)
	}
	if body, err := os.ReadFile(filepath.Join(above, "secret")); err != nil || string(body) != "secret" {
		t.Errorf("what lies beside the folder is %q, %v", body, err)
	}
}
