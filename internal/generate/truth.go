package generate

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/auditlake/auditlake/internal/plant"
	"github.com/auditlake/auditlake/internal/truth"
)

// queryLimit is the number of rows that a query has by default where its
// result could be long.
const queryLimit = 100

// Truth is what is right about a set of deliveries: the rows of each layer and
// the answer of each named query over the whole time range.
type Truth struct {
	Config  ConfigTruth   `json:"config"`
	Until   Nullable      `json:"until"` // RFC 3339; null: everything
	Source  SourceTruth   `json:"source"`
	Layers  LayersTruth   `json:"layers"`
	Article *ArticleTruth `json:"article,omitempty"`
	Panels  Panels        `json:"panels"`
	// Queries has every query of the catalog with several questions each, if
	// the truth is Full.
	Queries map[string][]truth.Case `json:"queries,omitempty"`
	// Planted is what the stories of the Detections scenario put into the logs
	// for each query.
	Planted map[string]plant.Marks `json:"planted,omitempty"`
}

// ConfigTruth is the Config with its defaults filled in.
type ConfigTruth struct {
	Seed         uint64   `json:"seed"`
	Start        string   `json:"start"`
	Days         int      `json:"days"`
	EventsPerDay int      `json:"eventsPerDay"`
	Scenario     Scenario `json:"scenario"`
	Workspaces   int      `json:"workspaces"`
}

// SourceTruth counts the newest version of each recognised file. Bytes are
// those of the objects, so compressed ones count as compressed; Lines are the
// non-blank ones.
type SourceTruth struct {
	Files int64 `json:"files"`
	Lines int64 `json:"lines"`
	Bytes int64 `json:"bytes"`
}

// LayersTruth counts rows.
type LayersTruth struct {
	Bronze     int64            `json:"bronze"`
	Quarantine int64            `json:"quarantine"`
	Silver     int64            `json:"silver"`
	Gold       map[string]int64 `json:"gold"` // by table, without empty ones
}

// ArticleTruth is the article's headline about its day.
type ArticleTruth struct {
	Date                   string `json:"date"`
	Created                int    `json:"created"`
	ByJobLauncher          int    `json:"byJobLauncher"`
	WithoutAutotermination int    `json:"withoutAutotermination"`
	TopJob                 string `json:"topJob"`
	TopJobClusters         int    `json:"topJobClusters"`
	Owner                  string `json:"owner"`
	OwnerEmail             string `json:"ownerEmail"`
}

// Nullable is a string that is null in JSON when it is empty.
type Nullable string

// MarshalJSON implements json.Marshaler.
func (n Nullable) MarshalJSON() ([]byte, error) {
	if n == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(n))
}

// JSON is the truth as text, the same for the same truth.
func (t *Truth) JSON() []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(t); err != nil {
		panic(fmt.Sprintf("generate: encode truth: %v", err))
	}
	return b.Bytes()
}

func (t *tally) truth(until time.Time) *Truth {
	cfg := t.w.cfg
	all := &Truth{
		Config: ConfigTruth{
			Seed: cfg.Seed, Start: cfg.Start.Format(time.DateOnly), Days: cfg.Days,
			EventsPerDay: cfg.EventsPerDay, Scenario: cfg.Scenario, Workspaces: cfg.Workspaces,
		},
		Source: SourceTruth{Files: t.files, Lines: t.lines, Bytes: t.bytes},
		Layers: LayersTruth{
			Bronze: t.lines, Quarantine: t.quarantine, Silver: t.lines - t.quarantine,
			Gold: map[string]int64{},
		},
		Panels: t.panels(),
	}
	if !until.IsZero() {
		all.Until = Nullable(until.UTC().Format(stampLayout))
	}
	for i, n := range t.byKind {
		if n > 0 {
			all.Layers.Gold[t.w.kinds[i].goldTable()] += n
		}
	}
	if cfg.Scenario == Article {
		all.Article = t.article()
	}
	return all
}

func (t *tally) article() *ArticleTruth {
	date := stormDate.Format(time.DateOnly)
	a := &ArticleTruth{
		Date:          date,
		Created:       t.createdOn[stormDate.UnixMilli()/dayMillis],
		ByJobLauncher: t.stormCreator["JOB_LAUNCHER"],
	}
	for _, row := range t.endless {
		if row.Time[:len(date)] == date {
			a.WithoutAutotermination++
		}
	}
	a.TopJob = topJob(t.stormJobs)
	a.TopJobClusters = t.stormJobs[a.TopJob]
	for _, j := range t.w.jobs {
		if j.id == a.TopJob {
			a.Owner, a.OwnerEmail = t.w.users[j.owner].id, t.w.users[j.owner].email
		}
	}
	return a
}

// topJob is the job with the most clusters, empty if there is none.
func topJob(clusters map[string]int) string {
	rows := byCount(clusters)
	if len(rows) == 0 {
		return ""
	}
	return rows[0]
}

// byCount returns the keys, the largest count first, equal ones in byte order.
func byCount(counts map[string]int) []string {
	return slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
}
