package plugin

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/query/named"
)

// mostInline is how many queries a data source's settings may hold.
const mostInline = 200

// queries are the named queries that the settings hold: a list of objects in the form
// of a query file. A query that is wrong is left out and takes no other with it.
func (f *fields) queries() (sound []*named.Query, problems []string) {
	raw, given := f.given("queries")
	if !given {
		return nil, nil
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil || len(list) > mostInline {
		f.say("queries", "write a list of at most %d queries, each with the keys of a query file", mostInline)
		return nil, nil
	}
	for i, entry := range list {
		q, err := named.ParseValue(fmt.Sprintf("%s, entry %d", f.name("queries"), i+1), entry)
		if err != nil {
			problems = append(problems, lines(err)...)
			continue
		}
		sound = append(sound, q)
	}
	return sound, problems
}

// catalog is the named queries that the data source offers: those of this binary, of
// the folder that grafana.ini names, and of its settings.
func (d *Datasource) catalog() *named.Catalog {
	c, _ := d.ownQueries()
	return c
}

// ownQueries is the catalog and what is wrong with queries that are not in it. Who
// may write queries may read any table; what is seen of its rows is decided by view.
func (d *Datasource) ownQueries() (*named.Catalog, []string) {
	problems := append([]string(nil), d.settings.QueryProblems...)
	var more []*named.Query
	if folder := d.shell.queries; folder != nil {
		own, err := folder.Queries(time.Now())
		more = append(more, own...)
		problems = append(problems, lines(err)...)
	}
	c, err := named.Shipped().Extend(append(more, d.settings.Queries...))
	return c, append(problems, lines(err)...)
}

// queriesPart is what a health check says of queries that are not shipped, if there
// are any. What is wrong with one of them is no failure: the others work.
func (c checkup) queriesPart() (part, bool) {
	all, problems := c.ownQueries()
	own := len(all.All()) - len(named.All())
	if own == 0 && len(problems) == 0 {
		return part{}, false
	}
	p := part{Name: "queries", OK: true, Message: sentence(fmt.Sprintf("%d named queries of your own", own))}
	if own == 1 {
		p.Message = "One named query of your own."
	}
	for _, problem := range problems {
		p.Warnings = append(p.Warnings, sentence("Query left out: "+problem))
	}
	return p, true
}

// lines are the messages of a joined error.
func lines(err error) []string {
	if err == nil {
		return nil
	}
	// Just what errors.Join made: what a message wraps is a part of it.
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var out []string
		for _, e := range joined.Unwrap() {
			out = append(out, lines(e)...)
		}
		return out
	}
	return []string{strings.ReplaceAll(err.Error(), "\n", " ")}
}
