package history

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/etl/event"
	"github.com/auditlake/auditlake/pkg/etl/strictjson"
)

// line is what a row becomes.
type line struct {
	data      []byte // without a line end; valid until the next
	workspace string // a number, or ""
	millis    int64  // since 1970 UTC, if timed
	timed     bool
	broken    bool // the row is no JSON object; data is the row
}

// date is the day of the folder: 1970-01-01 where no other is known.
func (l line) date() string {
	at := time.UnixMilli(0)
	if l.timed {
		if t := time.UnixMilli(l.millis); t.UTC().Year() >= 1 && t.UTC().Year() <= 9999 {
			at = t
		}
	}
	return at.UTC().Format(time.DateOnly)
}

// Members of a delivered event, in the order in which lines have them.
const (
	mVersion = iota
	mAuditLevel
	mTimestamp
	mOrgID
	mShardName
	mAccountID
	mWorkspaceID
	mSourceIPAddress
	mUserAgent
	mSessionID
	mUserIdentity
	mServiceName
	mActionName
	mRequestID
	mEventID
	mRequestParams
	mResponse
	mIdentityMetadata
	numMembers
)

// members are their delivered names, and the columns that have them, the best first: of
// the deliveries, of system.access.audit, of the article's tables. Letter case makes
// no difference.
var members = [numMembers]struct {
	name    string
	columns []string
}{
	mVersion:          {"version", []string{"version"}},
	mAuditLevel:       {"auditLevel", []string{"auditLevel", "audit_level"}},
	mTimestamp:        {"timestamp", []string{"timestamp", "event_time", "eventTime", "date_time"}},
	mOrgID:            {"orgId", []string{"orgId", "org_id"}},
	mShardName:        {"shardName", []string{"shardName", "shard_name"}},
	mAccountID:        {"accountId", []string{"accountId", "account_id"}},
	mWorkspaceID:      {"workspaceId", []string{"workspaceId", "workspace_id"}},
	mSourceIPAddress:  {"sourceIPAddress", []string{"sourceIPAddress", "source_ip_address"}},
	mUserAgent:        {"userAgent", []string{"userAgent", "user_agent"}},
	mSessionID:        {"sessionId", []string{"sessionId", "session_id"}},
	mUserIdentity:     {"userIdentity", []string{"userIdentity", "user_identity"}},
	mServiceName:      {"serviceName", []string{"serviceName", "service_name"}},
	mActionName:       {"actionName", []string{"actionName", "action_name"}},
	mRequestID:        {"requestId", []string{"requestId", "request_id"}},
	mEventID:          {"eventId", []string{"eventId", "event_id"}},
	mRequestParams:    {"requestParams", []string{"requestParams", "request_params", "flattened"}},
	mResponse:         {"response", []string{"response"}},
	mIdentityMetadata: {"identityMetadata", []string{"identityMetadata", "identity_metadata"}},
}

// nested are the delivered names of members of userIdentity, response and
// identityMetadata.
var nested = map[string]string{
	"subject_name": "subjectName", "status_code": "statusCode", "error_message": "errorMessage",
	"run_by": "runBy", "run_as": "runAs", "acting_resource": "actingResource",
}

// Columns that are no member of an event.
const (
	unknownColumn = -1 - iota
	derivedColumn // from the time, in any of the tables
	ownColumn     // of a silver table of Auditlake: derived, or where a line came from
	extraColumn   // of such a table: members that have no column
	emailColumn   // of userIdentity
	subjectColumn
)

var otherColumns = map[string]int{
	"date": derivedColumn, "event_date": derivedColumn,
	"actor": ownColumn, "outcome": ownColumn, "eventkey": ownColumn, "sourcefile": ownColumn, "fileid": ownColumn,
	"linenumber": ownColumn, "ingestedat": ownColumn, "eventindex": ownColumn, "eventcount": ownColumn,
	"extra": extraColumn, "email": emailColumn, "subjectname": subjectColumn,
}

// use is what a column is for: a member, with its place among those for it, or one of the
// columns above.
type use struct{ member, place int }

func useOf(column string) use {
	for m := range members {
		for place, c := range members[m].columns {
			if strings.EqualFold(c, column) {
				return use{m, place}
			}
		}
	}
	if other, ok := otherColumns[strings.ToLower(column)]; ok {
		return use{other, 0}
	}
	return use{unknownColumn, 0}
}

// pair is a member as it goes into a line.
type pair struct {
	key   []byte
	value strictjson.Value
}

const (
	// maxUses bounds what is remembered of names: they may be anything.
	maxUses  = 4096
	maxExtra = 100
)

// liner makes lines of rows. It keeps its buffers from row to row.
type liner struct {
	cleanser *event.Cleanser
	rowJSON  strictjson.Parser
	extra    strictjson.Parser
	text     strictjson.Parser
	uses     map[string]use
	extras   []string // names that lines do not have, for the report

	slots          [numMembers]strictjson.Value
	places         [numMembers]int
	whole          [numMembers]bool // the value is as delivered
	email, subject strictjson.Value
	spread         strictjson.Value // the column extra
	rest           []pair
	own            []pair
	buf            []byte
}

func newLiner() *liner {
	return &liner{cleanser: event.NewCleanser(), uses: map[string]use{}}
}

func (l *liner) use(key []byte) use {
	if u, ok := l.uses[string(key)]; ok {
		return u
	}
	u := useOf(string(key))
	if len(l.uses) < maxUses {
		l.uses[string(key)] = u
	}
	return u
}

// line makes the line of a row: a JSON object of columns by name, those that are null
// left out or null.
func (l *liner) line(row []byte) line {
	v, reason := l.cleanser.Parse(&l.rowJSON, row)
	if reason != "" || !v.IsObject() {
		return line{data: row, broken: true}
	}
	l.sort(v)
	out := line{}
	stamp, finer := l.time(&out)
	out.workspace = l.workspace()
	out.data = l.write(stamp, finer)
	return out
}

// sort deals the columns of a row.
func (l *liner) sort(row strictjson.Value) {
	l.slots, l.whole = [numMembers]strictjson.Value{}, [numMembers]bool{}
	l.email, l.subject, l.spread = strictjson.Value{}, strictjson.Value{}, strictjson.Value{}
	l.rest, l.own = l.rest[:0], l.own[:0]
	for v := row.First(); !v.None(); v = v.Next() {
		if v.IsNull() {
			continue
		}
		key := v.Key()
		switch u := l.use(key); u.member {
		case unknownColumn:
			l.rest = append(l.rest, pair{key, v})
		case derivedColumn:
		case ownColumn:
			l.own = append(l.own, pair{key, v})
		case extraColumn:
			l.own = append(l.own, pair{key, v})
			l.spread = v
		case emailColumn:
			l.email = v
		case subjectColumn:
			l.subject = v
		default:
			l.set(u, key, v)
		}
	}
	if !l.isOwn() {
		l.rest = append(l.rest, l.own...)
		l.spread = strictjson.Value{}
	}
	if !l.spread.None() {
		l.spreadExtra()
	}
	for _, p := range l.rest {
		if name := string(p.key); len(l.extras) < maxExtra && !slices.Contains(l.extras, name) {
			l.extras = append(l.extras, name)
		}
	}
}

// set gives a member its value, or keeps what a worse column has beside it. What another
// column says of the time is derived from it.
func (l *liner) set(u use, key []byte, v strictjson.Value) {
	switch have := l.slots[u.member]; {
	case have.None():
	case u.place < l.places[u.member]:
		l.lose(u.member, []byte(members[u.member].columns[l.places[u.member]]), have, v)
	default:
		l.lose(u.member, key, v, have)
		return
	}
	l.slots[u.member], l.places[u.member] = v, u.place
}

func (l *liner) lose(member int, key []byte, v, winner strictjson.Value) {
	if member != mTimestamp && textOf(v) != textOf(winner) {
		l.rest = append(l.rest, pair{key, v})
	}
}

// textOf is the text of a string, or any other value as JSON.
func textOf(v strictjson.Value) string {
	if v.IsString() {
		return string(v.Text())
	}
	return string(v.Append(nil))
}

// isOwn says whether the row is of a silver table of Auditlake.
func (l *liner) isOwn() bool {
	has := func(name string) bool {
		return slices.ContainsFunc(l.own, func(p pair) bool { return strings.EqualFold(string(p.key), name) })
	}
	return has("eventKey") && has("fileId") && has("lineNumber")
}

// spreadExtra puts the members in the column extra back into the event. A member that is
// known is there as a whole, because its columns could not have all of it.
func (l *liner) spreadExtra() {
	text := l.spread
	if text.IsString() {
		v, reason := l.cleanser.Parse(&l.extra, text.Text())
		if reason == "" {
			text = v
		}
	}
	if !text.IsObject() {
		l.rest = append(l.rest, pair{[]byte("extra"), l.spread})
		return
	}
	for v := text.First(); !v.None(); v = v.Next() {
		l.spreadMember(v)
	}
}

func (l *liner) spreadMember(v strictjson.Value) {
	key := v.Key()
	for m := range members {
		if members[m].name == string(key) && m != mEventID {
			if m == mWorkspaceID && !l.slots[m].None() {
				break // of the folder, which its own stands beside
			}
			l.slots[m], l.whole[m] = v, true
			return
		}
	}
	l.rest = append(l.rest, pair{key, v})
}

// workspace is the id of the folder. What is no number stays in the line alone.
func (l *liner) workspace() string {
	v := l.slots[mWorkspaceID]
	if v.None() {
		return ""
	}
	n, err := strconv.ParseInt(textOf(v), 10, 64)
	if err != nil || n < 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// time finds when the event was. stamp is the value of timestamp, nil for none; finer is
// the time as the row has it where it is finer than milliseconds.
func (l *liner) time(out *line) (stamp []byte, finer strictjson.Value) {
	v := l.slots[mTimestamp]
	if v.None() {
		for _, p := range l.rest { // Azure's envelope
			if string(p.key) == "time" && p.value.IsString() {
				if at, ok := parseTime(string(p.value.Text())); ok {
					out.millis, out.timed = at.UnixMilli(), true
				}
			}
		}
		return nil, finer
	}
	text := textOf(v)
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		out.millis, out.timed = n, true
		return v.Append(nil), finer
	}
	at, ok := parseTime(text)
	if !ok {
		return v.Append(nil), finer
	}
	out.millis, out.timed = at.UnixMilli(), true
	if at.Nanosecond()%int(time.Millisecond) != 0 {
		finer = v
	}
	return strconv.AppendInt(nil, out.millis, 10), finer
}

// timeLayouts are how Spark, Databricks SQL and pandas write a time. One without a zone is
// UTC. Each also takes fractions of a second.
var timeLayouts = []string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05",
	"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05", "2006-01-02 15:04:05 MST",
}

func parseTime(text string) (time.Time, bool) {
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, text); err == nil && (!strings.HasSuffix(layout, "MST") || strings.HasSuffix(text, " UTC")) {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// write is the line. It is valid until the next.
func (l *liner) write(stamp []byte, finer strictjson.Value) []byte {
	l.buf = append(l.buf[:0], '{')
	for m := range members {
		v := l.slots[m]
		if m == mUserIdentity && v.None() && (!l.email.None() || !l.subject.None()) {
			l.name(members[m].name)
			l.writeIdentity()
			continue
		}
		if v.None() {
			continue
		}
		l.name(members[m].name)
		switch {
		case m == mTimestamp:
			l.buf = append(l.buf, stamp...)
		case l.whole[m]:
			l.buf = v.Append(l.buf)
		case m == mRequestParams:
			l.writeObject(v, nil)
		case m == mUserIdentity, m == mResponse, m == mIdentityMetadata:
			l.writeObject(v, nested)
		default:
			l.buf = v.Append(l.buf)
		}
	}
	if !l.slots[mUserIdentity].None() && !l.whole[mUserIdentity] {
		l.writeBeside("email", l.email)
		l.writeBeside("subjectName", l.subject)
	}
	if !finer.None() {
		l.rest = append(l.rest, pair{[]byte("event_time"), finer})
	}
	for _, p := range l.rest {
		l.name(string(p.key))
		l.buf = p.value.Append(l.buf)
	}
	l.buf = append(l.buf, '}')
	return l.buf
}

func (l *liner) name(name string) {
	if len(l.buf) > 1 {
		l.buf = append(l.buf, ',')
	}
	l.buf = append(strictjson.AppendString(l.buf, []byte(name)), ':')
}

func (l *liner) writeIdentity() {
	l.buf = append(l.buf, '{')
	for i, v := range []strictjson.Value{l.email, l.subject} {
		if v.None() {
			continue
		}
		if l.buf[len(l.buf)-1] != '{' {
			l.buf = append(l.buf, ',')
		}
		l.buf = append(l.buf, [...]string{`"email":`, `"subjectName":`}[i]...)
		l.buf = v.Append(l.buf)
	}
	l.buf = append(l.buf, '}')
}

// writeBeside keeps a column that says another thing than userIdentity does.
func (l *liner) writeBeside(name string, v strictjson.Value) {
	if v.None() {
		return
	}
	if in := l.slots[mUserIdentity].Get(name); !in.None() && bytes.Equal(in.Append(nil), v.Append(nil)) {
		return
	}
	l.rest = append(l.rest, pair{[]byte(name), v})
}

// writeObject writes an object, or the object that a text is, with the delivered names
// for some members, or for nil without members that are null. Anything else is written
// as it is.
func (l *liner) writeObject(v strictjson.Value, names map[string]string) {
	obj := v
	if v.IsString() {
		if in, reason := l.cleanser.Parse(&l.text, v.Text()); reason == "" && in.IsObject() {
			obj = in
		}
	}
	if !obj.IsObject() {
		l.buf = v.Append(l.buf)
		return
	}
	l.buf = append(l.buf, '{')
	for v := obj.First(); !v.None(); v = v.Next() {
		if v.IsNull() && names == nil {
			continue
		}
		if l.buf[len(l.buf)-1] != '{' {
			l.buf = append(l.buf, ',')
		}
		key := v.Key()
		if delivered, ok := names[string(key)]; ok {
			key = []byte(delivered)
		}
		l.buf = append(strictjson.AppendString(l.buf, key), ':')
		l.buf = v.Append(l.buf)
	}
	l.buf = append(l.buf, '}')
}
