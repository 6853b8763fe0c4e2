package plugin

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/instancemgmt"
	"github.com/grafana/grafana-plugin-sdk-go/backend/log"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/auditlake/auditlake/pkg/plugin/supervisor"
	"github.com/auditlake/auditlake/pkg/plugin/turns"
	"github.com/auditlake/auditlake/pkg/query/named"
)

// Shell is what all data sources of the process share. It is safe for concurrent
// use; Close it when the process ends.
type Shell struct {
	admin      Admin
	engine     string
	metrics    *metrics
	supervisor *supervisor.Supervisor
	serial     atomic.Int64  // of the newest instance
	crowd      turns.Crowd   // queries of all data sources
	queries    *named.Folder // those of grafana.ini; nil for none
	identified sync.Map      // supervisor.Owner -> identifying, of the last run
	registered sync.Map      // supervisor.Owner -> registering, of the last run that did
}

// NewShell starts the ETL that grafana.ini asks for. Metrics go to r, which must
// not have any of ours yet. engine names the program in what it writes.
func NewShell(admin Admin, engine string, r prometheus.Registerer) *Shell {
	s := &Shell{admin: admin, engine: engine, metrics: newMetrics(r)}
	if admin.QueriesFolder != "" {
		s.queries = named.NewFolder(admin.QueriesFolder)
	}
	s.supervisor = supervisor.New(supervisor.Options{Around: s.metrics.task})
	switch {
	case admin.Problems != nil:
		log.DefaultLogger.Error("The ETL of grafana.ini does not start: its settings need a change", "error", admin.Problems)
	case admin.ETL != nil:
		s.supervisor.Use(s.spec(*admin.ETL, supervisor.Ini, s.serial.Add(1)))
	}
	return s
}

// Instance makes the instances of the SDK's instance manager, one for each data
// source and each change of its settings. It never fails.
func (s *Shell) Instance(ctx context.Context, settings backend.DataSourceInstanceSettings) (instancemgmt.Instance, error) {
	return s.New(ctx, settings), nil
}

// Close ends the ETL and waits until it has, or ctx has ended. What was committed
// is complete.
func (s *Shell) Close(ctx context.Context) error { return s.supervisor.Close(ctx) }
