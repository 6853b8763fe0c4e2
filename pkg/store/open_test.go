package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/store"
)

func TestParseS3URL(t *testing.T) {
	for url, want := range map[string]store.S3Config{
		"s3://bucket":                    {Bucket: "bucket"},
		"s3://bucket/":                   {Bucket: "bucket"},
		"s3://my.bucket_1/a/b/":          {Bucket: "my.bucket_1", Prefix: "a/b"},
		"s3://bucket/a%20b?region=eu-w1": {Bucket: "bucket", Prefix: "a b", Region: "eu-w1"},
		"s3://bucket/p?endpoint=http://127.0.0.1:9000": {
			Bucket: "bucket", Prefix: "p", Endpoint: "http://127.0.0.1:9000", PathStyle: true,
		},
		"s3://bucket?endpoint=https://s3.example.com&path_style=false": {Bucket: "bucket", Endpoint: "https://s3.example.com"},
		"s3://bucket?profile=p&role_arn=arn:aws:iam::1:role/r&external_id=x&request_payer=true&sse_kms_key_id=k": {
			Bucket: "bucket", Profile: "p", RoleARN: "arn:aws:iam::1:role/r", ExternalID: "x", RequestPayer: true, SSEKMSKeyID: "k",
		},
		"s3://bucket?anonymous=true": {Bucket: "bucket", Anonymous: true},
	} {
		got, err := store.ParseS3URL(url)
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Errorf("%s: %v (-want +got):\n%s", url, err, d)
		}
	}
}

func TestRefusedLocationsSayWhy(t *testing.T) {
	for url, want := range map[string]string{
		"":                          "empty",
		"~/lake":                    "not expanded",
		"gs://bucket":               "understood are a path, file:///path and s3://bucket/prefix",
		"memory://x":                `unknown scheme "memory"`,
		"s3a://bucket":              "write s3:// instead",
		"s3:bucket":                 "write s3://bucket/prefix",
		"s3://":                     "not a bucket name",
		"s3://b!d":                  "not a bucket name",
		"s3://KEY:SECRET@bucket/x":  "keys do not belong",
		"s3://KEY@bucket/x":         "keys do not belong",
		"s3://KEY:SE/CRET@bucket/x": "not a valid S3 URL",
		"s3://KEY:99/CRET@bucket":   "keys do not belong",
		"s3://bucket/a//b":          "two in a row",
		"s3://bucket/../b":          `segment ".."`,
		"s3://bucket/%zz":           "not a valid S3 URL",
		"s3://bucket#x":             "no fragment",
		"s3://bucket?secret_access_key=SECRET": "understood are anonymous, endpoint, external_id, path_style, profile, region, " +
			"request_payer, role_arn, sse_kms_key_id, sts_endpoint",
		"s3://bucket?region=a&region=b":      "given 2 times",
		"s3://bucket?anonymous=maybe":        "neither true nor false",
		"s3://bucket?endpoint=minio:9000":    "must be a URL",
		"s3://bucket?endpoint=https://K:S@h": "must be a URL without keys",
		"s3://bucket?sts_endpoint=sts":       "STS endpoint must be a URL",
		"s3://bucket?external_id=x":          "needs a role",
		"s3://bucket?anonymous=1&profile=p":  "excludes",
		"file://host/lake":                   "no host",
		"file:lake":                          "absolute path",
		"file:///lake?x=y":                   "no parameters",
	} {
		_, err := store.Open(t.Context(), url)
		switch {
		case err == nil:
			t.Errorf("%q was opened", url)
		case !strings.Contains(err.Error(), want):
			t.Errorf("%q: %v; want %q", url, err, want)
		case strings.Contains(err.Error(), "SECRET"), strings.Contains(err.Error(), "CRET@"):
			t.Errorf("%q: the secret is repeated: %v", url, err)
		}
	}
}

func TestOpenNeedsARegionForAWS(t *testing.T) {
	isolateAWS(t)
	_, err := store.Open(t.Context(), "s3://bucket")
	if err == nil || !strings.Contains(err.Error(), "no AWS region") {
		t.Errorf("got %v", err)
	}
	for _, url := range []string{"s3://bucket?region=eu-west-1", "s3://bucket?endpoint=http://localhost:1"} {
		if _, err := store.Open(t.Context(), url); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestOpenFindsFoldersByPathAndURL(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a lake%")
	for _, url := range []string{dir, "file://" + strings.NewReplacer("%", "%25").Replace(filepath.ToSlash(dir))} {
		s, err := store.Open(t.Context(), url)
		check(t, err)
		if s.String() != dir || !store.IsLocal(url) {
			t.Errorf("%s opened %s", url, s)
		}
	}
	if store.IsLocal("s3://bucket") || store.IsLocal("gs://x") || store.IsLocal("") {
		t.Error("not local")
	}
}

func TestReadOnlyRefusesWritesAndMissingFolders(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	s, err := store.Open(ctx, dir, store.ReadOnly())
	check(t, err)
	_, putErr := s.Put(ctx, "k", nil)
	for _, err := range []error{putErr, s.PutIfAbsent(ctx, "k", nil), s.Delete(ctx, "k")} {
		if !errors.Is(err, store.ErrDenied) {
			t.Errorf("write: %v", err)
		}
	}
	check(t, os.WriteFile(filepath.Join(dir, "k"), []byte("x"), 0o600))
	if body, _, err := store.ReadAll(ctx, s, "k"); err != nil || string(body) != "x" {
		t.Errorf("read: %q, %v", body, err)
	}

	missing, err := store.Open(ctx, filepath.Join(dir, "typo"), store.ReadOnly())
	check(t, err)
	for _, err := range missing.List(ctx, "", "") {
		if !errors.Is(err, store.ErrNotFound) || !strings.Contains(err.Error(), "typo") {
			t.Errorf("list: %v", err)
		}
	}
	for _, err := range missing.Folders(ctx, "") {
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("folders: %v", err)
		}
	}
}

func TestCanonicalIsOneTextForOneRoot(t *testing.T) {
	for want, all := range map[string][]string{
		"s3:///bkt/lake/":                    {"s3://bkt/lake", "s3://bkt/lake/?region=eu-west-1", "s3://bkt/lake?endpoint=https://s3.eu-west-1.amazonaws.com"},
		"s3://minio.example.com:443/bkt/":    {"s3://bkt?endpoint=https://minio.example.com", "s3://bkt?endpoint=https://MINIO.example.com:443/&path_style=false"},
		"s3://localhost:9000/bkt/some lake/": {"s3://bkt/some%20lake?endpoint=http://127.0.0.1:9000"},
	} {
		for _, url := range all {
			if got, err := store.Canonical(url); err != nil || got != want {
				t.Errorf("%s: %q, %v; want %q", url, got, err, want)
			}
		}
	}
}

func TestOverlap(t *testing.T) {
	const minio = "?endpoint=http://localhost:9000"
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"s3://bkt/lake", "s3://bkt/lake", true},
		{"s3://bkt/lake/", "s3://bkt/lake", true},
		{"s3://bkt", "s3://bkt/lake", true},
		{"s3://bkt/lake/x", "s3://bkt/lake", true},
		{"s3://bkt/lake", "s3://bkt/lake2", false},
		{"s3://bkt/logs", "s3://bkt/lake", false},
		{"s3://bkt/lake", "s3://cup/lake", false},
		{"s3://bkt/lake?region=x", "s3://bkt/lake?region=y", true},
		{"s3://bkt/lake" + minio, "s3://bkt/lake", false},
		{"s3://bkt/lake" + minio, "s3://bkt?endpoint=http://127.0.0.1:9000/", true},
		{"s3://bkt/lake" + minio, "s3://bkt/lake?endpoint=http://localhost:9001", false},
		{"s3://bkt?endpoint=https://s3.example.com", "s3://bkt?endpoint=https://S3.example.com:443", true},
		{"s3://bkt?endpoint=https://s3.eu-west-1.amazonaws.com", "s3://bkt/x", true},
		{"/data/lake", "/data/lake/", true},
		{"/data/lake", "file:///data", true},
		{"/data/lake", "/data/x/../lake", true},
		{"/data/lake", "/data/lakes", false},
		{"/", "/data", true},
		{"/data", "s3://data", false},
	} {
		for _, pair := range [][2]string{{c.a, c.b}, {c.b, c.a}} {
			if got, err := store.Overlap(pair[0], pair[1]); err != nil || got != c.want {
				t.Errorf("%s and %s: %t, %v", pair[0], pair[1], got, err)
			}
		}
	}
	if _, err := store.Overlap("/x", "gs://b"); err == nil {
		t.Error("an unknown scheme is no answer")
	}
}

// isolateAWS hides the AWS configuration of the machine.
func isolateAWS(t *testing.T) {
	t.Helper()
	none := filepath.Join(t.TempDir(), "none")
	for name, value := range map[string]string{
		"AWS_REGION": "", "AWS_DEFAULT_REGION": "", "AWS_PROFILE": "", "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "",
		"AWS_CONFIG_FILE": none, "AWS_SHARED_CREDENTIALS_FILE": none, "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
