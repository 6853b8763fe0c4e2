package register

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// trinoTime bounds one request to Trino, which answers within a second, be it to
// say that it is not done.
const trinoTime = time.Minute

// TrinoConfig is a Trino and how to sign in to it.
type TrinoConfig struct {
	URL             string // of the coordinator
	User            string
	Password, Token string // one of them, or none
	Source          string // what Trino shows as the source of statements
}

// AskTrino sends nothing. What it gives is for statements that answer with few rows.
// A password or token is sent to https alone; errors repeat neither.
func AskTrino(c TrinoConfig) (Ask, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("write the URL of the coordinator without user and password, such as https://trino.example.com:8443")
	}
	if u.Scheme != "https" && c.Password+c.Token != "" {
		return nil, errors.New("a password or token is sent to https alone")
	}
	client := trinoClient{c, &http.Client{Timeout: trinoTime}}
	return func(ctx context.Context, statement string) ([][]any, error) {
		var rows [][]any
		next := u.JoinPath("v1", "statement").String()
		for method := http.MethodPost; next != ""; method, statement = http.MethodGet, "" {
			p, err := client.page(ctx, method, next, statement)
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
	config TrinoConfig
	http   *http.Client
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
	request.Header.Set("X-Trino-User", c.config.User)
	request.Header.Set("X-Trino-Source", c.config.Source)
	switch {
	case c.config.Token != "":
		request.Header.Set("Authorization", "Bearer "+c.config.Token)
	case c.config.Password != "":
		request.SetBasicAuth(c.config.User, c.config.Password)
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
