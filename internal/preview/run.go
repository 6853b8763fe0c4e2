package preview

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/auditlake/auditlake/internal/host"
)

// Show is a preview with a plugin process of its own.
type Show struct {
	Binary                   string // the plugin's executable
	Page, Plugin, Dashboards string // as in Config
	Address                  string // to listen on, such as 127.0.0.1:8808
	Sources                  []Local
	Links                    []Link
	// Log receives the plugin's log; nil drops it.
	Log io.Writer
	// Ready is called once, when the page can be opened at url.
	Ready func(url string) error
}

// Local is a data source whose logs and lake are folders of this machine.
type Local struct {
	UID, Name string
	Lake      string
	Logs      []string
	// Schedule is the time between two runs of the ETL, such as 1m, or off.
	Schedule string
}

func (l Local) settings() (backend.DataSourceInstanceSettings, error) {
	folders := []string{l.Lake}
	folders = append(folders, l.Logs...)
	for i, folder := range folders {
		path, err := filepath.Abs(folder)
		if err != nil {
			return backend.DataSourceInstanceSettings{}, err
		}
		folders[i] = path
	}
	body, err := json.Marshal(map[string]any{"lake": folders[0], "sources": folders[1:], "schedule": l.Schedule})
	return backend.DataSourceInstanceSettings{UID: l.UID, Name: l.Name, JSONData: body}, err
}

// Run starts the plugin, serves the page until ctx ends, and stops the plugin.
// Data sources may name local folders. Their first health check, which starts
// their ETL, is made before the page is ready, and its outcome is the page's to
// tell.
func (s Show) Run(ctx context.Context) (err error) {
	if _, err := os.Stat(s.Binary); err != nil {
		return fmt.Errorf("the plugin's executable is not built: run go tool mage demo (%w)", err)
	}
	h, err := host.Start(ctx, host.Config{
		Binary: s.Binary, LogOutput: s.Log,
		Env: []string{"GF_PLUGIN_ALLOW_LOCAL_FOLDERS=true"},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	var sources []backend.DataSourceInstanceSettings
	for _, l := range s.Sources {
		source, err := l.settings()
		if err != nil {
			return err
		}
		sources = append(sources, source)
	}
	server, err := New(Config{Host: h, Sources: sources, Links: s.Links, Page: s.Page, Plugin: s.Plugin, Dashboards: s.Dashboards})
	if err != nil {
		return err
	}
	listener, err := Listen(s.Address)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }() // Serve has closed it unless it was never called
	for _, source := range server.sources {
		if _, err := h.Health(ctx, host.On(source)); err != nil {
			return err
		}
	}
	if err := s.Ready("http://" + listener.Addr().String() + "/"); err != nil {
		return err
	}
	return server.Serve(ctx, listener)
}
