package register

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// The shapes of Glue's API, https://docs.aws.amazon.com/glue/latest/webapi, as far
// as five operations need them. The SDK's package for all 280 operations would add
// 7.6 MB to the program; its signer and its credentials are used.

type glueDatabaseInput struct {
	Name        string
	Description string `json:",omitempty"`
}

type glueTable struct {
	Name              string
	Description       string            `json:",omitempty"`
	TableType         string            `json:",omitempty"`
	Parameters        map[string]string `json:",omitempty"`
	StorageDescriptor *glueStorage      `json:",omitempty"`
}

type glueStorage struct {
	Columns      []glueColumn
	Location     string
	InputFormat  string     `json:",omitempty"`
	OutputFormat string     `json:",omitempty"`
	SerdeInfo    *glueSerde `json:",omitempty"`
}

type glueColumn struct{ Name, Type string }

type glueSerde struct {
	SerializationLibrary string
	Parameters           map[string]string
}

// The codes of Glue's errors that are no faults here.
const (
	glueNotFound = "EntityNotFoundException"
	glueExists   = "AlreadyExistsException"
	glueDenied   = "AccessDeniedException"
)

// glueError is what Glue answers to a request that it does not do.
type glueError struct {
	Operation, Code, Message string
	status                   int
}

func (e *glueError) Error() string {
	return fmt.Sprintf("glue:%s answers %s: %s", e.Operation, e.Code, e.Message)
}

// passes says whether the same request may be answered later.
func (e *glueError) passes() bool {
	return e.status >= 500 || e.status == http.StatusTooManyRequests || strings.HasPrefix(e.Code, "Throttling")
}

// isGlue says whether Glue answered with a code.
func isGlue(err error, code string) bool {
	e, ok := errors.AsType[*glueError](err)
	return ok && e.Code == code
}

const (
	glueAttempts = 4
	glueTime     = 30 * time.Second // of one attempt
	gluePause    = 250 * time.Millisecond
	glueMaxBytes = 32 << 20 // of one answer
)

// call does one operation; out may be nil.
func (c *Glue) call(ctx context.Context, operation string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	for attempt := 1; ; attempt++ {
		answer, err := c.send(ctx, operation, body)
		failed, answered := errors.AsType[*glueError](err)
		switch {
		case err == nil && out == nil:
			return nil
		case err == nil:
			return json.Unmarshal(answer, out)
		case ctx.Err() != nil || attempt == glueAttempts || answered && !failed.passes():
			return err
		}
		wait := time.NewTimer(gluePause << attempt)
		select {
		case <-ctx.Done():
			wait.Stop()
			return ctx.Err()
		case <-wait.C:
		}
	}
}

func (c *Glue) send(ctx context.Context, operation string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, glueTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("X-Amz-Target", "AWSGlue."+operation)
	credentials, err := c.aws.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(ctx, credentials, request, hex.EncodeToString(sum[:]), "glue", c.aws.Region, time.Now()); err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	answer, err := c.aws.HTTPClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(answer.Body, glueMaxBytes))
	if err != nil {
		return nil, err
	}
	if answer.StatusCode == http.StatusOK {
		return text, nil
	}
	return nil, errorOf(operation, answer.StatusCode, text)
}

// errorOf reads an error of the protocol: __type is a code, with or without a
// namespace before a #.
func errorOf(operation string, status int, text []byte) error {
	var said struct {
		Type     string `json:"__type"`
		Message  string `json:"message"`
		Message2 string `json:"Message"`
	}
	e := &glueError{Operation: operation, status: status}
	if json.Unmarshal(text, &said) != nil || said.Type == "" {
		e.Code, e.Message = "no error of Glue", http.StatusText(status)
		return e
	}
	_, code, ok := strings.Cut(said.Type, "#")
	if !ok {
		code = path.Base(said.Type)
	}
	e.Code, e.Message = code, said.Message
	if e.Message == "" {
		e.Message = said.Message2
	}
	return e
}

// glueEndpoint is where a region's Glue answers.
func glueEndpoint(region string) string {
	domain := "amazonaws.com"
	if strings.HasPrefix(region, "cn-") {
		domain += ".cn"
	}
	return "https://glue." + region + "." + domain + "/"
}

// usable fills in what an aws.Config may leave open.
func usable(c aws.Config) aws.Config {
	if c.HTTPClient == nil {
		c.HTTPClient = http.DefaultClient
	}
	if c.Credentials == nil {
		c.Credentials = aws.AnonymousCredentials{}
	}
	return c
}
