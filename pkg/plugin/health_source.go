package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/auditlake/auditlake/pkg/etl/landing"
	"github.com/auditlake/auditlake/pkg/store"
)

// sample is what the first keys of a source are.
type sample struct {
	keys, delivered, foreign int
	first                    string   // key of a delivered file
	examples                 []string // some foreign keys
}

// look lists up to healthKeys keys.
func look(ctx context.Context, s store.Store) (found sample, err error) {
	const maxExamples = 3
	for o, err := range s.List(ctx, "", "") {
		if err != nil {
			return sample{}, err
		}
		found.keys++
		switch _, _, _, ignored, ok := landing.ParseKey(o.Key); {
		case ok:
			if found.delivered++; found.first == "" {
				found.first = o.Key
			}
		case !ignored:
			if found.foreign++; len(found.examples) < maxExamples {
				found.examples = append(found.examples, o.Key)
			}
		}
		if found.keys == healthKeys {
			break
		}
	}
	return found, nil
}

// checkSource lists a first page and reads the beginning of a delivered file.
func (c checkup) checkSource(ctx context.Context, s store.Store) (f finding, err error) {
	found, err := look(ctx, s)
	switch {
	case err != nil:
		return finding{}, err
	case found.keys == 0:
		return finding{text: "can be listed, and nothing has been delivered to it yet"}, nil
	case found.delivered == 0:
		return finding{text: "can be listed", warnings: []string{fmt.Sprintf("has no delivered file among its first %d objects (workspaceId=…/date=…/….json): "+
			"check that the path is the delivery prefix of Databricks", found.keys)}}, nil
	}
	if err := readByte(ctx, s, found.first); err != nil {
		return finding{}, err
	}
	f.text = "can be listed and read"
	if found.foreign > 0 && c.totals {
		f.warnings = append(f.warnings, fmt.Sprintf("has other objects among the delivered files, %d of the first %d, such as %s: the ETL leaves them out",
			found.foreign, found.keys, strings.Join(found.examples, ", ")))
	}
	return f, nil
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
