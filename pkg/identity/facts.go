package identity

import (
	"regexp"
	"strings"
)

// Event is what of an event is looked at.
type Event struct {
	Service, Action string
	Email           string            // of userIdentity
	Refused         bool              // it has a status that is an error
	Workspace       int64             // -1 if it has none
	At              int64             // microseconds since 1970
	Params          map[string]string // those of Keys that it has
}

// naming are the parameters that name a principal by id.
func naming() []string {
	return []string{"targetUserId", "targetGroupId", "userId", "user_id", "clusterOwnerUserId", "tokenCreatedBy"}
}

// Keys are the parameters that facts are made from.
func Keys() []string {
	return append(naming(),
		"targetUserName", "targetGroupName", "user", "cluster_creator", "cluster_name", "cluster_source", "custom_tags")
}

const microsPerDay = 24 * 60 * 60 * 1_000_000

// Facts are what an event says of principals, one for each id that it names.
func Facts(e Event) []Principal {
	var out []Principal
	for _, key := range naming() {
		id := strings.TrimSpace(e.Params[key])
		if !isID(id) {
			continue
		}
		p := Principal{ID: id, FirstSeen: dayOf(e.At), LastSeen: dayOf(e.At)}
		if e.Workspace >= 0 {
			p.Workspaces = []int64{e.Workspace}
		}
		if key == "targetGroupId" {
			p.Kind = Group
		}
		if evidence, name := e.name(key); evidence != "" {
			p.call(evidence, name, e.At)
		}
		out = append(out, p)
	}
	return out
}

// name is how the event calls the principal whose id is under key.
func (e Event) name(key string) (Evidence, string) {
	accounts := e.Service == "accounts"
	switch {
	case accounts && !e.Refused && key == "targetUserId":
		return Target, e.Params["targetUserName"]
	case accounts && !e.Refused && key == "targetGroupId":
		return Target, e.Params["targetGroupName"]
	case accounts && key == "userId" && e.Action == "IpAccessDenied":
		return Request, e.Params["user"]
	case e.Refused:
	case accounts && key == "userId" && strings.HasSuffix(e.Action, "IpAccessList"):
		return Actor, e.Email
	case accounts && key == "tokenCreatedBy" && e.Action == "generateDbToken":
		return Actor, e.Email
	case e.Service == "clusters" && key == "user_id" && e.Action == "create" && e.interactive():
		return Actor, e.Email
	}
	return "", ""
}

var jobCluster = regexp.MustCompile(`^job-.*-run-`)

// interactive says that nothing about a new cluster hints at anybody but a person
// having made it.
func (e Event) interactive() bool {
	if e.Params["cluster_creator"] != "" || jobCluster.MatchString(e.Params["cluster_name"]) {
		return false
	}
	switch e.Params["cluster_source"] {
	case "", "UI", "API":
	default:
		return false
	}
	for _, tag := range []string{"JobId", "SqlEndpointId", "DltPipelineId"} {
		if strings.Contains(e.Params["custom_tags"], tag) {
			return false
		}
	}
	return true
}

var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// call gives p a name, if it is one.
func (p *Principal) call(evidence Evidence, name string, at int64) {
	name = strings.TrimSpace(name)
	lower := strings.ToLower(name)
	switch {
	case name == "":
		return
	case p.Kind == Group:
		p.DisplayName = name
	case uuid.MatchString(lower):
		p.Kind, p.ApplicationID = ServicePrincipal, lower
	case strings.Contains(name, "@"):
		p.Kind, p.Email = User, name
	default:
		return
	}
	p.Evidence, p.NamedAt = evidence, at
}

// isID says that a text is an id as Databricks has them.
func isID(text string) bool {
	if text == "" || len(text) > 20 {
		return false
	}
	for _, c := range []byte(text) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return text != "0"
}

func dayOf(micros int64) int64 {
	day := micros / microsPerDay
	if micros%microsPerDay < 0 {
		day--
	}
	return day
}
