package plugin_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/auditlake/auditlake/pkg/plugin"
)

// etlState asks an instance for the state of its ETL, as an administrator.
func etlState(t *testing.T, d *plugin.Datasource) string {
	t.Helper()
	user := &backend.User{Login: "root", Role: "Admin"}
	var status struct{ State string }
	err := d.CallResource(backend.WithUser(t.Context(), user), &backend.CallResourceRequest{
		Path: "etl", URL: "etl", Method: "GET", PluginContext: backend.PluginContext{User: user},
	}, backend.CallResourceResponseSenderFunc(func(res *backend.CallResourceResponse) error {
		return json.Unmarshal(res.Body, &status)
	}))
	if err != nil {
		t.Fatal(err)
	}
	return status.State
}

func TestDisposalIsNotTheEndOfTheETL(t *testing.T) {
	w := filled(t)
	shell := newShell(t, plugin.Admin{AllowLocalFolders: true})
	s := settings(t, map[string]any{"sources": []string{w.delivery}, "lake": w.folder, "schedule": "1h"})
	d := shell.New(t.Context(), s)
	if got := etlState(t, d); got == "off" || got == "refused" {
		t.Fatalf("the ETL is %s", got)
	}
	d.Dispose()
	d.Dispose()
	next := shell.New(t.Context(), s)
	t.Cleanup(next.Dispose)
	if got := etlState(t, next); got == "off" || got == "refused" {
		t.Errorf("after the disposal the ETL is %s", got)
	}
	res, err := next.QueryData(t.Context(), &backend.QueryDataRequest{Queries: []backend.DataQuery{namedQuery("A", "clusters_created", nil)}})
	if err != nil || res.Responses["A"].Error != nil {
		t.Errorf("the next instance answers %+v %v", res, err)
	}
	if err := shell.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	d.Dispose()
	if err := shell.Close(context.Background()); err != nil {
		t.Errorf("closed twice: %v", err)
	}
}
