package plugin_test

import (
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

func TestWhoSeesEverything(t *testing.T) {
	users := map[string]*backend.User{
		"admin": {Role: "Admin"}, "editor": {Role: "Editor"}, "viewer": {Role: "Viewer"}, "without a role": {Role: "None"}, "alert rule": nil,
	}
	for role, sees := range map[string][]string{
		"":       {"admin"},
		"Admin":  {"admin"},
		"editor": {"admin", "editor"},
		"Viewer": {"admin", "editor", "viewer", "without a role", "alert rule"},
		"None":   {},
	} {
		r := parsed(t, map[string]any{"lake": "s3://lake", "unredactedRole": role}).Redaction
		want := map[string]bool{}
		for _, who := range sees {
			want[who] = true
		}
		for who, user := range users {
			if r.Applies(user) == want[who] {
				t.Errorf("unredactedRole %q: redacted for %s is %v", role, who, r.Applies(user))
			}
		}
	}
}
