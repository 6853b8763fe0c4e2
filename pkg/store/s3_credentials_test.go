package store_test

import (
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/auditlake/auditlake/pkg/store"
)

const role = "arn:aws:iam::111122223333:role/reader"

// fakeSTS answers AssumeRole as STS does: a form in, XML out. refuse is the code
// of an error, or "". What was asked is in the channel.
func fakeSTS(t *testing.T, refuse string) (endpoint string, asked <-chan url.Values) {
	t.Helper()
	forms := make(chan url.Values, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		r.Form.Set("signed by", r.Header.Get("Authorization"))
		r.Form.Set("token", r.Header.Get("X-Amz-Security-Token"))
		forms <- r.Form
		const namespace = `xmlns="https://sts.amazonaws.com/doc/2011-06-15/"`
		if refuse != "" {
			w.WriteHeader(http.StatusForbidden)
			_, _ = fmt.Fprintf(w, `<ErrorResponse %s><Error><Type>Sender</Type><Code>%s</Code><Message>no</Message></Error>`+
				`<RequestId>r</RequestId></ErrorResponse>`, namespace, refuse)
			return
		}
		_, _ = fmt.Fprintf(w, `<AssumeRoleResponse %s><AssumeRoleResult>`+
			`<AssumedRoleUser><AssumedRoleId>AROA:auditlake</AssumedRoleId><Arn>arn:aws:sts::111122223333:assumed-role/reader/auditlake</Arn></AssumedRoleUser>`+
			`<Credentials><AccessKeyId>ROLEKEY</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>role token</SessionToken>`+
			`<Expiration>2999-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult>`+
			`<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></AssumeRoleResponse>`, namespace)
	}))
	t.Cleanup(server.Close)
	return server.URL, forms
}

// fakeInstance is the metadata service of an EC2 instance with a role.
func fakeInstance(t *testing.T) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path, _ := strings.CutPrefix(r.URL.Path, "/latest/"); path {
		case "api/token":
			w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "300")
			_, _ = io.WriteString(w, "metadata token")
		case "meta-data/iam/security-credentials/":
			_, _ = io.WriteString(w, "machine")
		case "meta-data/iam/security-credentials/machine":
			_, _ = io.WriteString(w, `{"Code":"Success","AccessKeyId":"MACHINEKEY","SecretAccessKey":"s","Token":"machine token","Expiration":"2999-01-01T00:00:00Z"}`)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(server.Close)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "false")
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.URL)
}

func TestS3CredentialsComeFromWhereTheConfigSays(t *testing.T) {
	isolateAWS(t)
	fakeInstance(t)
	profiles := filepath.Join(t.TempDir(), "credentials")
	check(t, os.WriteFile(profiles, []byte("[team]\naws_access_key_id = PROFILEKEY\naws_secret_access_key = s\n"), 0o600))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", profiles)
	t.Setenv("AWS_ACCESS_KEY_ID", "ENVKEY")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
	sts, _ := fakeSTS(t, "")

	var signed http.Header
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { signed = r.Header }))
	defer server.Close()
	for want, cfg := range map[string]store.S3Config{
		"ENVKEY ":                  {},
		"PROFILEKEY ":              {Profile: "team"},
		"STATICKEY ":               {Profile: "team", AccessKeyID: "STATICKEY", SecretAccessKey: "s"},
		"SESSIONKEY session token": {AccessKeyID: "SESSIONKEY", SecretAccessKey: "s", SessionToken: "session token"},
		"MACHINEKEY machine token": {InstanceRole: true},
		"ROLEKEY role token":       {RoleARN: role, STSEndpoint: sts},
	} {
		cfg.Bucket, cfg.Endpoint, cfg.PathStyle = "bkt", server.URL, true
		s, err := store.OpenS3(t.Context(), cfg)
		check(t, err)
		_, err = s.Head(t.Context(), "k")
		check(t, err)
		key, token, _ := strings.Cut(want, " ")
		if !strings.Contains(signed.Get("Authorization"), "Credential="+key+"/") || signed.Get("X-Amz-Security-Token") != token {
			t.Errorf("%s: signed by %s with token %q", want, signed.Get("Authorization"), signed.Get("X-Amz-Security-Token"))
		}
	}
}

func TestS3RoleIsAssumedWithAnyCredentials(t *testing.T) {
	isolateAWS(t)
	fakeInstance(t)
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	for base, cfg := range map[string]store.S3Config{
		"STATICKEY session token":  {AccessKeyID: "STATICKEY", SecretAccessKey: "s", SessionToken: "session token"},
		"MACHINEKEY machine token": {InstanceRole: true},
	} {
		sts, asked := fakeSTS(t, "")
		cfg.Bucket, cfg.Endpoint, cfg.PathStyle, cfg.Region = "bkt", server.URL, true, "eu-west-1"
		cfg.STSEndpoint, cfg.RoleARN, cfg.ExternalID, cfg.SessionDuration = sts, role, "grafana-1", 2*time.Hour
		s, err := store.OpenS3(t.Context(), cfg)
		check(t, err)
		for range 2 {
			_, err = s.Head(t.Context(), "k")
			check(t, err)
		}
		if len(asked) != 1 {
			t.Errorf("%s: STS was asked %d times", base, len(asked))
		}
		form := <-asked
		for field, want := range map[string]string{
			"Action": "AssumeRole", "RoleArn": role, "ExternalId": "grafana-1", "DurationSeconds": "7200", "RoleSessionName": "auditlake",
		} {
			if form.Get(field) != want {
				t.Errorf("%s: %s is %q", base, field, form.Get(field))
			}
		}
		key, token, _ := strings.Cut(base, " ")
		if signed := form.Get("signed by"); !strings.Contains(signed, "Credential="+key+"/") || !strings.Contains(signed, "/eu-west-1/sts/") || form.Get("token") != token {
			t.Errorf("%s: STS was asked by %s with token %q", base, signed, form.Get("token"))
		}
	}
}

func TestS3RoleThatSTSRefuses(t *testing.T) {
	isolateAWS(t)
	for code, want := range map[string]struct {
		kind error
		hint string
	}{
		"AccessDenied":            {store.ErrDenied, "allow sts:AssumeRole on " + role},
		"InvalidClientTokenId":    {store.ErrDenied, "check keys and session token"},
		"ValidationError":         {store.ErrMisconfigured, "session duration"},
		"RegionDisabledException": {store.ErrMisconfigured, "not active in this region"},
	} {
		sts, asked := fakeSTS(t, code)
		s, err := store.OpenS3(t.Context(), store.S3Config{
			Bucket: "bkt", Endpoint: "http://127.0.0.1:9", AccessKeyID: "key", SecretAccessKey: "SECRET", STSEndpoint: sts, RoleARN: role,
		})
		check(t, err)
		_, err = s.Head(t.Context(), "k")
		var e *store.Error
		if !errors.Is(err, want.kind) || !errors.As(err, &e) || !strings.Contains(e.Hint, want.hint) {
			t.Errorf("%s: %v", code, err)
		}
		if strings.Contains(err.Error(), "SECRET") {
			t.Errorf("the secret is in %v", err)
		}
		if len(asked) != 1 {
			t.Errorf("%s: STS was asked %d times", code, len(asked))
		}
	}
}

func TestS3WithoutCredentialsSaysWhere(t *testing.T) {
	isolateAWS(t)
	for want, cfg := range map[string]store.S3Config{
		"no AWS credentials":   {},
		`profile "nobody"`:     {Profile: "nobody"},
		"no EC2 instance role": {InstanceRole: true},
		// Without base credentials STS is not the one to blame.
		"set keys, a profile": {RoleARN: role, STSEndpoint: "http://127.0.0.1:9"},
	} {
		cfg.Bucket, cfg.Endpoint = "bkt", "http://127.0.0.1:9"
		s, err := store.OpenS3(t.Context(), cfg)
		check(t, err)
		_, err = s.Head(t.Context(), "k")
		if !errors.Is(err, store.ErrDenied) || !errors.Is(err, store.ErrNoCredentials) || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
}

func TestS3TrustsTheGivenAuthority(t *testing.T) {
	isolateAWS(t)
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	cfg := store.S3Config{Bucket: "bkt", Endpoint: server.URL, PathStyle: true, Anonymous: true}
	head := func(cfg store.S3Config) error {
		s, err := store.OpenS3(t.Context(), cfg)
		check(t, err)
		_, err = s.Head(t.Context(), "k")
		return err
	}
	if err := head(cfg); !errors.Is(err, store.ErrMisconfigured) || !strings.Contains(err.Error(), "certificate of its authority") {
		t.Errorf("without the certificate: %v", err)
	}
	cfg.CACert = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	if err := head(cfg); err != nil {
		t.Errorf("with the certificate: %v", err)
	}
	cfg.CACert = "SECRET"
	if _, err := store.OpenS3(t.Context(), cfg); err == nil || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("no certificate: %v", err)
	}
}

func TestS3ConfigThatContradictsItself(t *testing.T) {
	for want, cfg := range map[string]store.S3Config{
		"role of the instance excludes": {InstanceRole: true, Profile: "p"},
		"anonymous access excludes":     {InstanceRole: true, Anonymous: true},
		"from 15m0s to 12h0m0s":         {RoleARN: role, SessionDuration: time.Minute},
	} {
		cfg.Bucket = "bkt"
		if _, err := store.OpenS3(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
}
