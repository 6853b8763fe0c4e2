package delta

import (
	"fmt"
	"slices"
)

// claim is what a transaction relies on, in the form in which the rules ask for it.
type claim struct {
	base        *Snapshot       // nil: the transaction creates the table
	txn         *Txn            // may be nil
	touches     map[string]bool // paths it removes or has read
	readsTable  bool
	newMetadata bool
	rearranges  bool // only moves rows between files
	informs     bool // changes nothing, as the notes of a vacuum
}

func claimOf(tx *Tx) claim {
	c := claim{
		base: tx.Base, txn: tx.Txn, touches: map[string]bool{}, readsTable: tx.ReadsTable,
		newMetadata: tx.Metadata != nil, rearranges: rearranges(tx.Adds, tx.Removes),
		informs: tx.Base != nil && tx.Metadata == nil && tx.Txn == nil && len(tx.Adds)+len(tx.Removes) == 0,
	}
	for i := range tx.Removes {
		c.touches[tx.Removes[i].Path] = true
	}
	for _, p := range tx.Reads {
		c.touches[p] = true
	}
	return c
}

// conflictRules decide whether a transaction may be committed after a commit
// that its base does not have. They are asked in order; the first that objects
// decides. Appends conflict with nothing that is not listed (delta-io/delta,
// ConflictChecker.scala).
var conflictRules = []struct {
	name   string
	object func(mine claim, winner *Commit) error
}{
	{"transaction of my application", func(mine claim, winner *Commit) error {
		if mine.txn == nil {
			return nil
		}
		for _, t := range winner.Txns {
			if t.AppID != mine.txn.AppID {
				continue
			}
			if t.Version >= mine.txn.Version {
				return fmt.Errorf("%w: %s is at %d", ErrAlreadyCommitted, t.AppID, t.Version)
			}
			return fmt.Errorf("%w: %s is at %d", ErrTxnConflict, t.AppID, t.Version)
		}
		return nil
	}},
	{"table created", func(mine claim, _ *Commit) error {
		if mine.base == nil {
			return ErrTableExists
		}
		return nil
	}},
	{"protocol changed", func(mine claim, winner *Commit) error {
		if winner.Protocol == nil {
			return nil
		}
		m := mine.base.metadata
		if winner.Metadata != nil {
			m = winner.Metadata
		}
		for _, gate := range []func(Protocol, *Metadata) error{readGate, writeGate} {
			if err := gate(*winner.Protocol, m); err != nil {
				return fmt.Errorf("%w: %w", ErrProtocolChanged, err)
			}
		}
		return nil
	}},
	{"metadata changed", func(mine claim, winner *Commit) error {
		if winner.Metadata == nil || mine.informs {
			return nil
		}
		if mine.rearranges && !mine.newMetadata && sameShape(mine.base.metadata, winner.Metadata) {
			return nil
		}
		return ErrMetadataChanged
	}},
	{"file removed", func(mine claim, winner *Commit) error {
		for i := range winner.Removes {
			if p := winner.Removes[i].Path; mine.touches[p] {
				return fmt.Errorf("%w: %s", ErrConcurrentDelete, p)
			}
		}
		return nil
	}},
	{"rows changed that I read", func(mine claim, winner *Commit) error {
		if !mine.readsTable || winner.Rearranges() || len(winner.Adds)+len(winner.Removes) == 0 {
			return nil
		}
		if len(winner.Adds) == 0 {
			return ErrConcurrentDelete
		}
		return ErrConcurrentAppend
	}},
}

// conflict says why mine may not follow winner, or nil.
func conflict(mine claim, winner *Commit) error {
	for _, rule := range conflictRules {
		if err := rule.object(mine, winner); err != nil {
			return fmt.Errorf("version %d: %w", winner.Version, err)
		}
	}
	return nil
}

// sameShape reports whether two descriptions of a table differ in nothing that
// a data file depends on.
func sameShape(a, b *Metadata) bool {
	return a.ID == b.ID && a.Schema.Equal(b.Schema) && slices.Equal(a.PartitionColumns, b.PartitionColumns)
}
