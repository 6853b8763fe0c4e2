package trinoserver_test

import (
	"errors"
	"testing"

	"github.com/auditlake/auditlake/internal/engines"
	"github.com/auditlake/auditlake/internal/trinoserver"
)

// What a server does is tested where servers are: in integration.
func TestNothingToRunItWith(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := trinoserver.Run(t.Context(), trinoserver.Config{}, t.TempDir(), t.Logf); !errors.Is(err, engines.ErrLacking) {
		t.Errorf("error is %v", err)
	}
}
