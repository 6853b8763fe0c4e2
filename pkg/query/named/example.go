package named

import (
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/auditlake/auditlake/pkg/query"
)

// Example is events, and the rows of the answer over them. Its time range is all of
// 2024-03-05 UTC.
type Example struct {
	Name   string
	Params map[string]string
	Events []Event
	// Lookups are the files of look-up tables by name, as CSV.
	Lookups map[string]string
	// Rows are as `auditlake query --format json` prints them; nil for none.
	Rows []yaml.Node

	line int
}

// Event is one delivered line of an example, or several alike. A field that is not
// given has what most events have; null is a null in the event.
type Event struct {
	// At is HH:MM, HH:MM:SS or HH:MM:SS.mmm on the day, which is so many days after
	// 2024-03-05.
	At  string
	Day int
	// Line is a delivered line as it is, in place of all that follows.
	Line string

	Service   yaml.Node
	Action    yaml.Node
	User      yaml.Node // email
	Subject   yaml.Node
	Status    yaml.Node // null: no response
	Error     yaml.Node
	Result    yaml.Node
	IP        yaml.Node
	Agent     yaml.Node
	Session   yaml.Node
	Workspace yaml.Node
	Account   yaml.Node
	Level     yaml.Node
	RequestID yaml.Node `yaml:"requestId"`
	Params    map[string]any
	More      map[string]any // further members of the event, or others in their place

	Repeat int           // copies, 1 if not given
	Every  time.Duration // between copies
}

// exampleDay is the day of examples.
var exampleDay = time.Date(2024, 3, 5, 0, 0, 0, 0, time.UTC)

// ExampleRange is the time range of examples.
func ExampleRange() query.TimeRange { return probe }

// Time is when the event, or the first of its copies, was.
func (e Event) Time() (time.Time, bool) {
	for _, layout := range []string{"15:04", "15:04:05", "15:04:05.000"} {
		if t, err := time.Parse(layout, e.At); err == nil {
			return exampleDay.AddDate(0, 0, e.Day).Add(t.Sub(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC))), true
		}
	}
	return time.Time{}, false
}

// mostCopies bounds what the entries of an example may become, which are in memory.
const mostCopies = 100_000

func (p *fileParser) example(q *Query, i int) {
	e := &q.Examples[i]
	at := strconv.Itoa(i)
	e.line = p.line("examples", at)
	if strings.TrimSpace(e.Name) == "" {
		p.bad(e.line, "the example has no name that says what it shows")
	}
	if _, ok := p.find("examples", at, "rows"); !ok {
		p.bad(e.line, "example %q has no rows: write rows: [] for none", e.Name)
	}
	if _, err := q.args(e.Params, probe); err != nil {
		p.bad(p.line("examples", at, "params"), "example %q: %w", e.Name, err)
	}
	copies := 0
	for n, ev := range e.Events {
		line := p.line("examples", at, "events", strconv.Itoa(n))
		if _, ok := ev.Time(); !ok {
			p.bad(line, "at: %q is not like 09:00, 09:00:30 or 09:00:30.250", ev.At)
		}
		if ev.Line == "" && (ev.Service.IsZero() || ev.Action.IsZero()) {
			p.bad(line, "an event has a service and an action")
		}
		if ev.Repeat < 0 || ev.Repeat > mostCopies || ev.Every < 0 {
			p.bad(line, "repeat is 1 to %d, and every is a time such as 10m", mostCopies)
		} else if copies += max(ev.Repeat, 1); copies > mostCopies && copies-max(ev.Repeat, 1) <= mostCopies {
			p.bad(line, "example %q has more than %d events up to here", e.Name, mostCopies)
		}
	}
	for n, row := range e.Rows {
		if row.Kind != yaml.MappingNode {
			p.bad(p.line("examples", at, "rows", strconv.Itoa(n)), "a row is columns with their values")
		}
	}
}

// Line is where the example is in its file.
func (e Example) Line() int { return e.line }
