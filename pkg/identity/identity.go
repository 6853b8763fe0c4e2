// Package identity is WHO IS USER 4711: the principals that events name by id, and
// what they are called.
//
//	silver --Learner--> facts --Merge--> Principals --Commit--> table identities
//	                                         ^
//	Databricks --scim.Client--> answers -----+
//
// A fact is what one event says of one principal, and itself a [Principal]: [Facts]
// gives them, and [Merge] joins any two of one id. Merging is commutative,
// associative and idempotent, so that facts may come in any order, in any cut, and
// any number of times: whatever a crash repeats, the table becomes the same.
//
// # What teaches what
//
// An id is the decimal number that Databricks calls a principal by. Every event that
// has one of these parameters tells that the principal was seen, on that day, in
// that workspace:
//
//	targetUserId, targetGroupId, userId, user_id, clusterOwnerUserId, tokenCreatedBy
//
// What the principal is called is told by few. Where two disagree, the better
// evidence wins, and among equals the later one:
//
//	evidence  events                              id                name
//	target    accounts.*                          targetUserId      targetUserName
//	          accounts.*                          targetGroupId     targetGroupName
//	request   accounts.IpAccessDenied             userId            user
//	actor     accounts.generateDbToken            tokenCreatedBy    userIdentity.email
//	          accounts.{create,update,delete}-
//	          IpAccessList                        userId            userIdentity.email
//	          clusters.create, interactive        user_id           userIdentity.email
//
// Of target and actor only requests count that were not refused: what is asked for
// need not be so. What Databricks answers itself, asked over SCIM, is better evidence
// than all events; it is asked again after a while. The user_id of a job's cluster is that of the job's creator, whoever else is in
// userIdentity, so it teaches no name.
//
// A name with an @ is the email of a user. A UUID is the application id of a service
// principal. Anything else, such as System-User or unknown, is nobody's name.
//
// # The table
//
// One row is one principal, by id. It is small and rewritten whole, in one commit,
// and only if a row changes; days are what it knows of time, so that is seldom. The
// names of jobs and clusters are not in it: they are found in gold when they are
// asked for.
package identity

import (
	"cmp"
	"slices"
)

// Kind is what a principal is; empty where it is not known.
type Kind string

// The kinds.
const (
	User             Kind = "user"
	ServicePrincipal Kind = "service_principal"
	Group            Kind = "group"
)

// Evidence is how the name of a principal is known; empty where it is not.
type Evidence string

// The kinds of evidence, the best first.
const (
	SCIM    Evidence = "scim"    // Databricks was asked
	Target  Evidence = "target"  // an event that is about the principal
	Request Evidence = "request" // an event whose parameters have id and name
	Actor   Evidence = "actor"   // an event that has the id of who did it
)

func (e Evidence) rank() int {
	switch e {
	case SCIM:
		return 4
	case Target:
		return 3
	case Request:
		return 2
	case Actor:
		return 1
	}
	return 0
}

// Principal is what is known of one principal.
type Principal struct {
	ID            string // decimal
	Kind          Kind
	Email         string // of a user
	ApplicationID string // of a service principal: a UUID in lower case
	DisplayName   string // of a group; of others only SCIM has it

	// Workspaces are where events named the id, ascending; 0 is the account.
	Workspaces []int64
	// FirstSeen and LastSeen are the first and last day of an event that named it,
	// in days since 1970; both are NoDay if none did.
	FirstSeen, LastSeen int64

	Evidence Evidence
	// NamedAt is the time of the event or answer that taught the name, CheckedAt
	// when SCIM last answered, also that it knows nobody, and UpdatedAt when the row
	// last changed: microseconds since 1970, 0 for never.
	NamedAt, CheckedAt, UpdatedAt int64
}

// NoDay is no day.
const NoDay int64 = -1 << 62

// Known says that the principal has a name.
func (p Principal) Known() bool { return p.Evidence != "" }

// Name is what to call the principal; empty if that is not known.
func (p Principal) Name() string {
	if p.Kind == User {
		return cmp.Or(p.Email, p.DisplayName)
	}
	return cmp.Or(p.DisplayName, p.Email, p.ApplicationID)
}

// Merge is all that two say of the principal they have in common.
func Merge(a, b Principal) Principal {
	if compareNames(a, b) < 0 {
		a, b = b, a
	}
	out := a // it has the name
	out.CheckedAt = max(a.CheckedAt, b.CheckedAt)
	out.UpdatedAt = max(a.UpdatedAt, b.UpdatedAt)
	out.Workspaces = union(a.Workspaces, b.Workspaces)
	out.LastSeen = max(a.LastSeen, b.LastSeen)
	switch {
	case a.FirstSeen == NoDay:
		out.FirstSeen = b.FirstSeen
	case b.FirstSeen != NoDay:
		out.FirstSeen = min(a.FirstSeen, b.FirstSeen)
	}
	return out
}

// compareNames says whose name counts: a total order of all that names consist of.
func compareNames(a, b Principal) int {
	return cmp.Or(
		cmp.Compare(a.Evidence.rank(), b.Evidence.rank()),
		cmp.Compare(a.NamedAt, b.NamedAt),
		cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(a.Email, b.Email),
		cmp.Compare(a.ApplicationID, b.ApplicationID),
		cmp.Compare(a.DisplayName, b.DisplayName),
	)
}

func union(a, b []int64) []int64 {
	if len(b) == 0 {
		return a
	}
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}

// same says that nothing differs that counts as a change.
func same(a, b Principal) bool {
	return slices.Equal(a.Workspaces, b.Workspaces) && compareNames(a, b) == 0 &&
		a.ID == b.ID && a.FirstSeen == b.FirstSeen && a.LastSeen == b.LastSeen && a.CheckedAt == b.CheckedAt
}

// Principals are principals by id.
type Principals map[string]Principal

// Add merges a principal into the others and reports whether that says more than
// was known.
func (ps Principals) Add(p Principal) bool {
	old, ok := ps[p.ID]
	if !ok {
		ps[p.ID] = p
		return true
	}
	merged := Merge(old, p)
	if same(merged, old) {
		return false
	}
	ps[p.ID] = merged
	return true
}
