package plugin

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/tracing"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/plugin/answers"
	"github.com/auditlake/auditlake/pkg/plugin/supervisor"
	"github.com/auditlake/auditlake/pkg/store"
)

// metrics are what Grafana exposes at /metrics/plugins/<id>, beside those of the
// SDK. Labels have few values: no table, query text, user or key is one. Spans
// are made here too, with the same care.
type metrics struct {
	queries       *prometheus.CounterVec   // type, status
	querySeconds  *prometheus.HistogramVec // type
	scannedRows   prometheus.Counter
	scannedBytes  prometheus.Counter
	scannedFiles  *prometheus.CounterVec // fate: read, pruned
	tasks         *prometheus.CounterVec // task, outcome
	taskSeconds   *prometheus.HistogramVec
	etlRows       *prometheus.CounterVec // layer
	etlFiles      prometheus.Counter
	etlBytes      prometheus.Counter
	etlSuperseded prometheus.Counter
	lastSuccess   *prometheus.GaugeVec   // org, uid
	storeCalls    *prometheus.CounterVec // root, operation, outcome
	storeSeconds  *prometheus.HistogramVec
	storeBytes    *prometheus.CounterVec
	caches        *caches
}

func newMetrics(r prometheus.Registerer) *metrics {
	counters := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "auditlake", Name: name, Help: help}, labels)
	}
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "auditlake", Name: name, Help: help})
	}
	seconds := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "auditlake", Name: name, Help: help, Buckets: buckets}, labels)
	}
	m := &metrics{
		queries:       counters("queries_total", "Queries answered, by type and HTTP status.", "type", "status"),
		querySeconds:  seconds("query_duration_seconds", "Time to answer a query, waiting for its turn included.", prometheus.ExponentialBuckets(0.002, 2.5, 12), "type"),
		scannedRows:   counter("query_scanned_rows_total", "Rows that queries read."),
		scannedBytes:  counter("query_scanned_bytes_total", "Bytes that queries fetched from the store."),
		scannedFiles:  counters("query_files_total", "Data files that queries looked at, by what became of them: read or pruned.", "fate"),
		tasks:         counters("tasks_total", "Tasks of the schedule and of administrators, by kind and outcome.", "task", "outcome"),
		taskSeconds:   seconds("task_duration_seconds", "Time that a task took.", prometheus.ExponentialBuckets(0.05, 3, 12), "task"),
		etlRows:       counters("etl_rows_total", "Rows that the ETL added, by layer.", "layer"),
		etlFiles:      counter("etl_files_total", "Delivered files that the ETL read."),
		etlBytes:      counter("etl_bytes_total", "Bytes of the delivered files that the ETL read."),
		etlSuperseded: counter("etl_superseded_lines_total", "Lines that a newer version of their file lacks. Databricks promises none."),
		lastSuccess: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: "auditlake", Name: "etl_last_success_timestamp_seconds", Help: "When the ETL of a data source last succeeded.",
		}, []string{"org", "uid"}),
		storeCalls:   counters("store_requests_total", "Calls of the object store, by root (source or lake), operation and outcome.", "root", "operation", "outcome"),
		storeSeconds: seconds("store_request_duration_seconds", "Time of a call of the object store, until its body or listing was read.", prometheus.ExponentialBuckets(0.001, 3, 10), "root", "operation"),
		storeBytes:   counters("store_bytes_total", "Bytes of bodies read from or written to the object store.", "root", "operation"),
		caches:       newCaches(),
	}
	r.MustRegister(m.queries, m.querySeconds, m.scannedRows, m.scannedBytes, m.scannedFiles, m.tasks, m.taskSeconds,
		m.etlRows, m.etlFiles, m.etlBytes, m.etlSuperseded, m.lastSuccess, m.storeCalls, m.storeSeconds, m.storeBytes, m.caches)
	return m
}

// query starts the span of a query; done counts what came of it.
func (m *metrics) query(ctx context.Context, kind, name string) (_ context.Context, done func(*result, backend.Status)) {
	ctx, span := tracing.DefaultTracer().Start(ctx, "auditlake query", trace.WithAttributes(
		attribute.String("auditlake.query.type", kind), attribute.String("auditlake.query.name", name)))
	began := time.Now()
	return ctx, func(r *result, status backend.Status) {
		m.queries.WithLabelValues(kind, strconv.Itoa(int(status))).Inc()
		m.querySeconds.WithLabelValues(kind).Observe(time.Since(began).Seconds())
		if r != nil && r.how == answers.Run {
			scan := r.Stats.Scan
			m.scannedRows.Add(float64(scan.Rows))
			m.scannedBytes.Add(float64(scan.Bytes))
			m.scannedFiles.WithLabelValues("read").Add(float64(scan.Files - scan.FilesPruned))
			m.scannedFiles.WithLabelValues("pruned").Add(float64(scan.FilesPruned))
			span.SetAttributes(attribute.Int64("auditlake.scanned.rows", scan.Rows))
		}
		if r != nil {
			span.SetAttributes(attribute.Int("auditlake.rows", r.Batch.Len), attribute.String("auditlake.cache", string(r.how)))
		}
		if status != backend.StatusOK {
			span.SetStatus(codes.Error, strconv.Itoa(int(status)))
		}
		span.End()
	}
}

// task is supervisor.Options.Around.
func (m *metrics) task(ctx context.Context, owner supervisor.Owner, task supervisor.Task) (context.Context, func(any, error)) {
	kind := string(task.Kind)
	ctx, span := tracing.DefaultTracer().Start(ctx, "auditlake "+kind)
	began := time.Now()
	return ctx, func(result any, err error) {
		outcome := "succeeded"
		switch {
		case errors.Is(err, context.Canceled):
			outcome = "canceled"
		case errors.Is(err, etl.ErrLeased):
			outcome = "put_off"
		case err != nil:
			outcome = "failed"
			span.SetStatus(codes.Error, outcome)
		}
		m.tasks.WithLabelValues(kind, outcome).Inc()
		m.taskSeconds.WithLabelValues(kind).Observe(time.Since(began).Seconds())
		if sum, ok := result.(etl.Summary); ok {
			m.landed(sum)
		}
		if task.Kind == supervisor.Run && err == nil {
			m.lastSuccess.WithLabelValues(strconv.FormatInt(owner.Org, 10), owner.UID).SetToCurrentTime()
		}
		span.End()
	}
}

func (m *metrics) landed(sum etl.Summary) {
	for layer, rows := range map[string]int64{
		lake.Bronze: sum.Bronze, lake.Quarantine: sum.Quarantine, lake.Silver: sum.Silver, "gold": sum.Gold,
	} {
		m.etlRows.WithLabelValues(layer).Add(float64(rows))
	}
	m.etlFiles.Add(float64(sum.Files))
	m.etlBytes.Add(float64(sum.Bytes))
	m.etlSuperseded.Add(float64(max(sum.Superseded, 0)))
}

// observe counts the calls of a store; root is source or lake.
func (m *metrics) observe(s store.Store, root string) store.Store {
	return store.Observe(s, func(ctx context.Context, op store.Op, _ string) (context.Context, store.Ended) {
		operation := strings.ReplaceAll(string(op), " ", "_")
		ctx, span := tracing.DefaultTracer().Start(ctx, "store "+operation, trace.WithAttributes(attribute.String("auditlake.root", root)))
		began := time.Now()
		return ctx, func(bytes, _ int64, err error) {
			outcome := storeOutcome(err)
			m.storeCalls.WithLabelValues(root, operation, outcome).Inc()
			m.storeSeconds.WithLabelValues(root, operation).Observe(time.Since(began).Seconds())
			m.storeBytes.WithLabelValues(root, operation).Add(float64(bytes))
			if outcome != "ok" {
				span.SetStatus(codes.Error, outcome)
			}
			span.End()
		}
	})
}

// storeOutcome is the class of an error: no text of it becomes a label.
func storeOutcome(err error) string {
	for _, class := range []struct {
		err  error
		name string
	}{
		{nil, "ok"},
		{store.ErrNotFound, "not_found"},
		{store.ErrExists, "exists"},
		{store.ErrChanged, "changed"},
		{store.ErrDenied, "denied"},
		{store.ErrUnavailable, "unavailable"},
		{store.ErrMisconfigured, "misconfigured"},
		{context.Canceled, "canceled"},
	} {
		if errors.Is(err, class.err) {
			return class.name
		}
	}
	return "error"
}
