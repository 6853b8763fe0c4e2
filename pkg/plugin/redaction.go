package plugin

import (
	"slices"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

// Redaction is what users below a role do not see.
type Redaction struct {
	// CommandText hides the texts of commands, queries and notebooks.
	CommandText bool
	// Keys are further keys of requestParams whose values are hidden, sorted.
	Keys []string
	// Unredacted is the least role that sees everything: Admin, Editor or Viewer;
	// None is nobody.
	Unredacted string
}

// roles are from the most to the least.
var roles = []string{"Admin", "Editor", "Viewer"}

const (
	roleAdmin = "Admin"
	roleNone  = "None"
)

// hides says whether anything is hidden from anybody.
func (r Redaction) hides() bool { return r.CommandText || len(r.Keys) > 0 }

// Applies says whether user sees what is hidden as hidden. Requests without a
// user, of alert rules, count as a viewer's, and so do roles that are not known.
func (r Redaction) Applies(user *backend.User) bool {
	rank := len(roles) - 1
	if user != nil {
		if i := slices.Index(roles, user.Role); i >= 0 {
			rank = i
		}
	}
	return rank > slices.Index(roles, r.Unredacted) // None is at -1
}

func (f *fields) redaction() Redaction {
	r := Redaction{CommandText: true, Unredacted: roleAdmin}
	if hide, given := f.flag("redactCommandText"); given {
		r.CommandText = hide
	}
	r.Keys, _ = f.list("redactKeys")
	slices.Sort(r.Keys)
	r.Keys = slices.Compact(r.Keys)
	if text := f.text("unredactedRole"); text != "" {
		known := append(slices.Clone(roles), roleNone)
		i := slices.IndexFunc(known, func(role string) bool { return strings.EqualFold(role, text) })
		if i < 0 {
			f.say("unredactedRole", "write Admin, Editor or Viewer, or None if nobody sees everything")
			return r
		}
		r.Unredacted = known[i]
	}
	return r
}
