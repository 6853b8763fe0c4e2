package dashboards

import "github.com/auditlake/auditlake/pkg/query/named"

// mark is an annotation: when something happened, in every panel over time. Its name
// is the title of the query.
type mark struct {
	named string
	color string // of the palette
	// idle marks are drawn once they are switched on: where there are many, they
	// hide what they are drawn over.
	idle bool
}

type (
	annotations struct {
		List []annotationJSON `json:"list"`
	}
	annotationJSON struct {
		Name       string     `json:"name"`
		Enable     bool       `json:"enable"`
		IconColor  string     `json:"iconColor"`
		Datasource *reference `json:"datasource"`
		Target     target     `json:"target"`
	}
)

func (d Dashboard) annotations() annotations {
	out := annotations{List: []annotationJSON{}}
	for _, m := range d.marks {
		q, err := named.Lookup(m.named)
		if err != nil {
			panic(err) // ours, and a test draws all dashboards
		}
		out.List = append(out.List, annotationJSON{
			Name: q.Title, Enable: !m.idle, IconColor: m.color, Datasource: ourSource(),
			Target: target{
				RefID: "A", QueryType: "named", Named: m.named, Params: map[string]string{}, Format: "annotations", AdhocFilters: d.filters(q.Tables),
			},
		})
	}
	return out
}
