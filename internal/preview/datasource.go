package preview

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

// sourceView is a data source as Grafana tells it: secrets by name alone.
type sourceView struct {
	ID               int64           `json:"id"`
	UID              string          `json:"uid"`
	OrgID            int64           `json:"orgId"`
	Name             string          `json:"name"`
	Type             string          `json:"type"`
	Access           string          `json:"access"`
	URL              string          `json:"url"`
	IsDefault        bool            `json:"isDefault"`
	ReadOnly         bool            `json:"readOnly"`
	Version          int64           `json:"version"` // grows with each save
	JSONData         json.RawMessage `json:"jsonData"`
	SecureJSONFields map[string]bool `json:"secureJsonFields"`
}

func view(source backend.DataSourceInstanceSettings) sourceView {
	secrets := map[string]bool{}
	for name := range source.DecryptedSecureJSONData {
		secrets[name] = true
	}
	return sourceView{
		ID: source.ID, UID: source.UID, OrgID: 1, Name: source.Name, Type: source.Type, Access: "proxy",
		IsDefault: source.ID == 1, Version: source.Updated.UnixMilli(), JSONData: source.JSONData, SecureJSONFields: secrets,
	}
}

func (s *Server) views() []sourceView {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []sourceView{}
	for _, source := range s.sources {
		all = append(all, view(source))
	}
	return all
}

// source finds a data source; an empty UID is the default one.
func (s *Server) source(uid string) (backend.DataSourceInstanceSettings, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, source := range s.sources {
		if source.UID == uid || uid == "" {
			return source, true
		}
	}
	return backend.DataSourceInstanceSettings{}, false
}

type sourceHandler func(http.ResponseWriter, *http.Request, backend.DataSourceInstanceSettings)

func (s *Server) withSource(handle sourceHandler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		source, ok := s.source(r.PathValue("uid"))
		if !ok {
			refuse(w, http.StatusNotFound, "the preview has no data source "+r.PathValue("uid"))
			return
		}
		handle(w, r, source)
	}
}

func (s *Server) listSources(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, s.views())
}

func (s *Server) getSource(w http.ResponseWriter, _ *http.Request, source backend.DataSourceInstanceSettings) {
	answer(w, http.StatusOK, view(source))
}

// saveSource takes the settings of the editor. A secret that is not sent stays
// as it is, unless secureJsonFields says that it was reset.
func (s *Server) saveSource(w http.ResponseWriter, r *http.Request, source backend.DataSourceInstanceSettings) {
	if userOf(r).Role != "Admin" {
		refuse(w, http.StatusForbidden, "data sources are changed by administrators")
		return
	}
	var given struct {
		Name             string            `json:"name"`
		JSONData         json.RawMessage   `json:"jsonData"`
		SecureJSONData   map[string]string `json:"secureJsonData"`
		SecureJSONFields map[string]bool   `json:"secureJsonFields"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&given); err != nil {
		refuse(w, http.StatusBadRequest, "read the settings: "+err.Error())
		return
	}
	secrets := maps.Clone(source.DecryptedSecureJSONData)
	maps.DeleteFunc(secrets, func(name, _ string) bool {
		kept, told := given.SecureJSONFields[name]
		return told && !kept
	})
	if secrets == nil {
		secrets = map[string]string{}
	}
	maps.Copy(secrets, given.SecureJSONData)
	if given.Name != "" {
		source.Name = given.Name
	}
	source.JSONData, source.DecryptedSecureJSONData = given.JSONData, secrets
	// The plugin tells settings apart by the millisecond.
	now := time.Now().UTC()
	if earliest := source.Updated.Add(time.Millisecond); now.Before(earliest) {
		now = earliest
	}
	source.Updated = now
	s.mu.Lock()
	s.sources[source.ID-1] = source
	s.mu.Unlock()
	answer(w, http.StatusOK, map[string]any{"message": "Datasource updated", "datasource": view(source)})
}

// health answers in Grafana's form, with status 400 for everything that is not
// fine.
func (s *Server) health(w http.ResponseWriter, r *http.Request, source backend.DataSourceInstanceSettings) {
	res, err := s.config.Host.Health(r.Context(), options(r, source)...)
	if err != nil {
		refuse(w, http.StatusBadGateway, err.Error())
		return
	}
	body := map[string]any{"status": res.Status.String(), "message": res.Message}
	if len(res.JSONDetails) > 0 {
		body["details"] = json.RawMessage(res.JSONDetails)
	}
	status := http.StatusOK
	if res.Status != backend.HealthStatusOk {
		status = http.StatusBadRequest
	}
	answer(w, status, body)
}

func (s *Server) resource(w http.ResponseWriter, r *http.Request, source backend.DataSourceInstanceSettings) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		refuse(w, http.StatusRequestEntityTooLarge, "read the request: "+err.Error())
		return
	}
	path := r.PathValue("path")
	if r.URL.RawQuery != "" {
		path += "?" + r.URL.RawQuery
	}
	status, text, err := s.config.Host.Resource(r.Context(), r.Method, path, body, options(r, source)...)
	if err != nil {
		refuse(w, http.StatusBadGateway, err.Error())
		return
	}
	kind := "application/json"
	if !json.Valid(text) {
		kind = "text/plain; charset=utf-8"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(text) // who asked has gone
}

// stream hands on the packets of a stream, which are JSON of one line.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, source backend.DataSourceInstanceSettings) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	flow := http.NewResponseController(w)
	err := s.config.Host.Stream(r.Context(), r.PathValue("path"), nil, func(packet []byte) error {
		_, err := io.WriteString(w, "data: "+strings.ReplaceAll(string(packet), "\n", " ")+"\n\n")
		if err != nil {
			return err
		}
		return flow.Flush()
	}, options(r, source)...)
	if err != nil && r.Context().Err() == nil {
		_, _ = io.WriteString(w, "event: refused\ndata: "+strings.ReplaceAll(err.Error(), "\n", " ")+"\n\n")
	}
}
