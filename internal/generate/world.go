package generate

import (
	"fmt"
	"strconv"

	"github.com/auditlake/auditlake/internal/plant"
)

const (
	humanUsers        = 140
	servicePrincipals = 16
	jobCount          = 150
	longLivedClusters = 40

	// stormJob is the id of job 0 in the article scenario.
	stormJob = "31303"
)

// Streams of random numbers that must not overlap.
const (
	streamWorld uint64 = iota + 1
	streamDay
	streamCluster
	streamRun
	streamBurst
	streamFiles
)

type workspace struct {
	id    string // decimal; "0" is the account
	shard string
}

type user struct {
	id    string // decimal
	email string // a service principal has its application id, a UUID
	ip    string
	agent int // into userAgents
}

type job struct {
	id       string // decimal
	name     string
	owner    int    // into world.users
	ws       uint16 // into world.workspaces
	firstRun uint32 // run numbers go up from here
	modern   bool   // ids of the newer kind: idInJob, runId and jobRunId are one number
}

// world is what stays the same from the first line to the last.
type world struct {
	cfg        Config
	accountID  string
	workspaces []workspace // 0 is the account
	users      []user      // humans first
	jobs       []job       // the busiest first
	clusters   []string    // ids of clusters older than the logs
	kinds      []kind
	scripts    scripts
	script     plant.Script // of Detections, else empty
	plantKinds []uint16     // of each line of the script
}

func newWorld(cfg Config) *world {
	r := stream(cfg.Seed, streamWorld)
	w := &world{cfg: cfg, accountID: string(appendUUID(nil, &r)), kinds: catalogue(), scripts: newScripts()}
	for i := range w.kinds {
		w.kinds[i].method = w.kinds[i].loginMethod()
	}

	w.workspaces = append(w.workspaces, workspace{id: "0", shard: "account"})
	for i := range cfg.Workspaces {
		w.workspaces = append(w.workspaces, workspace{
			// Real ids come close to 2^53.
			id:    strconv.Itoa(r.between(100_000_000_000_000, 9_007_199_254_740_991)),
			shard: fmt.Sprintf("shard-%d", i+1),
		})
	}

	for i := range humanUsers {
		first, last := firstNames[i%len(firstNames)], lastNames[(i*7+i/len(firstNames))%len(lastNames)]
		w.users = append(w.users, user{
			id:    strconv.Itoa(r.between(100_000, 8_999_999_999_999_999)),
			email: fmt.Sprintf("%s.%s%d@northwind.example", first, last, i),
			ip:    fmt.Sprintf("198.51.%d.%d", r.between(96, 103), r.between(1, 254)),
			agent: r.below(len(userAgents)),
		})
	}
	for range servicePrincipals {
		w.users = append(w.users, user{
			id:    strconv.Itoa(r.between(1_000_000_000_000_000, 8_999_999_999_999_999)),
			email: string(appendUUID(nil, &r)),
			ip:    fmt.Sprintf("10.%d.%d.%d", r.below(256), r.below(256), r.between(1, 254)),
			agent: r.below(len(userAgents)),
		})
	}

	for i := range jobCount {
		j := job{
			id:       strconv.Itoa(40 + i*211 + r.below(200)),
			name:     fmt.Sprintf("%s %s %d", pick(&r, jobVerbs), pick(&r, jobNouns), i),
			owner:    r.below(len(w.users)),
			ws:       uint16(1 + r.below(cfg.Workspaces)),
			firstRun: uint32(r.between(1, 4000)),
			modern:   i%3 == 2,
		}
		if j.modern {
			j.id = strconv.Itoa(r.between(100_000_000_000_000, 999_999_999_999_999))
		}
		if j.id == stormJob {
			j.id = "31304"
		}
		w.jobs = append(w.jobs, j)
	}
	if cfg.Scenario == Article {
		w.jobs[0].id = stormJob
		w.jobs[0].owner %= humanUsers
	}

	for range longLivedClusters {
		w.clusters = append(w.clusters, string(appendClusterID(nil, uint64(cfg.Start.UnixMilli()-int64(r.between(1, 5_000_000))*1000)<<clusterRefBits|r.next()>>(64-clusterRefBits))))
	}
	if cfg.Scenario == Detections {
		w.plant()
	}
	return w
}

// plant writes the stories, with kinds for what ordinary traffic lacks.
func (w *world) plant() {
	scene := plant.Scene{Start: w.cfg.Start, Account: w.accountID, Seed: w.cfg.Seed}
	for _, ws := range w.workspaces[1:] {
		scene.Workspaces = append(scene.Workspaces, ws.id)
	}
	w.script = plant.Write(scene)
	type name struct{ service, action string }
	known := map[name]uint16{}
	for i := range w.kinds {
		known[name{w.kinds[i].service, w.kinds[i].action}] = uint16(i)
	}
	for _, l := range w.script.Lines {
		i, found := known[name{l.Service, l.Action}]
		if !found {
			i = uint16(len(w.kinds))
			k := kind{service: l.Service, action: l.Action}
			k.method = k.loginMethod()
			w.kinds = append(w.kinds, k)
			known[name{l.Service, l.Action}] = i
		}
		w.plantKinds = append(w.plantKinds, i)
	}
}

// kind returns the index of a kind that the catalogue must have.
func (w *world) kind(service, action string) uint16 {
	for i := range w.kinds {
		if k := &w.kinds[i]; k.service == service && k.action == action {
			return uint16(i)
		}
	}
	panic("generate: no kind " + service + "." + action)
}

var (
	firstNames = []string{"ada", "bjorn", "chen", "dana", "emeka", "fatima", "goran", "hana", "ivan", "jo", "kofi", "lena", "mei", "nils", "olga", "priya", "quentin", "rosa", "sven", "tomo"}
	lastNames  = []string{"abara", "berg", "costa", "dubois", "eriksen", "fischer", "garcia", "haddad", "ito", "jansen", "kowalski", "lindqvist", "moreau"}
	jobVerbs   = []string{"ingest", "refresh", "score", "export", "rebuild", "sync", "validate"}
	jobNouns   = []string{"orders", "customers", "clickstream", "features", "ledger", "sensor-data", "churn model", "invoices"}
)
