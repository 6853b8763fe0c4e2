package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/auditlake/auditlake/pkg/etl/landing"
	"github.com/auditlake/auditlake/pkg/store"
)

func (c checkup) checkSource(ctx context.Context, at Location, s store.Store) (finding, error) {
	_, f, err := c.survey(ctx, at, s)
	return f, err
}

// survey looks around and reads the beginning of a delivered file.
func (c checkup) survey(ctx context.Context, at Location, s store.Store) (found landing.Survey, _ finding, err error) {
	if found, err = landing.Look(ctx, s); err != nil {
		return found, finding{}, err
	}
	if found.Delivery != "" {
		if err := readByte(ctx, s, found.Delivery); err != nil {
			return found, finding{}, err
		}
	}
	return found, c.tell(at, found), nil
}

// tell says what is in a source, and to whom the totals are told, of whom and when.
func (c checkup) tell(at Location, found landing.Survey) (f finding) {
	switch {
	case found.Keys == 0:
		f.text = "can be listed, and nothing has been delivered to it yet"
		f.warnings = append(f.warnings, "is empty: check the path, and that Databricks has an audit log delivery to it")
		return f
	case len(found.Roots) == 0:
		f.text = "can be listed"
		f.warnings = append(f.warnings, fmt.Sprintf("has no delivered file among its first %d objects (workspaceId=…/date=…/….json): "+
			"check that the path is the delivery prefix of Databricks", found.Keys))
		return f
	case found.Delivery == "":
		f.text = "can be listed" // and what is further down was not read
	default:
		f.text = "can be listed and read"
	}
	if !c.totals {
		return f
	}
	f.until = found.LastDate
	if n := len(found.Workspaces); n > 0 {
		f.text += ", and has deliveries of " + counted(n, "workspace")
	} else {
		f.text += ", and has deliveries"
	}
	if found.FirstDate != "" {
		f.text += fmt.Sprintf(" from %s until %s", found.FirstDate, found.LastDate)
	}
	if below := suggested(at, found); len(below) > 0 && found.Foreign > 0 {
		f.warnings = append(f.warnings, fmt.Sprintf("has its deliveries further down: write %s, so that runs list nothing else", strings.Join(below, " and ")))
	} else if found.Foreign > 0 {
		f.warnings = append(f.warnings, fmt.Sprintf("has other objects among the delivered files, %d of the first %d, such as %s: the ETL leaves them out",
			found.Foreign, found.Keys, strings.Join(found.Examples, ", ")))
	}
	return f
}

// counted is a number of things.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// mostSuggested bounds what is offered in the place of a source.
const mostSuggested = 3

// suggested are the places within a source, as the settings would write them, where
// its deliveries begin; none if that is the source itself.
func suggested(at Location, found landing.Survey) (out []string) {
	if len(found.Roots) > mostSuggested || slices.Contains(found.Roots, "") {
		return nil
	}
	for _, root := range found.Roots {
		out = append(out, at.below(root))
	}
	return out
}

// readByte reads as little of an object as shows that it can be read.
func readByte(ctx context.Context, s store.Store, key string) (err error) {
	body, _, err := s.Get(ctx, key, "", 0, 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	_, err = io.Copy(io.Discard, body)
	return err
}
