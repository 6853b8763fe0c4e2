// Package truth answers every query of the catalog from delivered lines, with
// maps and loops. It is the other side of each comparison with a lake, so it
// shares nothing with the pipeline and the query engine: it reads lines itself
// and works out each answer from the words of the query.
//
//	log := truth.NewLog()
//	log.Add("workspaceId=42/date=2024-03-10/auditlogs_1.json", body)
//	cases := log.Cases(start, end)
//
// # Invariants
//
// Every line is to be added once, of the newest version of its file. A [Case]
// is one question, parameters and time range included, with the rows that
// `auditlake query --format json` has to print. Each query has a case with its
// defaults, one in the middle of the time with other parameters, and, if it
// looks back from the end, one of the last days.
//
// # Memory
//
// An event is kept with what queries ask for, some 500 bytes. Command texts are
// looked at and dropped.
package truth

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Log is the delivered lines.
type Log struct {
	events            []*Event            // by time, once sorted
	tables            map[string][]*Event // the same by gold table
	sorted            bool
	lines, quarantine int
	shared            map[string]any
	kept              map[string]bool // keys of parameters, in lower case
}

// Case is one question and its answer.
type Case struct {
	Params map[string]string `json:"params"`
	From   string            `json:"from"` // RFC 3339; empty: no bound
	To     string            `json:"to"`
	Rows   *Answer           `json:"rows"`
}

// query is one of the catalog.
type query struct {
	name string
	// params are the defaults; other is what the case in the middle sets, and
	// further are more such cases.
	params, other options
	further       []options
	span          span
	rows          func(*look) *Answer
}

// span is which time ranges a query can be asked about.
type span uint8

const (
	anySpan   span = iota
	endedSpan      // the range needs an end
	backSpan       // it needs both, and looks back from its start
)

type options = map[string]string

const notPeople = "System-User,unknown,Unknown"

// NewLog is a log without lines.
func NewLog() *Log {
	l := &Log{tables: map[string][]*Event{}, shared: map[string]any{}, kept: map[string]bool{}}
	for _, key := range askedFor {
		l.kept[strings.ToLower(key)] = true
	}
	return l
}

var workspaceFolder = regexp.MustCompile(`(?:^|/)workspaceId=(\d+)/`)

// Add takes the lines of a delivered file, which is not compressed.
func (l *Log) Add(key string, body []byte) {
	folder := ""
	if m := workspaceFolder.FindStringSubmatch(key); m != nil {
		folder = m[1]
	}
	for line := range bytes.SplitSeq(body, []byte("\n")) {
		line = bytes.TrimSuffix(line, []byte("\r"))
		if len(line) == 0 {
			continue
		}
		l.lines++
		e := l.parse(folder, line)
		if e == nil {
			l.quarantine++
			continue
		}
		l.events = append(l.events, e)
	}
	l.sorted = false
}

// Names are the queries that the log can answer.
func Names() []string {
	var names []string
	for _, q := range catalog() {
		names = append(names, q.name)
	}
	slices.Sort(names)
	return names
}

func catalog() []query {
	return slices.Concat(articleQueries(), clusterQueries(), jobQueries(), loginQueries(), identityQueries(), adminQueries(), settingQueries(), accessQueries(), sharingQueries(), overviewQueries(), pipelineQueries())
}

// Cases answers every query about events from start to end.
func (l *Log) Cases(start, end time.Time) map[string][]Case {
	from, to := Time(start.UnixMilli()), Time(end.UnixMilli())
	length := to - from
	middle := [2]Time{from + length*2/5, from + length*3/5}
	cases := map[string][]Case{}
	for _, q := range catalog() {
		ask := func(params options, bounds ...Time) {
			c, err := l.ask(q, params, bounds...)
			if err != nil {
				panic("truth: " + err.Error()) // the catalog is at odds with itself
			}
			cases[q.name] = append(cases[q.name], c)
		}
		switch q.span {
		case anySpan:
			ask(nil)
		case endedSpan:
			ask(nil, from, to)
			ask(nil, to-min(3*day, length), to)
		case backSpan:
			ask(nil, from+length*2/3, to)
		}
		if q.name != "layer_counts" { // bronze is by delivery date, silver by event
			ask(q.other, middle[0], middle[1])
		}
		for _, params := range q.further {
			ask(params, middle[0], middle[1])
		}
	}
	return cases
}

// Ask answers one query. Zero times are no bounds. The parameters have to be of
// the right kind: a text where a number is due is a mistake of the caller.
func (l *Log) Ask(name string, params map[string]string, from, to time.Time) (Case, error) {
	i := slices.IndexFunc(catalog(), func(q query) bool { return q.name == name })
	if i < 0 {
		return Case{}, fmt.Errorf("no query %q", name)
	}
	if from.IsZero() && to.IsZero() {
		return l.ask(catalog()[i], params)
	}
	return l.ask(catalog()[i], params, Time(from.UnixMilli()), Time(to.UnixMilli()))
}

// ask answers q about everything, or between two bounds.
func (l *Log) ask(q query, params options, bounds ...Time) (Case, error) {
	l.sort()
	c := Case{Params: maps.Clone(params)}
	if c.Params == nil {
		c.Params = options{}
	}
	k := &look{log: l, from: -1 << 62, to: 1 << 62, params: maps.Clone(q.params)}
	for name, value := range params {
		if _, known := q.params[name]; !known {
			return c, fmt.Errorf("%s has no parameter %s", q.name, name)
		}
		k.params[name] = value
	}
	if len(bounds) == 2 {
		k.from, k.to = bounds[0], bounds[1]
		c.From, c.To = k.from.stamp(), k.to.stamp()
	} else if q.span != anySpan {
		return c, fmt.Errorf("%s looks back from the end of the range, and there is none", q.name)
	}
	c.Rows = q.rows(k)
	return c, nil
}

func (l *Log) sort() {
	if l.sorted {
		return
	}
	sort.SliceStable(l.events, func(i, j int) bool { return l.events[i].at < l.events[j].at })
	l.tables = map[string][]*Event{}
	for _, e := range l.events {
		l.tables[e.table] = append(l.tables[e.table], e)
	}
	l.sorted = true
}

// look is one look at a log: the time range from up to, not including, to, and
// the parameters.
type look struct {
	log      *Log
	from, to Time
	params   options
}

// int, texts and text are parameters, which the catalog sets right.
func (k *look) int(name string) int {
	n, err := strconv.Atoi(k.params[name])
	if err != nil {
		panic("truth: parameter " + name + ": " + err.Error())
	}
	return n
}

func (k *look) texts(name string) []string {
	if k.params[name] == "" {
		return nil
	}
	return strings.Split(k.params[name], ",")
}

// span of a parameter in units.
func (k *look) span(name string, unit Time) Time { return Time(k.int(name)) * unit }

// test picks events.
type test = func(*Event) bool

// in are the events of a gold table in the time range that meet all tests.
func (k *look) in(table string, tests ...test) []*Event {
	return pick(within(k.log.tables[table], k.from, k.to), tests)
}

// silver are those of all tables.
func (k *look) silver(tests ...test) []*Event {
	return pick(within(k.log.events, k.from, k.to), tests)
}

// history are those of a gold table before the end of the time range.
func (k *look) history(table string, tests ...test) []*Event {
	return pick(within(k.log.tables[table], -1<<62, k.to), tests)
}

// within are the events from up to, not including, to.
func within(events []*Event, from, to Time) []*Event {
	at := func(t Time) int {
		return sort.Search(len(events), func(i int) bool { return events[i].at >= t })
	}
	lo, hi := at(from), at(to)
	return events[lo:max(lo, hi)]
}

func pick(events []*Event, tests []test) []*Event {
	var out []*Event
next:
	for _, e := range events {
		for _, meets := range tests {
			if !meets(e) {
				continue next
			}
		}
		out = append(out, e)
	}
	return out
}

func ok(e *Event) bool      { return e.ok() }
func refused(e *Event) bool { return e.refused() }

func action(names ...string) test { return func(e *Event) bool { return e.is(names...) } }

// people are events not done by who is to be ignored. Who is not known is not.
func (k *look) people() test {
	ignored := k.texts("ignored_users")
	return func(e *Event) bool {
		user, _ := e.actor.(string)
		return !slices.Contains(ignored, user)
	}
}
