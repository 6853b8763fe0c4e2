package history

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/auditlake/auditlake/pkg/store"
)

const (
	planKey = "_import.json"
	doneKey = "_done.json"

	// rules is the version of what makes lines of rows and objects of lines. It grows
	// when an input would become other objects than before.
	rules = 1
)

// plan is all that decides what objects an import writes, beside the input's rows.
type plan struct {
	Rules      int    `json:"rules"`
	Input      string `json:"input"`
	Version    int64  `json:"version"` // of a table
	RoundBytes int    `json:"roundBytes"`
	Cut        Cut    `json:"cut"`
	Files      []file `json:"files"`

	begun bool // it lies in the place for the import
}

// loadPlan is the plan of the import that was begun in out, or else a new one.
func loadPlan(ctx context.Context, in Input, out store.Store, o Options) (*plan, error) {
	body, _, err := store.ReadAll(ctx, out, planKey)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return newPlan(ctx, in, out, o)
	case err != nil:
		return nil, err
	}
	p := plan{begun: true}
	if err := json.Unmarshal(body, &p); err != nil {
		return nil, fmt.Errorf("%w: %s in %s: %w: import into an empty place", ErrOther, planKey, out, err)
	}
	switch {
	case p.Rules != rules:
		return nil, fmt.Errorf("%w: the import in %s was begun by a version of Auditlake with rules %d, this one has %d: "+
			"finish it with that version, or import into an empty place", ErrOther, out, p.Rules, rules)
	case p.Input != in.name():
		return nil, fmt.Errorf("%w: %s is for the import of %s, not of %s: each import needs a place of its own", ErrOther, out, p.Input, in.name())
	case o.Cut != nil && !o.Cut.fromLake && !o.Cut.equal(p.Cut):
		return nil, fmt.Errorf("%w: the import in %s was begun with events %s, not %s: go on with that, or import into an empty place",
			ErrOther, out, p.Cut, *o.Cut)
	}
	return &p, nil
}

func newPlan(ctx context.Context, in Input, out store.Store, o Options) (*plan, error) {
	if o.Cut == nil {
		return nil, ErrNoCut
	}
	for obj, err := range out.List(ctx, "", "") {
		if err != nil {
			if errors.Is(err, store.ErrNotFound) {
				break
			}
			return nil, err
		}
		return nil, fmt.Errorf("%w: %s has %s, and no import was begun there: import into an empty place", ErrOther, out, obj.Key)
	}
	version, files, err := in.list(ctx)
	if err != nil {
		return nil, err
	}
	p := &plan{Rules: rules, Input: in.name(), Version: version, RoundBytes: o.RoundBytes, Cut: *o.Cut, Files: files}
	if p.RoundBytes <= 0 {
		p.RoundBytes = DefaultRoundBytes
	}
	return p, nil
}

// save writes the plan before the first object. Of two imports that begin at once one
// finds the other's plan, and goes on only if it is the same.
func (p *plan) save(ctx context.Context, out store.Store) error {
	if p.begun {
		return nil
	}
	body, err := json.MarshalIndent(p, "", " ")
	if err != nil {
		return err
	}
	err = out.PutIfAbsent(ctx, planKey, append(body, '\n'))
	if errors.Is(err, store.ErrExists) {
		return fmt.Errorf("%w: another import began in %s just now: run this one again when that is done", ErrOther, out)
	}
	return err
}

// hash tells the objects of this import from all others'.
func (p *plan) hash() string {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%s\n%d\n", p.Input, p.Version)
	return hex.EncodeToString(h.Sum(nil)[:6])
}

func loadDone(ctx context.Context, out store.Store) (*Report, error) {
	body, _, err := store.ReadAll(ctx, out, doneKey)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var r Report
	if err := json.Unmarshal(body, &r); err != nil {
		return nil, fmt.Errorf("%s in %s: %w: delete it and run again", doneKey, out, err)
	}
	r.Complete = true
	return &r, nil
}

func saveDone(ctx context.Context, out store.Store, r Report) error {
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetIndent("", " ")
	if err := enc.Encode(r); err != nil {
		return err
	}
	_, err := out.Put(ctx, doneKey, body.Bytes())
	return err
}
