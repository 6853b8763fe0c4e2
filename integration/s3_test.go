package integration

import (
	"fmt"
	"testing"

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

func openS3(t *testing.T, cfg store.S3Config) store.Store {
	t.Helper()
	s, err := store.OpenS3(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
