package provisioning

import (
	"regexp"
	"strings"
)

type providerFile struct {
	Head      `yaml:",inline"`
	Providers []Provider `yaml:"providers"`
}

// Provider says where Grafana finds dashboards.
type Provider struct {
	Name                  string `yaml:"name"`
	OrgID                 int64  `yaml:"orgId"`
	Folder                string `yaml:"folder"`
	FolderUID             string `yaml:"folderUid"`
	Type                  string `yaml:"type"`
	DisableDeletion       bool   `yaml:"disableDeletion"`
	AllowUIUpdates        bool   `yaml:"allowUiUpdates"`
	UpdateIntervalSeconds int    `yaml:"updateIntervalSeconds"`
	Options               struct {
		Path                      string `yaml:"path"`
		FoldersFromFilesStructure bool   `yaml:"foldersFromFilesStructure"`
	} `yaml:"options"`
}

func (s *Set) checkProviders(n *notes) {
	var names []string
	for _, p := range s.Providers {
		where := "provider " + p.Name
		n.unique(&names, where, "name", p.Name)
		n.oneOf(where, "type", p.Type, "file")
		if !strings.HasPrefix(p.Options.Path, "/") {
			n.add(where, "options.path %q is no whole path", p.Options.Path)
		}
		if p.Options.FoldersFromFilesStructure && p.Folder+p.FolderUID != "" {
			n.add(where, "folders are named and taken from the files as well")
		}
		if p.FolderUID != "" {
			n.uid(&[]string{}, where, p.FolderUID)
		}
	}
	if len(s.Dashboards) > 0 && len(s.Providers) == 0 {
		n.add("dashboards", "no provider brings them")
	}
}

// schemaVersion is the newest of dashboards in the classic form.
const schemaVersion = 42

// Dashboard is a dashboard in the classic form. It has no key __inputs: only an
// import by hand resolves that.
type Dashboard struct {
	File string `json:"-"`

	UID           string          `json:"uid"`
	Title         string          `json:"title"`
	Description   string          `json:"description"`
	Tags          []string        `json:"tags"`
	SchemaVersion int             `json:"schemaVersion"`
	Version       int             `json:"version"`
	Editable      bool            `json:"editable"`
	GraphTooltip  int             `json:"graphTooltip"`
	Timezone      string          `json:"timezone"`
	Refresh       string          `json:"refresh"`
	Time          timeSpan        `json:"time"`
	Timepicker    struct{}        `json:"timepicker"`
	Links         []dashboardLink `json:"links"`
	Annotations   struct {
		List []Annotation `json:"list"`
	} `json:"annotations"`
	Templating struct {
		List []Variable `json:"list"`
	} `json:"templating"`
	Panels []Panel `json:"panels"`
}

// Annotation marks in panels over time when something happened.
type Annotation struct {
	Name       string     `json:"name"`
	Enable     bool       `json:"enable"`
	IconColor  string     `json:"iconColor"`
	Datasource *reference `json:"datasource"`
	Target     Target     `json:"target"`
}

func (d Dashboard) checkAnnotations(n *notes) {
	var names []string
	for _, a := range d.Annotations.List {
		where := d.File + ", annotation " + a.Name
		n.unique(&names, where, "name", a.Name)
		n.oneOf(where, "iconColor", a.IconColor, "blue", "green", "orange", "purple", "red", "yellow")
		n.oneOf(where, "format", a.Target.Format, "annotations")
		checkReference(n, where, "the data source", a.Datasource)
		t, unknown := d.Resolve(a.Target, d.Defaults("1"))
		if len(unknown) > 0 {
			n.add(where, "there is no variable %s", strings.Join(unknown, ", "))
		}
		t.check(n, where)
	}
}

type timeSpan struct {
	From string `json:"from"`
	To   string `json:"to"`
}

type dashboardLink struct {
	Title       string   `json:"title"`
	Type        string   `json:"type"`
	URL         string   `json:"url"`
	Icon        string   `json:"icon"`
	Tooltip     string   `json:"tooltip"`
	TargetBlank bool     `json:"targetBlank"`
	AsDropdown  bool     `json:"asDropdown"`
	IncludeVars bool     `json:"includeVars"`
	KeepTime    bool     `json:"keepTime"`
	Tags        []string `json:"tags"`
}

var (
	refreshRE  = regexp.MustCompile(`^\d+[smh]$`)
	relativeRE = regexp.MustCompile(`^now(-\d+[mhdwMy])?(/[hdwMy])?$`)
)

func (s *Set) checkDashboards(n *notes) {
	var uids []string
	for _, d := range s.Dashboards {
		n.uid(&uids, d.File, d.UID)
		d.check(n)
		s.checkLinks(n, d)
	}
}

func (d Dashboard) check(n *notes) {
	if d.Title == "" || d.Description == "" {
		n.add(d.File, "title and description are both needed")
	}
	if d.SchemaVersion != schemaVersion {
		n.add(d.File, "schemaVersion is %d, want %d", d.SchemaVersion, schemaVersion)
	}
	if !refreshRE.MatchString(d.Refresh) {
		n.add(d.File, "refresh %q is no interval", d.Refresh)
	}
	for _, t := range []string{d.Time.From, d.Time.To} {
		if !relativeRE.MatchString(t) {
			n.add(d.File, "time %q is not relative to now", t)
		}
	}
	n.oneOf(d.File, "timezone", d.Timezone, "utc") // days are UTC's
	d.checkVariables(n)
	d.checkAnnotations(n)
	d.checkPanels(n)
}
