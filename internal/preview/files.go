package preview

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/auditlake/auditlake/internal/host"
)

// dashboard is one of the folder's: what lists show, and all of it.
type dashboard struct {
	UID         string   `json:"uid"`
	Title       string   `json:"title"`
	Description string   `json:"description"`
	Tags        []string `json:"tags"`
	body        json.RawMessage
}

// dashboards reads the folder, sorted by the names of its files.
func (s *Server) dashboards() ([]dashboard, error) {
	files, err := filepath.Glob(filepath.Join(s.config.Dashboards, "*.json"))
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	all := []dashboard{}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		d := dashboard{body: body}
		if err := json.Unmarshal(body, &d); err != nil {
			return nil, fmt.Errorf("read %s: %w", filepath.Base(file), err)
		}
		all = append(all, d)
	}
	return all, nil
}

func (s *Server) listDashboards(w http.ResponseWriter, _ *http.Request) {
	all, err := s.dashboards()
	if err != nil {
		refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	answer(w, http.StatusOK, all)
}

func (s *Server) getDashboard(w http.ResponseWriter, r *http.Request) {
	all, err := s.dashboards()
	if err != nil {
		refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	for _, d := range all {
		if d.UID == r.PathValue("uid") {
			answer(w, http.StatusOK, map[string]any{"dashboard": d.body, "meta": map[string]bool{"provisioned": true}})
			return
		}
	}
	refuse(w, http.StatusNotFound, "there is no dashboard "+r.PathValue("uid"))
}

// start is what Grafana puts into its page: the plugin, its data sources and who
// the user is.
func (s *Server) start(w http.ResponseWriter, r *http.Request) {
	manifest, err := os.ReadFile(filepath.Join(s.config.Plugin, "plugin.json"))
	if err != nil {
		refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	user := userOf(r)
	answer(w, http.StatusOK, map[string]any{
		"plugin":      json.RawMessage(manifest),
		"pluginId":    host.PluginID,
		"datasources": s.views(),
		"user":        map[string]string{"login": user.Login, "name": user.Name, "email": user.Email, "role": user.Role},
		"links":       s.config.Links,
	})
}

// noIcon stands for the icons that only a Grafana server has.
const noIcon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><circle cx="12" cy="12" r="4"/></svg>`

// page serves the page's files. Every other path is one that the page itself
// makes something of.
func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	name := filepath.FromSlash(strings.TrimPrefix(r.URL.Path, "/"))
	if filepath.IsLocal(name) && strings.HasPrefix(r.URL.Path, "/public/") {
		file := filepath.Join(s.config.Page, name)
		if _, err := os.Stat(file); err != nil && strings.HasPrefix(r.URL.Path, "/public/build/img/icons/") {
			w.Header().Set("Content-Type", "image/svg+xml")
			_, _ = io.WriteString(w, noIcon) // who asked has gone
			return
		}
		http.ServeFile(w, r, file)
		return
	}
	noStore(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, filepath.Join(s.config.Page, "index.html"))
	})).ServeHTTP(w, r)
}

// settings is what the runtime asks a Grafana server for.
func (s *Server) settings(w http.ResponseWriter, _ *http.Request) {
	manifest, err := os.ReadFile(filepath.Join(s.config.Plugin, "plugin.json"))
	if err != nil {
		refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	type withMeta struct {
		sourceView
		Meta json.RawMessage `json:"meta"`
	}
	all := map[string]withMeta{}
	standard := ""
	for _, one := range s.views() {
		all[one.Name] = withMeta{one, manifest}
		if one.IsDefault {
			standard = one.Name
		}
	}
	answer(w, http.StatusOK, map[string]any{"datasources": all, "defaultDatasource": standard})
}

// noStore is for files that a build replaces under the same name.
func noStore(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache")
		next.ServeHTTP(w, r)
	})
}
