package integration

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/auditlake/auditlake/integration/s3server"
	"github.com/auditlake/auditlake/pkg/store"
	"github.com/auditlake/auditlake/pkg/store/storetest"
)

func TestS3Conforms(t *testing.T) {
	_, cfg := s3server.Start(t)
	n := 0
	storetest.Conformance(t, func(t *testing.T) store.Store {
		n++
		cfg.Prefix = fmt.Sprintf("lake %d/x", n)
		return openS3(t, cfg)
	})
}

func TestS3ConformsAtTheRootOfABucket(t *testing.T) {
	endpoint, _ := s3server.Start(t)
	n := 0
	storetest.Conformance(t, func(t *testing.T) store.Store {
		n++
		bucket := fmt.Sprintf("bucket-%d", n)
		if err := s3server.CreateBucket(t.Context(), endpoint, bucket); err != nil {
			t.Fatal(err)
		}
		return openS3(t, s3server.Config(endpoint, bucket))
	})
}

// A service that gives the server's own keys for a role stands in for STS.
func TestS3WithTheCredentialsOfARole(t *testing.T) {
	_, cfg := s3server.Start(t)
	asked := make(chan string, 100)
	sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.FormValue("Action") + " " + r.FormValue("RoleArn") + " " + r.FormValue("ExternalId")
		_, _ = fmt.Fprintf(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>`+
			`<AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s</SecretAccessKey><SessionToken></SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration>`+
			`</Credentials></AssumeRoleResult></AssumeRoleResponse>`, s3server.AccessKeyID, s3server.SecretAccessKey)
	}))
	defer sts.Close()
	cfg.AccessKeyID, cfg.SecretAccessKey = "nobody", "nothing"
	if err := store.Probe(t.Context(), openS3(t, cfg), ""); err == nil {
		t.Error("the server takes keys that it does not know")
	}
	cfg.RoleARN, cfg.ExternalID, cfg.STSEndpoint = "arn:aws:iam::111122223333:role/writer", "grafana", sts.URL
	s := openS3(t, cfg)
	if err := store.Probe(t.Context(), s, ""); err != nil {
		t.Error(err)
	}
	if skew, err := store.Skew(t.Context(), s, "", time.Now); err != nil || skew.Abs() > 2*time.Second {
		t.Errorf("one machine is %s apart from itself, %v", skew, err)
	}
	if len(asked) != 1 {
		t.Errorf("STS was asked %d times", len(asked))
	}
	if got := <-asked; got != "AssumeRole arn:aws:iam::111122223333:role/writer grafana" {
		t.Errorf("STS was asked for %s", got)
	}
}

func openS3(t *testing.T, cfg store.S3Config) store.Store {
	t.Helper()
	s, err := store.OpenS3(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
