// Package plant makes delivered lines that tell stories: for every query of the
// catalog something that it has to find, and beside it what it must not take for
// that, such as one login too few or one a millisecond too late.
//
//	script := plant.Write(plant.Scene{Start: start, Workspaces: ids, Account: id, Seed: 1})
//
// # Invariants
//
// The same Scene gives the same lines. Every story lies within [Days] days from
// Start, most of them within the days 12 to 17. Nobody in a story occurs in
// ordinary traffic, so a story is found, or not, whatever surrounds it: each name
// in [Marks] is in the rows of that query, or in the lines and not in the rows.
package plant

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Days is how long the stories last.
const Days = 30

// Scene is where the stories happen.
type Scene struct {
	Start      time.Time // midnight UTC
	Workspaces []string  // ids, at least one
	Account    string    // id
	Seed       uint64
}

// Script is all stories.
type Script struct {
	Lines []Line
	Marks map[string]Marks // by query
}

// Marks are names, ids and the like that only the stories of a query have.
type Marks struct {
	// In are in the rows of the query in one case at least.
	In []string `json:"in"`
	// Out are in the lines, and in no rows of cases with default parameters.
	Out []string `json:"out"`
}

// Line is one event: its text and what it decides.
type Line struct {
	At              int64  // epoch ms
	Workspace       string // whose folder it is delivered to; "0" is the account
	Service, Action string
	Text            []byte
	Actor, User     string // userIdentity.email and the parameter user; empty: none
	Status          int    // 0: none
	Cluster         *Cluster
}

// Cluster is what a clusters create makes.
type Cluster struct {
	ID, Name, Creator string
	Autotermination   int // minutes; negative: not said
}

// Write plays all stories.
func Write(scene Scene) Script {
	s := &stage{scene: scene, marks: map[string]Marks{}}
	for _, play := range []func(*stage){
		logins, networks, staff, tokens, sessions, people, admins, settings,
		clusters, moreClusters, jobs, downloads, secrets, host, catalog, sharing, overview,
	} {
		play(s)
	}
	return Script{Lines: s.lines, Marks: s.marks}
}

type stage struct {
	scene Scene
	lines []Line
	marks map[string]Marks
}

// event is a line before it is written. Zero values are the usual: success, from
// an address and an agent that nobody else has, in the first workspace.
type event struct {
	at              int64
	service, action string
	who             string // userIdentity.email; empty: null
	params          string // members of requestParams
	status          int    // noStatus: response is null
	message, result string // empty: null
	address, agent  string
	session         string // empty: null
	workspace       string // workspaceId in the line; empty: that of the folder
	account         bool   // delivered as an event of the account
	request         string // empty: one of its own
	backwards       bool   // members in another order
	cluster         *Cluster
	level           string // empty: as account says
}

const noStatus = -1

const (
	second int64 = 1000
	minute       = 60 * second
	hour         = 60 * minute
	day          = 24 * hour
)

// at is a time of a day of the stories, such as "09:30".
func (s *stage) at(dayOf int64, clock string) int64 {
	t, err := time.Parse("15:04", clock)
	if err != nil {
		panic("plant: " + err.Error())
	}
	return s.scene.Start.UnixMilli() + dayOf*day + int64(t.Hour())*hour + int64(t.Minute())*minute
}

// in and out mark what a query finds and what it does not.
func (s *stage) in(query string, marks ...string) {
	m := s.marks[query]
	m.In = append(m.In, marks...)
	s.marks[query] = m
}

func (s *stage) out(query string, marks ...string) {
	m := s.marks[query]
	m.Out = append(m.Out, marks...)
	s.marks[query] = m
}

// mail is a person of the stories.
func mail(name string) string { return name + "@planted.example" }

// with is parameters as text: key, value, key, value.
func with(pairs ...string) string {
	var members []string
	for i := 0; i < len(pairs); i += 2 {
		members = append(members, quote(pairs[i])+":"+quote(pairs[i+1]))
	}
	return strings.Join(members, ",")
}

func quote(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic("plant: " + err.Error())
	}
	return string(text)
}

func orNull(s string) string {
	if s == "" {
		return "null"
	}
	return quote(s)
}

// times does the same n times, step apart.
func (s *stage) times(n int, step int64, e event) {
	for range n {
		s.do(e)
		e.at += step
	}
}

func (s *stage) do(e event) {
	folder := s.scene.Workspaces[0]
	if e.account {
		folder = "0"
	}
	if e.workspace == "" {
		e.workspace = folder
	}
	if e.level == "" {
		e.level = map[bool]string{true: "ACCOUNT_LEVEL", false: "WORKSPACE_LEVEL"}[e.account]
	}
	if e.status == 0 {
		e.status = 200
	}
	if e.address == "" {
		e.address = "198.18.7.7"
	}
	if e.agent == "" {
		e.agent = "planted/1.0"
	}
	if e.request == "" {
		e.request = fmt.Sprintf("planted-%d-%d", s.scene.Seed, len(s.lines))
	}
	response := "null"
	if e.status != noStatus {
		response = fmt.Sprintf(`{"statusCode":%d,"errorMessage":%s,"result":%s}`, e.status, orNull(e.message), orNull(e.result))
	}
	members := []string{
		`"version":"2.0"`, `"auditLevel":` + quote(e.level), `"timestamp":` + strconv.FormatInt(e.at, 10),
		`"accountId":` + quote(s.scene.Account), `"workspaceId":` + e.workspace,
		`"sourceIPAddress":` + quote(e.address), `"userAgent":` + quote(e.agent), `"sessionId":` + orNull(e.session),
		`"userIdentity":{"email":` + orNull(e.who) + `,"subjectName":null}`,
		`"serviceName":` + quote(e.service), `"actionName":` + quote(e.action), `"requestId":` + quote(e.request),
		`"requestParams":{` + e.params + `}`, `"response":` + response,
	}
	if e.backwards {
		slices.Reverse(members)
	}
	l := Line{
		At: e.at, Workspace: folder, Service: e.service, Action: e.action, Text: []byte("{" + strings.Join(members, ",") + "}"),
		Actor: e.who, Status: max(e.status, 0), Cluster: e.cluster,
	}
	var params struct {
		User string `json:"user"`
	}
	if err := json.Unmarshal([]byte("{"+e.params+"}"), &params); err != nil {
		panic(fmt.Sprintf("plant: %s.%s: %v in %s", e.service, e.action, err, e.params))
	}
	l.User = params.User
	s.lines = append(s.lines, l)
}
