package identity_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/auditlake/auditlake/pkg/identity"
)

const app = "0a1b2c3d-0000-4000-8000-0123456789ab"

func at(hour int) int64 {
	return time.Date(2024, 3, 10, hour, 0, 0, 0, time.UTC).UnixMicro()
}

// text is what is known of principals, one a line.
func text(ps ...identity.Principal) string {
	var lines []string
	for _, p := range ps {
		kind, evidence := string(p.Kind), string(p.Evidence)
		if kind == "" {
			kind = "?"
		}
		if evidence == "" {
			evidence = "unknown"
		}
		lines = append(lines, fmt.Sprintf("%s %s %s by %s in %v", p.ID, kind, p.Name(), evidence, p.Workspaces))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func TestFacts(t *testing.T) {
	type params = map[string]string
	for _, c := range []struct {
		name            string
		service, action string
		email           string
		refused         bool
		params          params
		want            string
	}{
		{"the target of an administrator", "accounts", "add", "root@x", false, params{"targetUserId": "7", "targetUserName": "ann@x"}, "7 user ann@x by target in [42]"},
		{"a service principal as target", "accounts", "add", "root@x", false, params{"targetUserId": "7", "targetUserName": strings.ToUpper(app)}, "7 service_principal " + app + " by target in [42]"},
		{"a member of a group", "accounts", "addPrincipalToGroup", "root@x", false, params{"targetUserId": "7", "targetUserName": "ann@x", "targetGroupId": "8", "targetGroupName": "admins"}, "7 user ann@x by target in [42]\n8 group admins by target in [42]"},
		{"a group without a name", "accounts", "addPrincipalToGroup", "root@x", false, params{"targetGroupId": "8"}, "8 group  by unknown in [42]"},
		{"a target that was refused", "accounts", "add", "root@x", true, params{"targetUserId": "7", "targetUserName": "ann@x"}, "7 ?  by unknown in [42]"},
		{"a target without a name", "accounts", "add", "root@x", false, params{"targetUserId": "7"}, "7 ?  by unknown in [42]"},
		{"a target with nobody's name", "accounts", "add", "root@x", false, params{"targetUserId": "7", "targetUserName": "System-User"}, "7 ?  by unknown in [42]"},
		{"a target of another service", "clusters", "changeClusterAcl", "root@x", false, params{"targetUserId": "7", "targetUserName": "ann@x"}, "7 ?  by unknown in [42]"},
		{"an address that is not allowed", "accounts", "IpAccessDenied", "", true, params{"userId": "7", "user": "ann@x"}, "7 user ann@x by request in [42]"},
		{"who makes a token", "accounts", "generateDbToken", "ann@x", false, params{"tokenCreatedBy": "7"}, "7 user ann@x by actor in [42]"},
		{"a token that is collected", "accounts", "garbageCollectDbToken", "ann@x", false, params{"userId": "7"}, "7 ?  by unknown in [42]"},
		{"who keeps address lists", "accounts", "deleteIpAccessList", app, false, params{"userId": "7"}, "7 service_principal " + app + " by actor in [42]"},
		{"nobody keeps address lists", "accounts", "deleteIpAccessList", "unknown", false, params{"userId": "7"}, "7 ?  by unknown in [42]"},
		{"who makes a cluster", "clusters", "create", "ann@x", false, params{"user_id": "7", "cluster_name": "my-test", "custom_tags": `{"team":"a"}`, "cluster_source": "UI"}, "7 user ann@x by actor in [42]"},
		{"a cluster that was refused", "clusters", "create", "ann@x", true, params{"user_id": "7"}, "7 ?  by unknown in [42]"},
		{"a cluster of a job", "clusters", "create", "ann@x", false, params{"user_id": "7", "cluster_creator": "JOB_LAUNCHER"}, "7 ?  by unknown in [42]"},
		{"a cluster of a job by name", "clusters", "create", "ann@x", false, params{"user_id": "7", "cluster_name": "job-1-run-2"}, "7 ?  by unknown in [42]"},
		{"a cluster of a job by source", "clusters", "create", "ann@x", false, params{"user_id": "7", "cluster_source": "JOB"}, "7 ?  by unknown in [42]"},
		{"a cluster of a job by tags", "clusters", "create", "ann@x", false, params{"user_id": "7", "custom_tags": `{"JobId":"1"}`}, "7 ?  by unknown in [42]"},
		{"a cluster that is changed", "clusters", "edit", "ann@x", false, params{"user_id": "7"}, "7 ?  by unknown in [42]"},
		{"the owner of a cluster", "clusters", "startResult", "System-User", false, params{"clusterOwnerUserId": "7"}, "7 ?  by unknown in [42]"},
		{"no id", "accounts", "add", "root@x", false, params{"targetUserId": "ann", "userId": "-1", "user_id": "0", "tokenCreatedBy": "", "targetUserName": "ann@x"}, ""},
		{"an id that is too long", "accounts", "add", "root@x", false, params{"targetUserId": "123456789012345678901", "targetUserName": "ann@x"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := identity.Facts(identity.Event{
				Service: c.service, Action: c.action, Email: c.email, Refused: c.refused, Workspace: 42, At: at(9), Params: c.params,
			})
			if diff := cmp.Diff(c.want, text(got...)); diff != "" {
				t.Errorf("facts (-want +got):\n%s", diff)
			}
			for _, p := range got {
				if p.FirstSeen != 19792 || p.LastSeen != 19792 {
					t.Errorf("seen from %d to %d, want day 19792", p.FirstSeen, p.LastSeen)
				}
			}
		})
	}
}

func TestTheBetterNameWins(t *testing.T) {
	named := func(evidence identity.Evidence, hour int, email string) identity.Principal {
		return identity.Principal{ID: "7", Kind: identity.User, Email: email, Evidence: evidence, NamedAt: at(hour), FirstSeen: identity.NoDay, LastSeen: identity.NoDay}
	}
	for name, c := range map[string]struct {
		a, b identity.Principal
		want string
	}{
		"the later target":                {named(identity.Target, 9, "old@x"), named(identity.Target, 10, "new@x"), "new@x"},
		"a target before a later actor":   {named(identity.Target, 9, "ann@x"), named(identity.Actor, 10, "b@x"), "ann@x"},
		"a request before a later actor":  {named(identity.Request, 9, "ann@x"), named(identity.Actor, 10, "b@x"), "ann@x"},
		"databricks before all events":    {named(identity.SCIM, 9, "ann@x"), named(identity.Target, 10, "b@x"), "ann@x"},
		"anything before nothing":         {named(identity.Actor, 9, "ann@x"), identity.Principal{ID: "7"}, "ann@x"},
		"one of two at once, always this": {named(identity.Target, 9, "a@x"), named(identity.Target, 9, "b@x"), "b@x"},
	} {
		for _, m := range []identity.Principal{identity.Merge(c.a, c.b), identity.Merge(c.b, c.a)} {
			if m.Email != c.want {
				t.Errorf("%s: %s, want %s", name, m.Email, c.want)
			}
		}
	}
}

func anyPrincipal() *rapid.Generator[identity.Principal] {
	return rapid.Custom(func(t *rapid.T) identity.Principal {
		p := identity.Principal{ID: "7", FirstSeen: identity.NoDay, LastSeen: identity.NoDay}
		p.Workspaces = rapid.SliceOfNDistinct(rapid.Int64Range(0, 3), 0, 3, rapid.ID[int64]).Draw(t, "workspaces")
		slices.Sort(p.Workspaces)
		if len(p.Workspaces) == 0 {
			p.Workspaces = nil
		}
		if rapid.Bool().Draw(t, "seen") {
			p.FirstSeen = rapid.Int64Range(1, 5).Draw(t, "first")
			p.LastSeen = p.FirstSeen + rapid.Int64Range(0, 5).Draw(t, "more")
		}
		p.Kind = rapid.SampledFrom([]identity.Kind{"", identity.User, identity.ServicePrincipal, identity.Group}).Draw(t, "kind")
		if p.Kind != "" && rapid.Bool().Draw(t, "named") {
			p.Email = rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "email")
			p.DisplayName = rapid.SampledFrom([]string{"", "A", "B"}).Draw(t, "name")
			p.Evidence = rapid.SampledFrom([]identity.Evidence{identity.SCIM, identity.Target, identity.Request, identity.Actor}).Draw(t, "evidence")
			p.NamedAt = rapid.Int64Range(1, 4).Draw(t, "at")
		}
		p.CheckedAt = rapid.Int64Range(0, 3).Draw(t, "checked")
		return p
	})
}

// TestMergingHasNoOrder is what makes the table the same whatever a crash repeats.
func TestMergingHasNoOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := anyPrincipal().Draw(t, "a"), anyPrincipal().Draw(t, "b"), anyPrincipal().Draw(t, "c")
		expect := func(law string, want, got identity.Principal) {
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%s (-want +got):\n%s", law, diff)
			}
		}
		expect("a a = a", a, identity.Merge(a, a))
		expect("a b = b a", identity.Merge(a, b), identity.Merge(b, a))
		expect("(a b) c = a (b c)", identity.Merge(identity.Merge(a, b), c), identity.Merge(a, identity.Merge(b, c)))
	})
}

func TestDue(t *testing.T) {
	now := time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) int64 { return now.Add(-d).UnixMicro() }
	const day = 24 * time.Hour
	known := identity.Principals{}
	for _, p := range []identity.Principal{
		{ID: "1", LastSeen: 10},
		{ID: "2", LastSeen: 20},
		{ID: "3", LastSeen: 30, CheckedAt: ago(day - time.Minute)},
		{ID: "4", LastSeen: 5, CheckedAt: ago(day)},
		{ID: "5", LastSeen: 99, Evidence: identity.Actor, Email: "a@x"},
		{ID: "6", LastSeen: 99, Evidence: identity.SCIM, CheckedAt: ago(6 * day)},
		{ID: "7", LastSeen: 99, Evidence: identity.SCIM, CheckedAt: ago(7 * day)},
	} {
		known.Add(p)
	}
	if diff := cmp.Diff([]string{"2", "1", "4", "7"}, identity.Due(known, now, 10)); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"2", "1"}, identity.Due(known, now, 2)); diff != "" {
		t.Errorf("two ids (-want +got):\n%s", diff)
	}
}
