package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
)

// Option changes how one call is made.
type Option func(*call)

type call struct {
	user *backend.User
	// headers are the browser's.
	headers http.Header
	// meta are the headers that Grafana sets itself; their case is exact.
	meta   map[string]string
	format backend.DataFrameFormat
	// settings are those of another data source, or nil.
	settings *backend.DataSourceInstanceSettings
}

// flatHeaders is the form of all requests but resource calls: one value a key,
// and the SDK's prefix tells the browser's headers from Grafana's own.
func (c *call) flatHeaders() map[string]string {
	req := backend.QueryDataRequest{Headers: maps.Clone(c.meta)}
	for key := range c.headers {
		req.SetHTTPHeader(key, c.headers.Get(key))
	}
	return req.Headers
}

// allHeaders is the form of resource calls.
func (c *call) allHeaders() map[string][]string {
	all := maps.Clone(map[string][]string(c.headers))
	for key, value := range c.meta {
		all[key] = []string{value}
	}
	return all
}

// As makes the call in the name of user; nil is a request without a user.
func As(user *backend.User) Option {
	return func(c *call) { c.user = user }
}

// On makes the call to another data source of the plugin than the host's. The
// settings are sent as they are: a changed Updated makes a new instance.
func On(settings backend.DataSourceInstanceSettings) Option {
	return func(c *call) { c.settings = &settings }
}

// Header adds an HTTP header that the browser's request carried.
func Header(key, value string) Option {
	return func(c *call) { c.headers.Add(key, value) }
}

// FromAlert marks the call as the evaluation of an alert rule, which has no user.
func FromAlert() Option {
	return func(c *call) {
		c.user = nil
		c.meta[backend.FromAlertHeaderName] = "true"
	}
}

// JSONFrames asks for frames as JSON instead of Arrow, as the newest Grafana does.
func JSONFrames() Option {
	return func(c *call) { c.format = backend.DataFrameFormat_JSON }
}

func (h *Host) newCall(opts []Option) *call {
	c := &call{user: h.config.User, headers: http.Header{}, meta: map[string]string{}}
	for _, opt := range opts {
		opt(c)
	}
	return c
}

// Health asks the data source to check itself, as "Save & test" does.
func (h *Host) Health(ctx context.Context, opts ...Option) (*backend.CheckHealthResult, error) {
	c := h.newCall(opts)
	// The SDK has no converter for this request.
	res, err := h.diagnostics.CheckHealth(ctx, &pluginv2.CheckHealthRequest{
		PluginContext: backend.ToProto().PluginContext(h.pluginContext(c)),
		Headers:       c.flatHeaders(),
	})
	if err != nil {
		return nil, fmt.Errorf("check health: %w", err)
	}
	return backend.FromProto().CheckHealthResponse(res), nil
}

// Query sends the queries in one request. A query's own failure is in its
// response; the error is for a request that failed as a whole, and carries the
// gRPC status.
func (h *Host) Query(ctx context.Context, queries []backend.DataQuery, opts ...Option) (*backend.QueryDataResponse, error) {
	c := h.newCall(opts)
	res, err := h.data.QueryData(ctx, backend.ToProto().QueryDataRequest(&backend.QueryDataRequest{
		PluginContext: h.pluginContext(c),
		Headers:       c.flatHeaders(),
		Queries:       queries,
		Format:        c.format,
	}))
	if err != nil {
		return nil, fmt.Errorf("query data: %w", err)
	}
	return backend.FromProto().QueryDataResponse(res)
}

// Resource calls one of the plugin's HTTP resources. path is relative, without
// a leading slash, and may carry a query string. The answer is read whole.
func (h *Host) Resource(ctx context.Context, method, path string, body []byte, opts ...Option) (status int, answer []byte, err error) {
	location, err := url.Parse(path)
	if err != nil {
		return 0, nil, fmt.Errorf("call resource %s: %w", path, err)
	}
	c := h.newCall(opts)
	stream, err := h.resource.CallResource(ctx, backend.ToProto().CallResourceRequest(&backend.CallResourceRequest{
		PluginContext: h.pluginContext(c),
		Path:          location.Path,
		Method:        method,
		URL:           path,
		Headers:       c.allHeaders(),
		Body:          body,
	}))
	if err != nil {
		return 0, nil, fmt.Errorf("call resource %s: %w", path, err)
	}
	for {
		part, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return status, answer, nil
		}
		if err != nil {
			return 0, nil, fmt.Errorf("call resource %s: %w", path, err)
		}
		// Only the first part states the status.
		if status == 0 {
			status = int(part.GetCode())
		}
		answer = append(answer, part.GetBody()...)
	}
}

// ErrSubscriptionRefused says that the plugin does not know a stream's path or
// does not allow it.
var ErrSubscriptionRefused = errors.New("subscription refused")

// Stream subscribes to a path and hands each packet to receive, in order, until
// the plugin ends the stream (nil), receive fails or ctx ends. data is what
// the panel sends along. Like Grafana it asks the plugin first whether the
// subscription is allowed.
func (h *Host) Stream(ctx context.Context, path string, data []byte, receive func(packet []byte) error, opts ...Option) error {
	c := h.newCall(opts)
	pluginCtx := h.pluginContext(c)
	answer, err := h.stream.SubscribeStream(ctx, backend.ToProto().SubscribeStreamRequest(&backend.SubscribeStreamRequest{
		PluginContext: pluginCtx, Path: path, Data: data, Headers: c.flatHeaders(),
	}))
	if err != nil {
		return fmt.Errorf("subscribe to %s: %w", path, err)
	}
	if answer.GetStatus() != pluginv2.SubscribeStreamResponse_OK {
		return fmt.Errorf("subscribe to %s: %s: %w", path, answer.GetStatus(), ErrSubscriptionRefused)
	}

	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the stream when receive fails
	packets, err := h.stream.RunStream(ctx, backend.ToProto().RunStreamRequest(&backend.RunStreamRequest{
		PluginContext: pluginCtx, Path: path, Data: data, Headers: c.flatHeaders(),
	}))
	if err != nil {
		return fmt.Errorf("run stream %s: %w", path, err)
	}
	for {
		packet, err := packets.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("run stream %s: %w", path, err)
		}
		if err := receive(packet.GetData()); err != nil {
			return fmt.Errorf("receive from stream %s: %w", path, err)
		}
	}
}

// Metrics gives the plugin's Prometheus metrics in the text format.
func (h *Host) Metrics(ctx context.Context) ([]byte, error) {
	res, err := h.diagnostics.CollectMetrics(ctx, backend.ToProto().CollectMetricsRequest(&backend.CollectMetricsRequest{
		PluginContext: h.pluginContext(&call{}),
	}))
	if err != nil {
		return nil, fmt.Errorf("collect metrics: %w", err)
	}
	return backend.FromProto().CollectMetricsResponse(res).PrometheusMetrics, nil
}
