// Package preview serves a page that draws the provisioned dashboards and the
// plugin's own editors over the real plugin process, where there is no Grafana.
//
//	server, err := preview.New(preview.Config{Host: h, Sources: sources, Page: "preview/dist", …})
//	listener, err := preview.Listen("127.0.0.1:8808")
//	err = server.Serve(ctx, listener)
//
// It answers what the page asks under the paths that Grafana has:
//
//	POST     /api/ds/query                              queries, answered as JSON frames
//	GET      /api/datasources                           all data sources
//	GET PUT  /api/datasources/uid/<uid>                 settings; a save lives in memory
//	GET      /api/datasources/uid/<uid>/health          Save & test
//	any      /api/datasources/uid/<uid>/resources/<path>
//	GET      /api/live/ds/<uid>/<path>                  a stream, as server-sent events
//	GET      /api/search                                the dashboards in the folder
//	GET      /api/dashboards/uid/<uid>                  one of them
//	GET      /api/preview, /api/frontend/settings       what the page starts with
//	GET      /public/plugins/<id>/<file>                the built plugin
//	GET      everything else                            the page
//
// It is a tool for one person on one machine. There is no sign-in: who asks is
// an administrator, or has the role in the header X-Preview-Role. So it listens
// on loopback alone, and refuses requests that name another host or come from
// another site, which a web page elsewhere could otherwise send through the
// browser.
package preview

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/auditlake/auditlake/internal/host"
)

// Config says what is shown.
type Config struct {
	// Host is the running plugin. It stays the caller's.
	Host *host.Host
	// Sources are the data sources, the default one first. Their UIDs differ.
	Sources []backend.DataSourceInstanceSettings
	// Page, Plugin and Dashboards are folders: the page's built files, the
	// plugin's, and the dashboards' JSON, which is read anew with each request.
	Page, Plugin, Dashboards string
	// Links are offered beside each dashboard.
	Links []Link
}

// Link is a data source and a time range worth looking at, on any dashboard.
type Link struct {
	Title  string `json:"title"`
	Text   string `json:"text"`
	Source string `json:"source"` // its UID
	From   string `json:"from"`   // as in the URL of a dashboard
	To     string `json:"to"`
}

// Server is the handler of all requests. It is safe for concurrent use.
type Server struct {
	config Config
	mux    *http.ServeMux

	mu      sync.Mutex // guards sources
	sources []backend.DataSourceInstanceSettings
}

// New checks that the folders hold what they should.
func New(c Config) (*Server, error) {
	for _, file := range []string{filepath.Join(c.Page, "index.html"), filepath.Join(c.Plugin, "module.js"), c.Dashboards} {
		if _, err := os.Stat(file); err != nil {
			return nil, fmt.Errorf("preview: %w: go tool mage demo builds what is missing", err)
		}
	}
	s := &Server{config: c, mux: http.NewServeMux()}
	for i, source := range c.Sources {
		source.ID = int64(i + 1)
		source.Type = host.PluginID
		source.Updated = time.Now().UTC()
		s.sources = append(s.sources, source)
	}
	s.mux.HandleFunc("POST /api/ds/query", s.query)
	s.mux.HandleFunc("GET /api/datasources", s.listSources)
	s.mux.HandleFunc("GET /api/datasources/uid/{uid}", s.withSource(s.getSource))
	s.mux.HandleFunc("PUT /api/datasources/uid/{uid}", s.withSource(s.saveSource))
	s.mux.HandleFunc("GET /api/datasources/uid/{uid}/health", s.withSource(s.health))
	s.mux.HandleFunc("/api/datasources/uid/{uid}/resources/{path...}", s.withSource(s.resource))
	s.mux.HandleFunc("GET /api/live/ds/{uid}/{path...}", s.withSource(s.stream))
	s.mux.HandleFunc("GET /api/search", s.listDashboards)
	s.mux.HandleFunc("GET /api/dashboards/uid/{uid}", s.getDashboard)
	s.mux.HandleFunc("GET /api/preview", s.start)
	s.mux.HandleFunc("GET /api/frontend/settings", s.settings)
	s.mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, http.StatusNotFound, "the preview has no "+r.URL.Path)
	})
	s.mux.Handle("/public/plugins/"+host.PluginID+"/",
		http.StripPrefix("/public/plugins/"+host.PluginID, noStore(http.FileServer(http.Dir(c.Plugin)))))
	s.mux.HandleFunc("/", s.page)
	return s, nil
}

// ServeHTTP answers requests from this machine, of this site.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if why := foreign(r); why != "" {
		refuse(w, http.StatusForbidden, why)
		return
	}
	w.Header().Set("X-Frame-Options", "DENY")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	s.mux.ServeHTTP(w, r)
}

// Listen opens address, which must be of the loopback. Where its port is taken,
// it takes any that is free.
func Listen(address string) (net.Listener, error) {
	name, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("preview: address %q: write 127.0.0.1:8808: %w", address, err)
	}
	if !loopback(name) {
		return nil, fmt.Errorf("preview: address %q: it has no sign-in and listens on 127.0.0.1 alone", address)
	}
	l, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		l, err = net.Listen("tcp", net.JoinHostPort(name, "0"))
	}
	if err != nil {
		return nil, fmt.Errorf("preview: %w", err)
	}
	return l, nil
}

// Serve answers on the listener until ctx ends, which is no error. Requests that
// are then under way are cancelled.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("preview: %w", err)
	}
	return nil
}

// answer writes v as JSON.
func answer(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"message":"the answer is no JSON"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // who asked has gone
}

func refuse(w http.ResponseWriter, status int, message string) {
	answer(w, status, map[string]string{"message": message})
}
