package preview

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/auditlake/auditlake/internal/host"
)

// maxBody is the largest request, in bytes; plugins take 16 MiB.
const maxBody = 16 << 20

// queryRequest is what @grafana/runtime posts.
type queryRequest struct {
	Queries []json.RawMessage `json:"queries"`
	// From and To are milliseconds since 1970.
	From string `json:"from"`
	To   string `json:"to"`
}

// queryModel is what Grafana itself reads of a query.
type queryModel struct {
	RefID      string `json:"refId"`
	QueryType  string `json:"queryType"`
	Datasource struct {
		UID string `json:"uid"`
	} `json:"datasource"`
	IntervalMS    float64 `json:"intervalMs"`
	MaxDataPoints int64   `json:"maxDataPoints"`
}

// query answers each query by its data source. Like Grafana it answers 207 when
// one of them failed, whose words are in the body.
func (s *Server) query(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		refuse(w, http.StatusRequestEntityTooLarge, "read the queries: "+err.Error())
		return
	}
	batches, err := batchesOf(body)
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	all := backend.NewQueryDataResponse()
	for uid, queries := range batches {
		source, ok := s.source(uid)
		if !ok {
			for _, q := range queries {
				all.Responses[q.RefID] = backend.ErrDataResponse(backend.StatusNotFound,
					fmt.Sprintf("the preview has no data source %q; expressions and Grafana's own data sources need Grafana", uid))
			}
			continue
		}
		res, err := s.config.Host.Query(r.Context(), queries, options(r, source)...)
		if err != nil {
			refuse(w, http.StatusBadGateway, err.Error())
			return
		}
		for id, one := range res.Responses {
			all.Responses[id] = one
		}
	}
	status := http.StatusOK
	for _, one := range all.Responses {
		if one.Error != nil {
			status = http.StatusMultiStatus
		}
	}
	answer(w, status, all)
}

// batchesOf gives the queries of a request by the UID of their data source.
func batchesOf(body []byte) (map[string][]backend.DataQuery, error) {
	var req queryRequest
	if err := json.Unmarshal(body, &req); err != nil {
		return nil, fmt.Errorf("read the queries: %w", err)
	}
	from, err := milliseconds(req.From)
	if err != nil {
		return nil, fmt.Errorf("read from: %w", err)
	}
	to, err := milliseconds(req.To)
	if err != nil {
		return nil, fmt.Errorf("read to: %w", err)
	}
	batches := map[string][]backend.DataQuery{}
	for i, raw := range req.Queries {
		var m queryModel
		if err := json.Unmarshal(raw, &m); err != nil {
			return nil, fmt.Errorf("read query %d: %w", i+1, err)
		}
		batches[m.Datasource.UID] = append(batches[m.Datasource.UID], backend.DataQuery{
			RefID:         m.RefID,
			QueryType:     m.QueryType,
			MaxDataPoints: m.MaxDataPoints,
			Interval:      time.Duration(m.IntervalMS * float64(time.Millisecond)),
			TimeRange:     backend.TimeRange{From: from, To: to},
			JSON:          raw,
		})
	}
	return batches, nil
}

func milliseconds(text string) (time.Time, error) {
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no number of milliseconds", text)
	}
	return time.UnixMilli(ms).UTC(), nil
}

// options make a call to the plugin that of the request.
func options(r *http.Request, source backend.DataSourceInstanceSettings) []host.Option {
	opts := []host.Option{host.On(source), host.As(userOf(r)), host.JSONFrames()}
	for key, values := range r.Header {
		if strings.HasPrefix(key, "X-") && key != roleHeader {
			opts = append(opts, host.Header(key, values[0]))
		}
	}
	return opts
}
