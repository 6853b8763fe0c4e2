// Package etl is THE WRITE SIDE: delivered audit logs become bronze, silver and
// gold tables of a lake.
//
//	source --land--> bronze --cleanse--> silver --refine--> gold/<service>
//	                               \--> quarantine
//
//	land     new and changed files, line by line; the landing state is part of
//	         the commit that brings the rows
//	cleanse  follows bronze by Delta version: a line becomes an event or says why not
//	refine   follows silver by Delta version: an event becomes a row of its
//	         service's table
//
// Runner runs these. What keeps a lake in shape stands beside it:
//
//	Maintain  what is due after a run, of the three below and log clean-up
//	Optimize  merges small files
//	Retain    removes rows that are too old, and accounts for them
//	Vacuum    deletes objects that nothing needs
//	Replay    rebuilds a table from the one below
//	Verify    proves that nothing is missing
//
// Invariants:
//
//   - Every delivered line is in bronze exactly once, however often its file is
//     overwritten, runs are killed or run side by side.
//   - bronze = silver + quarantine, silver = sum of gold, row by row, with the
//     account of what retention removed; Verify proves it from the lake alone.
//   - A crash between any two calls of the store leaves unused objects at worst.
//   - Progress is kept only in what a commit says: the landing state in bronze's
//     metadata, transaction versions in silver and gold. All else is a hint.
package etl

import "errors"

// ErrNewerRules says that a newer binary has written the lake by rules that this
// one does not have. Nothing was written.
var ErrNewerRules = errors.New("the lake was written by a newer version of auditlake")

// ErrRewritten says that someone else wrote rows of a layer anew, so that the
// layer above cannot tell which of them are new. Nothing was written.
var ErrRewritten = errors.New("rows were rewritten by another program")
