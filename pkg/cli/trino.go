package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/register"
)

// trinoTime bounds one request to Trino, which answers within a second, be it to
// say that it is not done.
const trinoTime = time.Minute

// trinoAt is a way to ask a Trino that answers with few rows. A token or password
// is sent to https alone.
func trinoAt(coordinator, user, password, token string) (register.Ask, error) {
	u, err := url.Parse(coordinator)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("write the URL of the coordinator without user and password, such as https://trino.example.com:8443")
	}
	if u.Scheme != "https" && password+token != "" {
		return nil, fmt.Errorf("%s and %s are sent to https alone", envTrinoPassword, envTrinoToken)
	}
	c := trinoClient{user, password, token, &http.Client{Timeout: trinoTime}}
	return func(ctx context.Context, statement string) ([][]any, error) {
		var rows [][]any
		next := u.JoinPath("v1", "statement").String()
		for method := http.MethodPost; next != ""; method, statement = http.MethodGet, "" {
			p, err := c.page(ctx, method, next, statement)
			if err != nil {
				return nil, err
			}
			if p.Error != nil {
				return nil, fmt.Errorf("trino: %s: %s", p.Error.ErrorName, p.Error.Message)
			}
			rows, next = append(rows, p.Data...), p.NextURI
		}
		return rows, nil
	}, nil
}

type trinoClient struct {
	user, password, token string
	http                  *http.Client
}

// trinoPage is an answer of Trino: the rows there are by now, and where more are.
type trinoPage struct {
	NextURI string  `json:"nextUri"`
	Data    [][]any `json:"data"`
	Error   *struct {
		Message   string `json:"message"`
		ErrorName string `json:"errorName"`
	} `json:"error"`
}

func (c trinoClient) page(ctx context.Context, method, at, body string) (*trinoPage, error) {
	request, err := http.NewRequestWithContext(ctx, method, at, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("X-Trino-User", c.user)
	request.Header.Set("X-Trino-Source", Engine())
	switch {
	case c.token != "":
		request.Header.Set("Authorization", "Bearer "+c.token)
	case c.password != "":
		request.SetBasicAuth(c.user, c.password)
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("trino answers %s", answer.Status)
	}
	var p trinoPage
	return &p, json.NewDecoder(answer.Body).Decode(&p)
}
