// Package dashboards has the dashboards that Auditlake ships, and writes them as
// the JSON that Grafana reads.
//
//	dashboards.go    what a dashboard consists of, and All
//	overview.go      one file for each dashboard
//	clusters.go
//	...
//	panel.go         what a panel consists of
//	column.go        how a column is shown, wherever it is: name, unit, links
//	variable.go      the variables, and what a query has of them
//	link.go          where a click leads
//	mark.go          what is marked in panels over time
//	json.go          the JSON of a dashboard
//	draw.go          the JSON of a panel, by visualisation
//
// A panel is said in a few lines: which question, how large, and what to do about
// the answer. What is the same everywhere is said once: title, description and
// visualisation of a named query are those of its catalog entry, a column looks
// and leads the same in every table, and panels are laid in the order they have,
// left to right. Panel ids are written out, because alert rules and links have
// them; an id is never given to another panel.
//
// The files in provisioning/dashboards are what File gives. A test holds them
// equal and writes them with -update; package provisioning judges them, and runs
// every query in them.
package dashboards

import (
	"fmt"
	"iter"
)

// Dashboard is one dashboard.
type Dashboard struct {
	name        string // of the file, and the end of the uid
	title       string
	description string
	from        string // start of the time range that it opens with
	refresh     string
	variables   []variable
	marks       []mark
	links       []dashboardLink // beside those that all have
	sections    []section
}

// section is some panels under a heading, or, without a title, at the top.
type section struct {
	id     int // of the row
	title  string
	panels []panel
}

// All are the dashboards in the order in which they are listed.
func All() []Dashboard {
	return []Dashboard{
		overview(),
		clusters(),
		jobs(),
		logins(),
		admin(),
		dataAccess(),
		pipeline(),
		investigation(),
	}
}

// Title is what Grafana lists the dashboard under.
func (d Dashboard) Title() string { return d.title }

// File is the name of its file.
func (d Dashboard) File() string { return d.name + ".json" }

// UID is its identifier in every Grafana.
func (d Dashboard) UID() string { return uidOf(d.name) }

// uidOf is the uid of the dashboard with this name. That of the overview has been
// what it is since there was one dashboard, and alert rules have it.
func uidOf(name string) string {
	if name == overviewName {
		return overviewUID
	}
	return "auditlake-" + name
}

// Named are the queries of the catalog that it asks.
func (d Dashboard) Named() (names []string) {
	for q := range d.questions() {
		if q.named != "" {
			names = append(names, q.named)
		}
	}
	for _, m := range d.marks {
		names = append(names, m.named)
	}
	return names
}

// Silent are the titles of panels that do not say what to do about their answer.
func (d Dashboard) Silent() (titles []string) {
	for q := range d.questions() {
		if q.todo == "" {
			titles = append(titles, q.title)
		}
	}
	return titles
}

// Unknown are the columns of answers about which nothing is said.
func (d Dashboard) Unknown() (names []string) {
	known := columns()
	for q := range d.questions() {
		for _, name := range q.columns {
			if _, ok := known[name]; !ok {
				names = append(names, name)
			}
		}
	}
	return names
}

// Wide are the titles of tables that scroll sideways on a screen 1280 pixels wide,
// with how many pixels they need and have.
func (d Dashboard) Wide() (titles []string) {
	for q := range d.questions() {
		if q.draw == table && q.needs() > room(q.w) {
			titles = append(titles, fmt.Sprintf("%s (%d of %d)", q.title, q.needs(), room(q.w)))
		}
	}
	return titles
}

func (d Dashboard) questions() iter.Seq[question] {
	return func(yield func(question) bool) {
		for _, s := range d.sections {
			for _, p := range s.panels {
				if !yield(p.question()) {
					return
				}
			}
		}
	}
}
