package landing

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/auditlake/auditlake/pkg/store"
)

// The bounds of a survey: it is what somebody waits for, however large the source
// is. SurveyKeys is a page of S3.
const (
	SurveyKeys = 1000

	surveyExamples   = 3
	surveyFolders    = 4000 // of one listing: ten years of dates
	surveyRoots      = 8
	surveyWorkspaces = 32 // whose dates are listed
	surveyParents    = 8  // of Azure's layout, whose newest dates are looked for
	surveySteps      = 50 // folders that are looked into for deliveries further down
	surveyDepth      = 3
)

// Survey is what a first look at a source finds.
type Survey struct {
	// Keys is how many were looked at, the first ones; Whole says that there are no
	// others. Files of them, with Bytes, are deliveries, and Foreign nothing that is
	// known, with some Examples.
	Keys, Files, Foreign int
	Bytes                int64
	Whole                bool
	Examples             []string
	// Delivery is the key of a delivered file, "" if none was seen.
	Delivery string
	// Roots are the folders that deliveries lie in as Databricks writes them: "" is
	// the source itself, others end with a slash.
	Roots []string
	// Workspaces are those that have a folder.
	Workspaces []int64
	// FirstDate and LastDate are of delivery, yyyy-mm-dd, as far as folders were looked
	// at; "" if there are none.
	FirstDate, LastDate string
}

// Look surveys a source in some dozens of requests at most.
func Look(ctx context.Context, s store.Store) (Survey, error) {
	l := look{store: s, roots: map[string]bool{}, workspaces: map[int64]bool{}, azure: map[string]bool{}}
	err := l.sample(ctx)
	switch {
	case err != nil:
	case !l.Whole && l.Files > 0:
		err = l.dates(ctx)
	case !l.Whole:
		err = l.search(ctx)
	}
	l.Roots = slices.Sorted(maps.Keys(l.roots))
	l.Workspaces = slices.Sorted(maps.Keys(l.workspaces))
	return l.Survey, err
}

type look struct {
	Survey
	store      store.Store
	roots      map[string]bool
	workspaces map[int64]bool
	azure      map[string]bool // parents in Azure's layout
}

func (l *look) delivered(date string) {
	if l.FirstDate == "" || date < l.FirstDate {
		l.FirstDate = date
	}
	l.LastDate = max(l.LastDate, date)
}

func (l *look) sample(ctx context.Context) error {
	for o, err := range l.store.List(ctx, "", "") {
		if err != nil {
			return err
		}
		if l.Keys == SurveyKeys {
			return nil
		}
		l.Keys++
		parent, workspace, date, ignored, ok := ParseKey(o.Key)
		switch {
		case ok:
			l.Files++
			l.Bytes += o.Size
			l.delivered(date)
			l.roots[rootOf(parent)] = true
			if workspace >= 0 {
				l.workspaces[workspace] = true
			}
			if ofAzure(parent) {
				l.azure[parent] = true
			}
			if l.Delivery == "" {
				l.Delivery = o.Key
			}
		case !ignored:
			if l.Foreign++; len(l.Examples) < surveyExamples {
				l.Examples = append(l.Examples, o.Key)
			}
		}
	}
	l.Whole = true
	return nil
}

// rootOf is the folder that the layout of a delivery begins in.
func rootOf(parent string) string {
	if ofAzure(parent) {
		root, _, _ := strings.Cut("/"+parent, "/"+resourceFolder+"/")
		return strings.TrimPrefix(root+"/", "/")
	}
	if slash := strings.LastIndexByte(strings.TrimSuffix(parent, "/"), '/'); strings.HasPrefix(parent[slash+1:], workspacePrefix) {
		return parent[:slash+1]
	}
	return parent
}

// some is the first folders behind a prefix.
func (l *look) some(ctx context.Context, prefix string) (out []string, err error) {
	for f, err := range l.store.Folders(ctx, prefix) {
		if err != nil {
			return nil, err
		}
		if out = append(out, f); len(out) == surveyFolders {
			break
		}
	}
	return out, nil
}

// last is the name of a folder.
func last(folder string) string {
	folder = strings.TrimSuffix(folder, "/")
	return folder[strings.LastIndexByte(folder, '/')+1:]
}

// dateOf is the date of a folder such as date=2024-03-05/.
func dateOf(folder string) (string, bool) {
	date, ok := strings.CutPrefix(last(folder), datePrefix)
	return date, ok && validDate(date)
}

// workspaceOf is the workspace of a folder such as workspaceId=1/.
func workspaceOf(folder string) (int64, bool) {
	text, ok := strings.CutPrefix(last(folder), workspacePrefix)
	id, err := strconv.ParseInt(text, 10, 64)
	return id, ok && err == nil && id >= 0
}

// dates finds what the names of folders tell of a source that goes on behind the sample.
func (l *look) dates(ctx context.Context) error {
	parents := slices.Sorted(maps.Keys(l.azure))
	for _, parent := range parents[:min(len(parents), surveyParents)] {
		if err := l.newestOfAzure(ctx, parent); err != nil {
			return err
		}
	}
	roots := slices.Sorted(maps.Keys(l.roots))
	for _, root := range roots[:min(len(roots), surveyRoots)] {
		if err := l.native(ctx, root); err != nil {
			return err
		}
	}
	return nil
}

func (l *look) native(ctx context.Context, root string) error {
	folders, err := l.some(ctx, root)
	if err != nil {
		return err
	}
	var of []string // workspaces
	for _, f := range folders {
		if date, ok := dateOf(f); ok {
			l.delivered(date)
		} else if id, ok := workspaceOf(f); ok {
			l.workspaces[id] = true
			of = append(of, f)
		}
	}
	for _, f := range of[:min(len(of), surveyWorkspaces)] {
		dates, err := l.some(ctx, f+datePrefix)
		if err != nil {
			return err
		}
		for _, d := range dates {
			if date, ok := dateOf(d); ok {
				l.delivered(date)
			}
		}
	}
	return nil
}

// newestOfAzure goes down the newest year, month and day.
func (l *look) newestOfAzure(ctx context.Context, parent string) error {
	at, date := parent, ""
	for _, next := range []string{"m=", "d=", ""} {
		folders, err := l.some(ctx, at)
		if err != nil || len(folders) == 0 {
			return err
		}
		newest := folders[len(folders)-1]
		_, digits, _ := strings.Cut(last(newest), "=")
		date = strings.TrimPrefix(date+"-"+digits, "-")
		at = newest + next
	}
	if validDate(date) {
		l.delivered(date)
	}
	return nil
}

// search looks for deliveries further down, behind a sample that has none.
func (l *look) search(ctx context.Context) error {
	level := []string{""}
	for depth, steps := 0, 0; depth <= surveyDepth && len(level) > 0 && len(l.roots) == 0; depth++ {
		var below []string
		for _, at := range level {
			if steps++; steps > surveySteps {
				return nil
			}
			folders, err := l.some(ctx, at)
			if err != nil {
				return err
			}
			for _, f := range folders {
				_, dated := dateOf(f)
				_, workspace := workspaceOf(f)
				switch name := last(f); {
				case dated, workspace, name == resourceFolder:
					l.roots[at] = true
				case !hidden(name):
					below = append(below, f)
				}
			}
		}
		level = below
	}
	roots := slices.Sorted(maps.Keys(l.roots))
	for _, root := range roots[:min(len(roots), surveyRoots)] {
		if err := l.native(ctx, root); err != nil {
			return err
		}
	}
	return nil
}
