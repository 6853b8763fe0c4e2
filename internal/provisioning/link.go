package provisioning

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// fieldLink is where a click on a value leads.
type fieldLink struct {
	Title string `json:"title"`
	URL   string `json:"url"`
}

// links are those of all panels, by panel.
func (p Panel) links() (out []fieldLink, err error) {
	out = slices.Clone(p.FieldConfig.Defaults.Links)
	for _, o := range p.FieldConfig.Overrides {
		for _, property := range o.Properties {
			if property.ID != "links" {
				continue
			}
			var some []fieldLink
			if err := strictJSON(property.Value, &some); err != nil {
				return nil, err
			}
			out = append(out, some...)
		}
	}
	return out, nil
}

// inLinkRE is a variable in a link.
var inLinkRE = regexp.MustCompile(`\$\{[^}]*\}`)

// takenRE is a variable of the dashboard whose value a link takes along.
var takenRE = regexp.MustCompile(`\$\{(\w+):queryparam\}`)

// linkVariables are those that Grafana fills in by itself. A value is encoded: it
// may have what would end it.
var linkVariables = []string{"${datasource:queryparam}", "${__url_time_range}", "${__value.raw:percentencode}"}

// sourcePage is where Grafana has the settings of the data source, the only page of
// it but dashboards and Explore that is linked to.
const sourcePage = "/connections/datasources/edit/" + datasourceVariable

// checkLinks looks whether the links of a dashboard lead somewhere.
func (s *Set) checkLinks(n *notes, d Dashboard) {
	for _, l := range d.Links {
		where := d.File + " link " + l.Title
		n.oneOf(where, "the type", l.Type, "link", "dashboards")
		if strings.HasPrefix(l.URL, "/") && l.URL != sourcePage {
			n.add(where, "%s is not the page of the data source", l.URL)
		}
		if l.Type == "dashboards" && !(l.KeepTime && l.IncludeVars && s.tagged(l.Tags) > 1) {
			n.add(where, "it does not take time and variables to other dashboards tagged %q", l.Tags)
		}
	}
	for _, p := range d.Panels {
		where := d.File + " panel " + p.Title
		links, err := p.links()
		if err != nil {
			n.add(where, "links: %v", err)
		}
		for _, l := range links {
			s.checkLink(n, where, l, append(p.Fields(), d.names()...))
		}
	}
}

// tagged is how many dashboards have all the tags.
func (s *Set) tagged(tags []string) (count int) {
	for _, d := range s.Dashboards {
		if !slices.ContainsFunc(tags, func(tag string) bool { return !slices.Contains(d.Tags, tag) }) {
			count++
		}
	}
	return count
}

// names are those of the variables.
func (d Dashboard) names() (out []string) {
	for _, v := range d.Templating.List {
		out = append(out, v.Name)
	}
	return out
}

// checkLink takes the names of the panel's fields and of the dashboard's variables.
func (s *Set) checkLink(n *notes, where string, l fieldLink, names []string) {
	if l.Title == "" {
		n.add(where, "the link to %s has no title", l.URL)
	}
	for _, v := range inLinkRE.FindAllString(l.Title, -1) {
		if v != "${__value.text}" && !slices.ContainsFunc(names, func(f string) bool { return v == "${__data.fields."+f+"}" }) {
			n.add(where, "%s of the title %s is neither the value nor a field", v, l.Title)
		}
	}
	for _, v := range inLinkRE.FindAllString(l.URL, -1) {
		if !slices.Contains(linkVariables, v) && !slices.ContainsFunc(names, func(f string) bool { return v == "${__data.fields."+f+":percentencode}" || v == "${"+f+":queryparam}" }) {
			n.add(where, "%s of the link %s is neither a variable nor a field, or not encoded", v, l.Title)
		}
	}
	path, rest, _ := strings.Cut(l.URL, "?")
	uid, ours := strings.CutPrefix(path, "/d/")
	i := slices.IndexFunc(s.Dashboards, func(d Dashboard) bool { return d.UID == uid })
	if !ours || i < 0 {
		n.add(where, "the link %s leads to no dashboard", l.Title)
		return
	}
	for _, kept := range linkVariables[:2] {
		if !strings.Contains(rest, kept) {
			n.add(where, "the link %s loses %s", l.Title, kept)
		}
	}
	rest = takenRE.ReplaceAllString(rest, "var-$1=x")
	given, err := url.ParseQuery(inLinkRE.ReplaceAllString(rest, "x"))
	if err != nil {
		n.add(where, "the link %s: %v", l.Title, err)
	}
	for key := range given {
		name, isVariable := strings.CutPrefix(key, "var-")
		if isVariable && !slices.ContainsFunc(s.Dashboards[i].Templating.List, func(v Variable) bool { return v.Name == name }) {
			n.add(where, "the link %s sets %s, which %s does not have", l.Title, name, s.Dashboards[i].File)
		}
	}
}

// Outside are all addresses outside of Grafana that a dashboard leads to.
func (d Dashboard) Outside() (out []string) {
	for _, l := range d.Links {
		if l.URL != "" && !strings.HasPrefix(l.URL, "/") {
			out = append(out, l.URL)
		}
	}
	return out
}
