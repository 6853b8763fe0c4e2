package plugin

import (
	"context"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/etl/landing"
)

// sourcesInfo is what the sources of the stored settings hold, and what of it is in
// the lake.
type sourcesInfo struct {
	Sources []sourceInfo `json:"sources"`
	// Landed is over all sources; null where the lake cannot say.
	Landed *etl.Landed `json:"landed"`
}

// sourceInfo is one source at a first look.
type sourceInfo struct {
	URL      string   `json:"url"` // as the settings write it
	OK       bool     `json:"ok"`
	Message  string   `json:"message"` // sentences: what is there, or what to do
	Warnings []string `json:"warnings"`

	Workspaces []string `json:"workspaces"` // the first mostWorkspaces
	// FirstDate and LastDate are of delivery, "" if nothing is delivered.
	FirstDate string `json:"firstDate"`
	LastDate  string `json:"lastDate"`

	// Files and Bytes are deliveries among the first Keys objects, Unrecognised no
	// deliveries; Complete says that these are all objects.
	Keys         int      `json:"keys"`
	Files        int      `json:"files"`
	Bytes        int64    `json:"bytes"`
	Unrecognised int      `json:"unrecognised"`
	Examples     []string `json:"examples"`
	Complete     bool     `json:"complete"`

	// Suggestions are URLs within the source where the deliveries begin, if that is
	// not the source itself.
	Suggestions []string `json:"suggestions"`
}

// mostWorkspaces bounds the answer.
const mostWorkspaces = 1000

// lookAtSources surveys the sources. It takes no place from who asks: what it
// lists lies within the sources that are configured.
func (d *Datasource) lookAtSources(ctx context.Context, _ request) (any, error) {
	if d.settingsErr != nil {
		return nil, d.settingsErr
	}
	out := sourcesInfo{Sources: make([]sourceInfo, len(d.sources))}
	var group errgroup.Group
	group.SetLimit(healthParallel)
	for i := range d.sources {
		group.Go(func() error {
			out.Sources[i] = d.lookAt(ctx, i)
			return nil
		})
	}
	_ = group.Wait() // none gives an error
	if landed, err := etl.ReadLanded(ctx, d.lake); err == nil {
		out.Landed = landed
	}
	return out, nil
}

func (d *Datasource) lookAt(ctx context.Context, i int) (out sourceInfo) {
	ctx, cancel := context.WithTimeoutCause(ctx, healthTimeout, errSlow)
	defer cancel()
	at := d.settings.Sources[i]
	out = sourceInfo{URL: at.text, Warnings: []string{}, Workspaces: []string{}, Examples: []string{}, Suggestions: []string{}}
	var found landing.Survey
	f, err := guarded(ctx, func(ctx context.Context) (f finding, err error) {
		found, f, err = checkup{d, true}.survey(ctx, at, d.sources[i])
		return f, err
	})
	if err != nil {
		_, text := d.fail(ctx, cause(ctx, err))
		out.Message = sentence(text)
		return out
	}
	out.OK, out.Message = true, sentence("It "+f.text)
	for _, w := range f.warnings {
		out.Warnings = append(out.Warnings, sentence("It "+w))
	}
	for _, id := range found.Workspaces[:min(len(found.Workspaces), mostWorkspaces)] {
		out.Workspaces = append(out.Workspaces, strconv.FormatInt(id, 10))
	}
	out.FirstDate, out.LastDate = found.FirstDate, found.LastDate
	out.Keys, out.Files, out.Bytes, out.Complete = found.Keys, found.Files, found.Bytes, found.Whole
	out.Unrecognised = found.Foreign
	out.Examples = append(out.Examples, found.Examples...)
	out.Suggestions = append(out.Suggestions, suggested(at, found)...)
	return out
}
