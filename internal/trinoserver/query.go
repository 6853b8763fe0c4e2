package trinoserver

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Query runs one statement in the catalog of the lake and gives its rows as the
// protocol has them: json.Number, string, bool, nil, []any of rows and lists,
// map[string]any of maps. It shares nothing with the client that the product uses,
// so that tests can hold one against the other.
func (s *Server) Query(ctx context.Context, statement string) ([][]any, error) {
	var rows [][]any
	next, body := s.URL+"/v1/statement", statement
	for method := http.MethodPost; next != ""; method, body = http.MethodGet, "" {
		page, err := s.page(ctx, method, next, body)
		if err != nil {
			return nil, fmt.Errorf("query %.200s: %w", statement, err)
		}
		if page.Error != nil {
			return nil, fmt.Errorf("query %.200s: %s: %s", statement, page.Error.ErrorName, page.Error.Message)
		}
		rows, next = append(rows, page.Data...), page.NextURI
	}
	return rows, nil
}

// page is an answer of the protocol: a statement has as many as it takes.
type page struct {
	NextURI string  `json:"nextUri"`
	Data    [][]any `json:"data"`
	Error   *struct {
		Message   string `json:"message"`
		ErrorName string `json:"errorName"`
	} `json:"error"`
}

func (s *Server) page(ctx context.Context, method, url, body string) (*page, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("X-Trino-User", "test")
	request.Header.Set("X-Trino-Catalog", Catalog)
	request.Header.Set("X-Trino-Time-Zone", "UTC")
	request.Header.Set("X-Trino-Client-Capabilities", "PARAMETRIC_DATETIME")
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s %s: %s", method, url, answer.Status)
	}
	var p page
	decoder := json.NewDecoder(answer.Body)
	decoder.UseNumber()
	return &p, decoder.Decode(&p)
}
