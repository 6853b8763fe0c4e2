package plugin_test

import (
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

// Settings that cannot be read may be those of a scope.
func TestWrongSettingsOpenNothing(t *testing.T) {
	for name, test := range map[string]struct {
		workspaces any
		role       string
		want       backend.SubscribeStreamStatus
	}{
		"no scope":                   {nil, "Viewer", backend.SubscribeStreamStatusOK},
		"a scope":                    {[]int{77}, "Viewer", backend.SubscribeStreamStatusPermissionDenied},
		"a scope that is wrong":      {[]any{77, ""}, "Viewer", backend.SubscribeStreamStatusPermissionDenied},
		"the same, an administrator": {[]any{77, ""}, "Admin", backend.SubscribeStreamStatusOK},
	} {
		d := newDatasource(t, map[string]any{"lake": t.TempDir(), "workspaces": test.workspaces})
		got, err := d.SubscribeStream(t.Context(), &backend.SubscribeStreamRequest{
			PluginContext: backend.PluginContext{User: &backend.User{Role: test.role}}, Path: "etl",
		})
		if err != nil || got.Status != test.want {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
}
