package plugin

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/named"
	"github.com/auditlake/auditlake/pkg/query/trino"
	"github.com/auditlake/auditlake/pkg/store"
)

// Settings are what a data source does and where. ParseSettings and AdminFromEnv
// make only valid ones; docs/settings.md describes every key.
type Settings struct {
	// Sources are where Databricks delivers; none if the data source only reads
	// a lake that is filled from elsewhere.
	Sources []Location
	Lake    Location

	Schedule Schedule
	// Queue is the URL of an SQS queue with the notifications of the sources' buckets;
	// empty if nothing is heard between runs.
	Queue string
	// LookbackDays is how many days before the newest delivery a run looks at
	// between sweeps.
	LookbackDays int
	Retention    Retention
	Limits       Limits

	// Scope is the workspaces that may be seen.
	Scope     query.Scope
	Redaction Redaction

	Databricks Databricks
	Register   Register
	Trino      Trino

	// Queries are named queries of the data source's own, and QueryProblems, each a
	// sentence without its point, why others are not among them.
	Queries       []*named.Query
	QueryProblems []string

	// Warnings say what works and may surprise, in sentences without their point.
	Warnings []string
}

// Schedule is when the plugin runs the ETL.
type Schedule struct {
	// Every is the time between the starts of two runs, at least a minute; 0 leaves
	// the ETL to the command line, and is so for a data source without sources.
	Every time.Duration
}

// Retention is how many days the rows of a layer are kept; 0 is for ever.
type Retention struct{ Bronze, Silver, Gold int }

// Limits are what the data source may use of Grafana's machine.
type Limits struct {
	MaxRows          int64         // of one query's answer
	MaxJoinRows      int64         // that the joins of one query may give
	QueryMemoryBytes int64         // that one query may hold
	QueryTimeout     time.Duration // of one query, waiting for its turn included
	ParallelQueries  int           // that run at once; the others wait
	ResultCacheBytes int64         // of answers that are kept; 0 keeps none
	ETLMemoryBytes   int64         // that a run of the ETL may hold
}

// SettingsError is everything that is wrong with the settings of a data source,
// in words for who configures it.
type SettingsError struct{ Problems []string }

func (e *SettingsError) Error() string { return strings.Join(e.Problems, "; ") }

// ParseSettings checks what Grafana sends; ctx is the request's, with the rules
// for signing in to AWS that the administrator set. The error is a *SettingsError
// with all that is wrong, and repeats neither secrets nor a URL that is not
// understood, which may hold one by mistake.
func ParseSettings(ctx context.Context, s backend.DataSourceInstanceSettings, admin Admin) (Settings, error) {
	f := fields{secure: s.DecryptedSecureJSONData, name: func(key string) string { return key }}
	if len(s.JSONData) > 0 {
		if err := json.Unmarshal(s.JSONData, &f.values); err != nil {
			return Settings{}, &SettingsError{[]string{"jsonData of the data source is no object: write it as keys with values"}}
		}
	}
	return f.settings(admin, awsRulesFrom(ctx)) //nolint:contextcheck // it opens stores to have wrong URLs explained, and asks none
}

// The bounds of numbers, in the unit of their key.
const (
	mostDays    = 36_500
	mebibyte    = 1 << 20
	longestStep = 30 * 24 * time.Hour
)

// settings is the one set of rules, whoever configured.
func (f *fields) settings(admin Admin, rules awsRules) (Settings, error) {
	to := f.connection(rules)
	out := Settings{
		Schedule:     f.schedule(),
		LookbackDays: int(f.whole("lookbackDays", 3, 1, 3650)),
		Limits: Limits{
			MaxRows:          f.whole("maxRows", 100_000, 1, 1_000_000),
			MaxJoinRows:      f.whole("maxJoinRows", 100_000_000, 1_000_000, 10_000_000_000),
			QueryMemoryBytes: f.whole("maxQueryMemoryMiB", 256, 16, 2048) * mebibyte,
			QueryTimeout:     f.duration("queryTimeout", time.Minute, time.Second, time.Hour),
			ParallelQueries:  int(f.whole("maxParallelQueries", 4, 1, 64)),
			ResultCacheBytes: f.whole("resultCacheMiB", 32, 0, 4096) * mebibyte,
			ETLMemoryBytes:   f.whole("etlMemoryMiB", 192, 64, 65_536) * mebibyte,
		},
		Scope:      f.scope(),
		Redaction:  f.redaction(),
		Databricks: f.databricks(),
		Queue:      f.queueURL(),
		Register:   f.register(),
		Trino:      f.trino(),
	}
	out.Retention, out.Warnings = f.retention(out.LookbackDays)
	out.Queries, out.QueryProblems = f.queries()

	var err error
	if lake := f.text("lake"); lake == "" {
		f.note("the %s is not set: enter where the Delta tables are, such as s3://bucket/lake", f.name("lake"))
	} else if out.Lake, err = to.location(lake, admin); err != nil {
		f.note("%s: %v", f.name("lake"), err)
	}
	sources, _ := f.list("sources")
	for i, source := range sources {
		l, err := to.location(source, admin)
		if err != nil {
			f.note("source %d: %v", i+1, err)
			continue
		}
		out.Sources = append(out.Sources, l)
	}
	for _, p := range slices.Concat(out.overlaps(), out.registerProblems()) {
		f.note("%s", p)
	}
	if len(sources) == 0 {
		out.Schedule = Schedule{}
	}
	if out.Queue != "" && !slices.ContainsFunc(out.Sources, func(l Location) bool { return l.s3 != nil }) {
		f.say("queueUrl", "none of the sources is a bucket, and only buckets notify: leave it empty")
	}
	if len(f.problems) > 0 {
		return Settings{}, &SettingsError{f.problems}
	}
	return out, nil
}

func (f *fields) schedule() Schedule {
	if strings.EqualFold(f.text("schedule"), "off") {
		return Schedule{}
	}
	return Schedule{f.duration("schedule", 15*time.Minute, time.Minute, longestStep)}
}

// retention refuses what would remove rows while their files still change, and
// warns where a layer outlives the one it can be rebuilt from.
func (f *fields) retention(lookback int) (r Retention, warnings []string) {
	layer := func(key string) int {
		days := int(f.whole(key, 0, 0, mostDays))
		if days != 0 && days <= lookback {
			f.say(key, "write more days than %s, which is %d, or 0 to keep rows for ever: deliveries of those days still change", f.name("lookbackDays"), lookback)
		}
		return days
	}
	r = Retention{layer("bronzeRetentionDays"), layer("silverRetentionDays"), layer("goldRetentionDays")}
	for _, above := range []struct {
		name string
		days int
	}{{"silver", r.Silver}, {"gold", r.Gold}} {
		if r.Bronze != 0 && (above.days == 0 || above.days > r.Bronze) {
			warnings = append(warnings, fmt.Sprintf("%s is kept %s and bronze %s: rows of %s that are older cannot be rebuilt",
				above.name, kept(above.days), kept(r.Bronze), above.name))
		}
	}
	return r, warnings
}

func kept(days int) string {
	if days == 0 {
		return "for ever"
	}
	return fmt.Sprintf("for %d days", days)
}

// scope never takes an empty text for no restriction: a variable without a value
// must not open the data source.
func (f *fields) scope() query.Scope {
	entries, given := f.list("workspaces")
	if !given || len(entries) == 0 {
		return query.Scope{}
	}
	var scope query.Scope
	for i, text := range entries {
		id, ok := wholeNumber(text)
		if !ok || id < 0 {
			f.say("workspaces", "entry %d is no id of a workspace: write its digits, or 0 for the account level", i+1)
			continue
		}
		scope.Workspaces = append(scope.Workspaces, id)
	}
	slices.Sort(scope.Workspaces)
	scope.Workspaces = slices.Compact(scope.Workspaces)
	return scope
}

// Fingerprint is equal for settings under which one ETL does the same: sources,
// lake, how to sign in, schedule, queue, retention, memory, Databricks and where tables
// are registered. Whoever runs an ETL starts
// it anew when the fingerprint has changed. Secrets cannot be read out of it.
func (s Settings) Fingerprint() string {
	type root struct {
		ID string
		S3 *store.S3Config
	}
	rootOf := func(l Location) root { return root{l.id(), l.s3} }
	concern := struct {
		Sources      []root
		Lake         root
		Schedule     Schedule
		LookbackDays int
		Retention    Retention
		Memory       int64
		Databricks   *Databricks   `json:",omitempty"`
		Queue        string        `json:",omitempty"`
		Register     *Register     `json:",omitempty"`
		Trino        *trino.Config `json:",omitempty"`
	}{
		Lake: rootOf(s.Lake), Schedule: s.Schedule, LookbackDays: s.LookbackDays,
		Retention: s.Retention, Memory: s.Limits.ETLMemoryBytes, Queue: s.Queue,
	}
	if s.Databricks.Asks() {
		concern.Databricks = &s.Databricks
	}
	if s.Register.Any() {
		concern.Register = &s.Register
	}
	if s.Register.Trino {
		concern.Trino = &s.Trino.Config
	}
	for _, l := range s.Sources {
		concern.Sources = append(concern.Sources, rootOf(l))
	}
	slices.SortFunc(concern.Sources, func(a, b root) int { return cmp.Compare(a.ID, b.ID) })
	text, err := json.Marshal(concern)
	if err != nil {
		panic(err) // texts and numbers only
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// LakeID is equal for data sources with one lake, however they write it and sign
// in. It is in the form of [store.Canonical]: a lake within another has the
// other's as a prefix.
func (s Settings) LakeID() string { return s.Lake.id() }

// open opens all roots for reading. It sends nothing, so that what fails here is
// a matter of the settings too.
func (s Settings) open(ctx context.Context) (sources []store.Store, lake store.Store, err error) {
	var problems []string
	if lake, err = s.Lake.open(ctx); err != nil {
		problems = append(problems, fmt.Sprintf("lake: %v", err))
	} else {
		lake = store.AsReadOnly(lake)
	}
	for i, l := range s.Sources {
		// A folder that Databricks delivers to exists; one for a lake may come later.
		source, err := l.open(ctx, store.ReadOnly())
		if err != nil {
			problems = append(problems, fmt.Sprintf("source %d: %v", i+1, err))
			continue
		}
		sources = append(sources, store.AsReadOnly(source))
	}
	if len(problems) > 0 {
		return nil, nil, &SettingsError{problems}
	}
	return sources, lake, nil
}

// OpenWritable opens the sources for reading and the lake for writing, as a run
// of the ETL needs them. It sends nothing. The error is a *SettingsError.
func (s Settings) OpenWritable(ctx context.Context) (sources []etl.Source, lake store.Store, err error) {
	opened, _, err := s.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, source := range opened {
		sources = append(sources, etl.SourceOf(source))
	}
	if lake, err = s.Lake.open(ctx); err != nil {
		return nil, nil, &SettingsError{[]string{fmt.Sprintf("lake: %v", err)}}
	}
	return sources, lake, nil
}

// Conceal puts stars in the place of the secrets that the settings hold: a store
// may quote one in its answer.
func (s Settings) Conceal(text string) string {
	secrets := map[string]string{}
	for _, l := range append(slices.Clone(s.Sources), s.Lake) {
		if l.s3 != nil {
			for _, secret := range []string{l.s3.AccessKeyID, l.s3.SecretAccessKey, l.s3.SessionToken} {
				secrets[secret] = secret
			}
		}
	}
	for _, secret := range []string{s.Databricks.Token, s.Databricks.ClientSecret, s.Trino.Config.Password, s.Trino.Config.Token} {
		secrets[secret] = secret
	}
	return concealer(secrets).Replace(text)
}
