// Command echo is a data source that answers with what it was asked, so that
// the host's tests can see what arrives in a plugin.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/datasource"
	"github.com/grafana/grafana-plugin-sdk-go/backend/instancemgmt"
	"github.com/grafana/grafana-plugin-sdk-go/backend/log"
	"github.com/grafana/grafana-plugin-sdk-go/data"
)

func main() {
	if err := datasource.Manage("echo", newEcho, datasource.ManageOpts{}); err != nil {
		log.DefaultLogger.Error("Serving failed", "error", err)
		os.Exit(1)
	}
	// The only place where a plugin may still do something after a stop.
	if path := os.Getenv("GF_PLUGIN_STOPPED_FILE"); path != "" {
		_ = os.WriteFile(path, []byte("stopped"), 0o600)
	}
}

type echo struct {
	settings backend.DataSourceInstanceSettings
	begin    sync.Once
	begun    chan struct{} // closed when a "block" query has arrived
	end      sync.Once
	canceled chan struct{} // closed when its context has ended
}

func newEcho(_ context.Context, settings backend.DataSourceInstanceSettings) (instancemgmt.Instance, error) {
	return &echo{settings: settings, begun: make(chan struct{}), canceled: make(chan struct{})}, nil
}

func (e *echo) QueryData(ctx context.Context, req *backend.QueryDataRequest) (*backend.QueryDataResponse, error) {
	log.DefaultLogger.Debug("Echoing", "queries", len(req.Queries))
	res := backend.NewQueryDataResponse()
	for _, q := range req.Queries {
		switch q.QueryType {
		case "fail":
			res.Responses[q.RefID] = backend.DataResponse{
				Error: errors.New("no such table"), Status: backend.StatusBadRequest, ErrorSource: backend.ErrorSourceDownstream,
			}
		case "block":
			e.begin.Do(func() { close(e.begun) })
			<-ctx.Done()
			e.end.Do(func() { close(e.canceled) })
			return nil, ctx.Err()
		case "panic":
			panic("asked to")
		default:
			res.Responses[q.RefID] = backend.DataResponse{Frames: data.Frames{echoFrame(req, q)}}
		}
	}
	return res, nil
}

func echoFrame(req *backend.QueryDataRequest, q backend.DataQuery) *data.Frame {
	user := "nobody"
	if req.PluginContext.User != nil {
		user = req.PluginContext.User.Login
	}
	one, text := 1.5, "text"
	frame := data.NewFrame("echo",
		data.NewField("time", nil, []time.Time{q.TimeRange.From.UTC(), q.TimeRange.To.UTC()}),
		data.NewField("value", data.Labels{"workspace": "4711"}, []*float64{&one, nil}),
		data.NewField("text", nil, []*string{nil, &text}),
	)
	frame.Meta = &data.FrameMeta{
		Type:                data.FrameTypeTimeSeriesMulti,
		TypeVersion:         data.FrameTypeVersion{0, 1},
		ExecutedQueryString: string(q.JSON),
		Notices:             []data.Notice{{Severity: data.NoticeSeverityWarning, Text: "truncated"}},
		Custom: map[string]any{
			"user":      user,
			"fromAlert": req.Headers[backend.FromAlertHeaderName],
			"dashboard": req.GetHTTPHeader("X-Dashboard-Uid"),
			"appURL":    req.PluginContext.GrafanaConfig.Get("GF_APP_URL"),
			"plugin":    req.PluginContext.PluginID,
		},
	}
	return frame
}

func (e *echo) CheckHealth(_ context.Context, req *backend.CheckHealthRequest) (*backend.CheckHealthResult, error) {
	if req.PluginContext.User == nil {
		return &backend.CheckHealthResult{Status: backend.HealthStatusError, Message: "who asks?"}, nil
	}
	return &backend.CheckHealthResult{
		Status: backend.HealthStatusOk, Message: "hello " + req.PluginContext.User.Login, JSONDetails: []byte(`{"tables":3}`),
	}, nil
}

func (e *echo) CallResource(ctx context.Context, req *backend.CallResourceRequest, sender backend.CallResourceResponseSender) error {
	answer := backend.CallResourceResponse{Status: http.StatusOK}
	switch req.Path {
	case "echo":
		answer.Status = http.StatusTeapot
		answer.Body = fmt.Appendf(nil, "%s %s %s", req.Method, req.URL, req.Body)
	case "settings":
		answer.Body = e.settings.JSONData
	case "secret":
		answer.Body = []byte(e.settings.DecryptedSecureJSONData["secretKey"])
	case "environ":
		answer.Body, _ = json.Marshal(os.Environ())
	case "begun":
		return e.answerAfter(ctx, e.begun, sender)
	case "canceled":
		return e.answerAfter(ctx, e.canceled, sender)
	case "parts":
		if err := sender.Send(&backend.CallResourceResponse{Status: http.StatusOK, Body: []byte("one ")}); err != nil {
			return err
		}
		answer.Body = []byte("two")
	default:
		answer.Status = http.StatusNotFound
	}
	return sender.Send(&answer)
}

// answerAfter answers as soon as done is closed.
func (e *echo) answerAfter(ctx context.Context, done <-chan struct{}, sender backend.CallResourceResponseSender) error {
	select {
	case <-done:
		return sender.Send(&backend.CallResourceResponse{Status: http.StatusOK})
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *echo) SubscribeStream(_ context.Context, req *backend.SubscribeStreamRequest) (*backend.SubscribeStreamResponse, error) {
	if req.Path != "count" {
		return &backend.SubscribeStreamResponse{Status: backend.SubscribeStreamStatusNotFound}, nil
	}
	return &backend.SubscribeStreamResponse{Status: backend.SubscribeStreamStatusOK}, nil
}

// RunStream counts to three and ends.
func (e *echo) RunStream(_ context.Context, _ *backend.RunStreamRequest, sender *backend.StreamSender) error {
	for n := range 3 {
		if err := sender.SendJSON(fmt.Appendf(nil, `{"n":%d}`, n+1)); err != nil {
			return err
		}
	}
	return nil
}

func (e *echo) PublishStream(context.Context, *backend.PublishStreamRequest) (*backend.PublishStreamResponse, error) {
	return &backend.PublishStreamResponse{Status: backend.PublishStreamStatusPermissionDenied}, nil
}
