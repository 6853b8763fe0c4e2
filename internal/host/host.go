// Package host runs the built plugin binary as Grafana does, without Grafana.
//
//	h, err := host.Start(ctx, host.Config{Binary: "dist/gpx_auditlake_linux_amd64", Settings: settings})
//	defer h.Close()
//	res, err := h.Query(ctx, queries, host.JSONFrames(), host.FromAlert())
//
// It speaks the same protocol as Grafana's own client: hashicorp/go-plugin with
// the SDK's handshake, gRPC over a local socket without TLS, the SDK's
// converters on both ends. Like Grafana it
//
//   - gives the process no environment but what [Config].Env names,
//   - sends settings, user and configuration with every request and nothing
//     at start,
//   - stops the process by closing the connection and kills it after two
//     seconds.
//
// What Grafana keeps to itself is not here: no authentication, no time-outs of
// its own, no query caching.
package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/grpcplugin"
	"github.com/grafana/grafana-plugin-sdk-go/backend/useragent"
	"github.com/grafana/grafana-plugin-sdk-go/config"
	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
)

// PluginID is the type that Grafana knows the data source by. It stands in for
// an empty Config.Settings.Type.
const PluginID = "auditlake-databricks-datasource"

// grafanaVersion is the version the host claims in the user agent: the oldest
// that src/plugin.json allows.
const grafanaVersion = "12.3.0"

// Config says which plugin to start and what Grafana would send it.
type Config struct {
	// Binary is the path of the plugin executable.
	Binary string
	// Env is the whole environment of the process, as KEY=value. It does not
	// inherit the host's: no HOME, PATH, TMPDIR or AWS_*, as under Grafana.
	Env []string
	// Settings are those of the one data source the host has. A zero Updated
	// becomes the time of the start.
	Settings backend.DataSourceInstanceSettings
	// User asks, unless an option of the call says otherwise. Nil is a request
	// without a user, such as an alert's.
	User *backend.User
	// GrafanaConfig holds the GF_* and AWS_AUTH_* keys sent with each request.
	GrafanaConfig map[string]string
	// LogOutput receives the plugin's log, one line at a time. Nil drops it.
	LogOutput io.Writer
}

// Host is one running plugin process. All methods are safe for concurrent use.
type Host struct {
	config Config
	client *goplugin.Client
	cmd    *exec.Cmd
	// release frees the context that the process was started under, and would
	// kill it if it still ran.
	release context.CancelFunc

	data        grpcplugin.DataClient
	diagnostics grpcplugin.DiagnosticsClient
	resource    grpcplugin.ResourceClient
	stream      grpcplugin.StreamClient

	mu       sync.Mutex // guards settings
	settings backend.DataSourceInstanceSettings
}

// Start starts the plugin and shakes hands with it. ctx bounds the start, not
// the life of the plugin; the caller ends that with [Host.Close].
func Start(ctx context.Context, config Config) (*Host, error) {
	if config.Settings.Updated.IsZero() {
		config.Settings.Updated = time.Now().UTC()
	}
	if config.Settings.Type == "" {
		config.Settings.Type = PluginID
	}

	life, release := context.WithCancel(context.WithoutCancel(ctx))
	starting := context.AfterFunc(ctx, release)
	cmd := exec.CommandContext(life, config.Binary)
	cmd.Env = config.Env
	h := &Host{
		config:   config,
		client:   goplugin.NewClient(clientConfig(cmd, config.LogOutput)),
		cmd:      cmd,
		release:  release,
		settings: config.Settings,
	}
	if err := h.connect(); err != nil {
		h.stop()
		return nil, fmt.Errorf("start plugin %s: %w", config.Binary, errors.Join(ctx.Err(), err))
	}
	if !starting() { // ctx ended just now and has the process killed
		h.stop()
		return nil, fmt.Errorf("start plugin %s: %w", config.Binary, ctx.Err())
	}
	return h, nil
}

func clientConfig(cmd *exec.Cmd, logOutput io.Writer) *goplugin.ClientConfig {
	if logOutput == nil {
		logOutput = io.Discard
	}
	return &goplugin.ClientConfig{
		Cmd:         cmd,
		SkipHostEnv: true,
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion:  grpcplugin.ProtocolVersion,
			MagicCookieKey:   grpcplugin.MagicCookieKey,
			MagicCookieValue: grpcplugin.MagicCookieValue,
		},
		VersionedPlugins: map[int]goplugin.PluginSet{grpcplugin.ProtocolVersion: {
			"data":        &grpcplugin.DataGRPCPlugin{},
			"diagnostics": &grpcplugin.DiagnosticsGRPCPlugin{},
			"resource":    &grpcplugin.ResourceGRPCPlugin{},
			"stream":      &grpcplugin.StreamGRPCPlugin{},
		}},
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		Logger: hclog.New(&hclog.LoggerOptions{
			Name:   "plugin",
			Output: logOutput,
			Level:  hclog.Debug,
		}),
	}
}

// connect starts the process and opens the four services.
func (h *Host) connect() error {
	protocol, err := h.client.Client()
	if err != nil {
		return err
	}
	return errors.Join(
		dispense(protocol, "data", &h.data),
		dispense(protocol, "diagnostics", &h.diagnostics),
		dispense(protocol, "resource", &h.resource),
		dispense(protocol, "stream", &h.stream),
	)
}

func dispense[T any](protocol goplugin.ClientProtocol, service string, into *T) error {
	raw, err := protocol.Dispense(service)
	if err != nil {
		return fmt.Errorf("open service %s: %w", service, err)
	}
	client, ok := raw.(T)
	if !ok {
		return fmt.Errorf("open service %s: unexpected client %T", service, raw)
	}
	*into = client
	return nil
}

// Close stops the plugin as Grafana does and waits for the process to end: a
// graceful stop, then a kill after two seconds. Calls that are under way fail.
// It is safe to call twice.
func (h *Host) Close() error {
	h.stop()
	return nil
}

func (h *Host) stop() {
	h.client.Kill()
	h.release()
}

// Kill ends the process at once, without the graceful stop, as a crash or the
// kernel's out-of-memory killer would, and waits until it is gone.
func (h *Host) Kill() error {
	err := h.cmd.Process.Kill()
	h.stop()
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// Exited says whether the process has ended, for whatever reason.
func (h *Host) Exited() bool { return h.client.Exited() }

// PID is the id of the plugin's process, also after it has ended.
func (h *Host) PID() int { return h.cmd.Process.Pid }

// UpdateSettings replaces the settings as a save in Grafana's editor does: the
// next request makes the plugin build a new instance and dispose the old one.
// An Updated that is not after the present one is moved there, because the
// plugin tells instances apart by it, in milliseconds.
func (h *Host) UpdateSettings(settings backend.DataSourceInstanceSettings) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if earliest := h.settings.Updated.Add(time.Millisecond); settings.Updated.Before(earliest) {
		settings.Updated = earliest
	}
	if settings.Type == "" {
		settings.Type = h.settings.Type
	}
	h.settings = settings
}

// pluginContext is what Grafana attaches to every request.
func (h *Host) pluginContext(c *call) backend.PluginContext {
	h.mu.Lock()
	settings := h.settings
	h.mu.Unlock()
	if c.settings != nil {
		settings = *c.settings
		settings.Type = h.config.Settings.Type
	}
	ctx := backend.PluginContext{
		OrgID:                      1, //nolint:staticcheck // Grafana sends it still
		Namespace:                  "default",
		PluginID:                   settings.Type,
		User:                       c.user,
		DataSourceInstanceSettings: &settings,
		GrafanaConfig:              config.NewGrafanaCfg(h.config.GrafanaConfig),
	}
	// A user agent that does not parse is left out, as Grafana does.
	if agent, err := useragent.New(grafanaVersion, "linux", "amd64"); err == nil {
		ctx.UserAgent = agent
	}
	return ctx
}
