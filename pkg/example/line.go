package example

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/auditlake/auditlake/pkg/query/named"
)

// deliveries are the events as delivered files, by key: one for each workspace and
// date.
func deliveries(events []named.Event) (map[string]*bytes.Buffer, error) {
	files := map[string]*bytes.Buffer{}
	n := 0
	for _, e := range events {
		first, ok := e.Time()
		if !ok {
			return nil, fmt.Errorf("event at %q", e.At)
		}
		for i := range max(e.Repeat, 1) {
			n++
			at := first.Add(time.Duration(i) * e.Every)
			folder, line, err := delivered(e, at, n)
			if err != nil {
				return nil, fmt.Errorf("event at %s: %w", e.At, err)
			}
			key := folder + "date=" + at.Format(time.DateOnly) + "/events.json"
			if files[key] == nil {
				files[key] = &bytes.Buffer{}
			}
			_, _ = files[key].Write(append(line, '\n')) // a buffer takes all
		}
	}
	return files, nil
}

// delivered is the folder of a workspace, if there is one, and a line; n is the
// number of the event.
func delivered(e named.Event, at time.Time, n int) (folder string, line []byte, err error) {
	workspace, err := given(e.Workspace, 1001)
	if err != nil {
		return "", nil, err
	}
	if workspace != nil {
		folder = fmt.Sprintf("workspaceId=%v/", workspace)
	}
	if e.Line != "" {
		return folder, []byte(e.Line), nil
	}
	event := map[string]any{
		"version":       "2.0",
		"timestamp":     at.UnixMilli(),
		"workspaceId":   workspace,
		"requestParams": e.Params,
	}
	if e.Params == nil {
		event["requestParams"] = map[string]any{}
	}
	var user, subject, status, message, result any
	for _, f := range []struct {
		node   yaml.Node
		usual  any
		member string
		into   *any
	}{
		{e.Service, nil, "serviceName", nil},
		{e.Action, nil, "actionName", nil},
		{e.IP, "198.51.100.7", "sourceIPAddress", nil},
		{e.Agent, "Mozilla/5.0", "userAgent", nil},
		{e.Session, "session-1", "sessionId", nil},
		{e.Account, "a1b2c3d4-0000-4000-8000-000000000001", "accountId", nil},
		{e.Level, "WORKSPACE_LEVEL", "auditLevel", nil},
		{e.RequestID, fmt.Sprintf("request-%d", n), "requestId", nil},
		{e.User, "ann@example.com", "", &user},
		{e.Subject, nil, "", &subject},
		{e.Status, 200, "", &status},
		{e.Error, nil, "", &message},
		{e.Result, nil, "", &result},
	} {
		v, err := given(f.node, f.usual)
		if err != nil {
			return "", nil, err
		}
		if f.into != nil {
			*f.into = v
		} else {
			event[f.member] = v
		}
	}
	if event["userIdentity"] = nil; user != nil || subject != nil {
		event["userIdentity"] = map[string]any{"email": user, "subjectName": subject}
	}
	if event["response"] = nil; status != nil {
		event["response"] = map[string]any{"statusCode": status, "errorMessage": message, "result": result}
	}
	for member, v := range e.More {
		event[member] = v
	}
	line, err = json.Marshal(event)
	return folder, line, err
}

// given is the value of a field, or the usual one where it is not given.
func given(n yaml.Node, usual any) (any, error) {
	if n.IsZero() {
		return usual, nil
	}
	var v any
	err := n.Decode(&v)
	return v, err
}
