package plugin_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/auditlake/auditlake/pkg/plugin"
	"github.com/auditlake/auditlake/pkg/query/querytest"
)

// who may ask for each resource. One that is not here fails the test, so that nobody adds
// one without a decision.
var whoMay = map[string]string{
	"GET /named-queries": "everybody",
	"GET /tables":        "everybody",
	"GET /columns":       "everybody",
	"GET /values":        "everybody",
	"GET /filter-keys":   "everybody",
	"GET /filter-values": "everybody",
	"GET /sql-metadata":  "everybody",
	"GET /event":         "everybody",
	"GET /status":        "who sees the lake",
	"GET /etl":           "who sees the lake",
	"GET /sources":       "administrators",
	"POST /etl/run":      "administrators",
	"POST /etl/optimize": "administrators",
	"POST /etl/replay":   "administrators",
	"GET /etl/vacuum":    "administrators",
}

func TestEveryResourceIsForWhoMayAskIt(t *testing.T) {
	var known []string
	for pattern := range whoMay {
		known = append(known, pattern)
	}
	slices.Sort(known)
	routes := plugin.Routes()
	slices.Sort(routes)
	if diff := cmp.Diff(known, routes); diff != "" {
		t.Fatalf("decide who may ask for it, here and in docs/resources.md (-decided +there):\n%s", diff)
	}
	for pattern, who := range whoMay {
		if method, _, _ := strings.Cut(pattern, " "); method != http.MethodGet && who != "administrators" {
			t.Errorf("%s changes something and is for %s", pattern, who)
		}
	}

	open, scoped := plugin.NewWith(&querytest.Lake{}, ""), plugin.NewWith(&querytest.Lake{}, `"workspaces": ["77"], `)
	// Whatever is no role of an administrator is none: Grafana's own for the server, other
	// letters, what a plugin of tomorrow may send.
	users := map[string]*backend.User{
		"an administrator": {Role: "Admin"}, "an editor": {Role: "Editor"}, "a viewer": {Role: "Viewer"}, "nobody": nil,
		"no role": {}, "None": {Role: "None"}, "admin": {Role: "admin"}, "ADMIN": {Role: "ADMIN"}, "Admin and more": {Role: "Admin "},
		"the server's": {Role: "Grafana Admin"}, "a list": {Role: "Viewer,Admin"}, "by name": {Login: "admin", Name: "Admin", Email: "admin@localhost"},
	}
	for pattern, who := range whoMay {
		for name, user := range users {
			for of, d := range map[string]*plugin.Datasource{"all workspaces": open, "some workspaces": scoped} {
				if who == "everybody" || name == "an administrator" || who == "who sees the lake" && of == "all workspaces" {
					continue // they are let in, and go to the store: see TestResources
				}
				if got := statusOf(t, d, pattern, user); got != http.StatusForbidden {
					t.Errorf("%s with %s asks for %s: %d", name, of, pattern, got)
				}
			}
		}
	}
}

// statusOf is what a resource answers.
func statusOf(t *testing.T, d *plugin.Datasource, pattern string, user *backend.User) (status int) {
	t.Helper()
	method, path, _ := strings.Cut(pattern, " /")
	err := d.CallResource(t.Context(), &backend.CallResourceRequest{
		PluginContext: backend.PluginContext{User: user}, Method: method, Path: path, URL: path,
	}, backend.CallResourceResponseSenderFunc(func(r *backend.CallResourceResponse) error {
		status = r.Status
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	return status
}

func TestTheStreamIsForWhoSeesTheLake(t *testing.T) {
	open, scoped := plugin.NewWith(&querytest.Lake{}, ""), plugin.NewWith(&querytest.Lake{}, `"workspaces": ["77"], `)
	for name, test := range map[string]struct {
		d    *plugin.Datasource
		user *backend.User
		want backend.SubscribeStreamStatus
	}{
		"a viewer":                  {open, &backend.User{Role: "Viewer"}, backend.SubscribeStreamStatusOK},
		"a viewer, limited":         {scoped, &backend.User{Role: "Viewer"}, backend.SubscribeStreamStatusPermissionDenied},
		"an editor, limited":        {scoped, &backend.User{Role: "Editor"}, backend.SubscribeStreamStatusPermissionDenied},
		"nobody, limited":           {scoped, nil, backend.SubscribeStreamStatusPermissionDenied},
		"an administrator, limited": {scoped, &backend.User{Role: "Admin"}, backend.SubscribeStreamStatusOK},
	} {
		got, err := test.d.SubscribeStream(t.Context(), &backend.SubscribeStreamRequest{Path: "etl", PluginContext: backend.PluginContext{User: test.user}})
		if err != nil || got.Status != test.want {
			t.Errorf("%s: %v %v, want %v", name, got, err, test.want)
		}
	}
	for name, user := range map[string]*backend.User{"an administrator": {Role: "Admin"}, "nobody": nil} {
		got, err := open.PublishStream(t.Context(), &backend.PublishStreamRequest{Path: "etl", PluginContext: backend.PluginContext{User: user}})
		if err != nil || got.Status != backend.PublishStreamStatusPermissionDenied {
			t.Errorf("%s sends: %v %v", name, got, err)
		}
	}
}
