package preview

import (
	"net"
	"net/http"
	"net/url"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

func loopback(name string) bool {
	ip := net.ParseIP(name)
	return name == "localhost" || ip != nil && ip.IsLoopback()
}

// foreign says why a request is none of the page's. A site elsewhere may have
// its name resolved to 127.0.0.1, which Host tells, or post to it, which Origin
// and Sec-Fetch-Site tell.
func foreign(r *http.Request) string {
	name, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		name = r.Host
	}
	if !loopback(name) {
		return "the preview answers on this machine alone, not as " + name
	}
	if origin := r.Header.Get("Origin"); origin != "" {
		from, err := url.Parse(origin)
		if err != nil || from.Host != r.Host {
			return "the preview answers to its own page alone, not to " + origin
		}
	}
	if r.Header.Get("Sec-Fetch-Site") == "cross-site" && r.Header.Get("Sec-Fetch-Mode") != "navigate" {
		return "the preview answers to its own page alone"
	}
	return ""
}

// roleHeader is the page's way to ask as somebody else than an administrator.
const roleHeader = "X-Preview-Role"

// userOf is who asks. An unknown role is the least one.
func userOf(r *http.Request) *backend.User {
	role := r.Header.Get(roleHeader)
	if role == "" {
		role = r.URL.Query().Get("role") // of a stream, for which browsers send no headers
	}
	switch role {
	case "", "Admin":
		return &backend.User{Login: "admin", Name: "Preview Admin", Email: "admin@localhost", Role: "Admin"}
	case "Editor":
		return &backend.User{Login: "editor", Name: "Preview Editor", Email: "editor@localhost", Role: "Editor"}
	}
	return &backend.User{Login: "viewer", Name: "Preview Viewer", Email: "viewer@localhost", Role: "Viewer"}
}
