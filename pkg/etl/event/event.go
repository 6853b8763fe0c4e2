// Package event turns one delivered audit-log line into one silver row, or says
// why it cannot be one.
//
// The delivered format is documented only in part, so the rules are tolerant and
// lossless: a field that is not known, or is known with another type, goes to
// the column extra as JSON; no number passes through a float; a line that is not
// strict JSON in valid UTF-8, or has no believable time, is refused with a
// Reason and belongs in quarantine.
//
//	line --> Wrapped --> records --> Cleanser.Append --> a row of Schema
//	    \--------- one event --------/             \--> Reason
//
// An event is delivered as an object of its own, or in the envelope of Azure's
// diagnostic logs; which of them is told by its members, line by line.
package event

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/etl/strictjson"
)

// Rules is the version of the cleansing rules in this package. It grows when a
// line would become a different row than before.
const Rules = 2

// Positions of silver's columns in Schema.
const (
	ColVersion = iota
	ColAuditLevel
	ColTimestamp
	ColOrgID
	ColWorkspaceID
	ColAccountID
	ColShardName
	ColSourceIPAddress
	ColUserAgent
	ColSessionID
	ColServiceName
	ColActionName
	ColRequestID
	ColEmail
	ColSubjectName
	ColActor
	ColDateTime
	ColDate
	ColRequestParams
	ColResponse
	ColOutcome
	ColIdentityMetadata
	ColExtra
	ColEventKey
	ColSourceFile
	ColFileID
	ColLineNumber
	ColIngestedAt
	ColEventIndex
	ColEventCount
)

// Schema is silver's columns: the delivered names, what is derived from them,
// and where the line came from. docs/format.md describes each.
func Schema() columnar.Schema {
	str, long := columnar.Of(columnar.String), columnar.Of(columnar.Long)
	return columnar.Schema{
		{Name: "version", Type: str},
		{Name: "auditLevel", Type: str},
		{Name: "timestamp", Type: long},
		{Name: "orgId", Type: str},
		{Name: "workspaceId", Type: long},
		{Name: "accountId", Type: str},
		{Name: "shardName", Type: str},
		{Name: "sourceIPAddress", Type: str},
		{Name: "userAgent", Type: str},
		{Name: "sessionId", Type: str},
		{Name: "serviceName", Type: str},
		{Name: "actionName", Type: str},
		{Name: "requestId", Type: str},
		{Name: "email", Type: str},
		{Name: "subjectName", Type: str},
		{Name: "actor", Type: str},
		{Name: "date_time", Type: columnar.Of(columnar.Timestamp)},
		{Name: "date", Type: columnar.Of(columnar.Date)},
		{Name: "requestParams", Type: columnar.MapOf(str, str)},
		{Name: "response", Type: columnar.StructOf(
			columnar.Field{Name: "statusCode", Type: long},
			columnar.Field{Name: "errorMessage", Type: str},
			columnar.Field{Name: "result", Type: str},
		)},
		{Name: "outcome", Type: str},
		{Name: "identityMetadata", Type: str},
		{Name: "extra", Type: str},
		{Name: "eventKey", Type: str},
		{Name: "sourceFile", Type: str},
		{Name: "fileId", Type: long},
		{Name: "lineNumber", Type: long},
		{Name: "ingestedAt", Type: columnar.Of(columnar.Timestamp)},
		{Name: "eventIndex", Type: long},
		{Name: "eventCount", Type: long},
	}
}

// codedColumns have few values in a page: each is looked up where the event is parsed,
// and by code from there on, in silver and in gold.
var codedColumns = [...]int{
	ColVersion, ColAuditLevel, ColOrgID, ColAccountID, ColShardName, ColSourceIPAddress, ColUserAgent,
	ColServiceName, ColActionName, ColEmail, ColActor, ColOutcome, ColSourceFile,
}

// NewBatch is a batch of Schema to append to.
func NewBatch() *columnar.Batch {
	b := columnar.NewBatch(Schema())
	for _, c := range codedColumns {
		b.Columns[c].Code()
	}
	b.Columns[ColRequestParams].Children[0].Code()
	return b
}

// Origin is where a line was delivered.
type Origin struct {
	SourceFile  []byte // key relative to the source
	FileID      int64
	LineNumber  int64 // from 1
	IngestedAt  int64 // microseconds since 1970 UTC
	WorkspaceID int64 // of the delivery folder; -1 if it names none
	// EventIndex is the place of a record in a line that wraps EventCount of them,
	// from 1; both are 0 where the line is the event.
	EventIndex, EventCount int64
}

// Reason says why a line is not an event. The empty Reason means that it is one.
type Reason string

// Class is the kind of a Reason: what is counted, where the words may differ from
// line to line.
type Class int

// The classes of reasons.
const (
	BrokenText Class = iota // not valid UTF-8
	NotAnEvent              // not JSON, nested too deep, or no object
	BadTime                 // no time, or none that can be believed
)

// Counts is what the cleansing noticed in the lines it accepted.
type Counts struct {
	DuplicateKeys   int64 // object keys given more than once; the last value won
	TruncatedParams int64 // events whose requestParams the sender cut short
}

// earliestMillis is the first moment an event may have, 2013-01-01: Databricks was
// founded in that year.
const earliestMillis = 1356998400000

// Skew is how far after the time of ingestion an event may lie.
const Skew = 48 * time.Hour

// Cleanser turns lines into rows. It keeps its buffers from line to line and is
// not safe for concurrent use.
type Cleanser struct {
	Counts Counts

	parser         strictjson.Parser
	inner          [3]strictjson.Parser // of JSON as text inside of an envelope
	told           strictjson.Parser    // has what an envelope tells in other words
	top            [numFields]strictjson.Value
	unknown        members
	outer          members // of an envelope
	params         members
	class          Class
	key            [16]byte
	buf, canonical []byte
}

// NewCleanser has seen no line yet.
func NewCleanser() *Cleanser { return &Cleanser{} }

// Class is that of the last Reason.
func (c *Cleanser) Class() Class { return c.class }

// Key is the eventKey of the last row, as bytes.
func (c *Cleanser) Key() [16]byte { return c.key }

func (c *Cleanser) refuse(class Class, why Reason) Reason {
	c.class = class
	return why
}

// The top-level members of a delivered event.
const (
	fVersion = iota
	fAuditLevel
	fTimestamp
	fOrgID
	fWorkspaceID
	fAccountID
	fShardName
	fSourceIPAddress
	fUserAgent
	fSessionID
	fServiceName
	fActionName
	fRequestID
	fUserIdentity
	fRequestParams
	fResponse
	fIdentityMetadata
	numFields
)

func fieldOf(key []byte) int {
	switch string(key) {
	case "version":
		return fVersion
	case "auditLevel":
		return fAuditLevel
	case "timestamp":
		return fTimestamp
	case "orgId":
		return fOrgID
	case "workspaceId":
		return fWorkspaceID
	case "accountId":
		return fAccountID
	case "shardName":
		return fShardName
	case "sourceIPAddress":
		return fSourceIPAddress
	case "userAgent":
		return fUserAgent
	case "sessionId":
		return fSessionID
	case "serviceName":
		return fServiceName
	case "actionName":
		return fActionName
	case "requestId":
		return fRequestID
	case "userIdentity":
		return fUserIdentity
	case "requestParams":
		return fRequestParams
	case "response":
		return fResponse
	case "identityMetadata":
		return fIdentityMetadata
	}
	return -1
}

// Append adds the line to dst, a batch of Schema, or returns why not and leaves
// dst as it was. It keeps nothing of the line.
func (c *Cleanser) Append(dst *columnar.Batch, line []byte, from Origin) Reason {
	v, reason := c.Parse(&c.parser, line)
	if reason != "" {
		return reason
	}
	if !v.IsObject() {
		return c.refuse(NotAnEvent, Reason("not a JSON object but "+v.Kind().String()))
	}
	c.split(v)
	var millis int64
	if c.isEnvelope() {
		millis, reason = c.unwrap()
	} else {
		millis, reason = c.timestamp()
	}
	if reason == "" {
		reason = c.believe(millis, from.IngestedAt)
	}
	if reason != "" {
		return reason
	}
	c.appendRow(dst, v, millis, from)
	return ""
}

// split sorts the members of an event into c.top and c.unknown.
func (c *Cleanser) split(event strictjson.Value) {
	c.top = [numFields]strictjson.Value{}
	c.unknown.reset()
	for m := event.First(); !m.None(); m = m.Next() {
		if f := fieldOf(m.Key()); f >= 0 {
			if !c.top[f].None() {
				c.Counts.DuplicateKeys++
			}
			c.top[f] = m
		} else if c.unknown.set(m.Key(), m) {
			c.Counts.DuplicateKeys++
		}
	}
}

func (c *Cleanser) timestamp() (millis int64, _ Reason) {
	v := c.top[fTimestamp]
	if v.IsNull() {
		return 0, c.refuse(BadTime, "no timestamp")
	}
	millis, ok := integer(v)
	if !ok {
		return 0, c.refuse(BadTime, Reason("timestamp is not a whole number of milliseconds: "+clip(quoted(v))))
	}
	return millis, ""
}

// believe does not look at the clock: the same line is the same row whenever it is
// cleansed.
func (c *Cleanser) believe(millis, ingestedAt int64) Reason {
	if millis < earliestMillis || millis > ingestedAt/microsPerMilli+Skew.Milliseconds() {
		when := strconv.FormatInt(millis, 10) + " ms"
		if t := time.UnixMilli(millis).UTC(); t.Year() > 0 && t.Year() < 10000 {
			when = t.Format(time.RFC3339)
		}
		return c.refuse(BadTime, Reason("event time "+when+" is before 2013 or more than 2 days ahead"))
	}
	return ""
}

const (
	microsPerMilli = 1000
	millisPerDay   = 24 * 60 * 60 * 1000
)

func (c *Cleanser) appendRow(dst *columnar.Batch, event strictjson.Value, millis int64, from Origin) {
	col := dst.Columns
	for f, at := range textColumns {
		if at >= 0 {
			c.appendText(col[at], c.top[f])
		}
	}
	col[ColTimestamp].AppendInt(millis)
	col[ColDateTime].AppendInt(millis * microsPerMilli)
	col[ColDate].AppendInt(millis / millisPerDay)
	c.appendWorkspace(col[ColWorkspaceID], from.WorkspaceID)
	c.readParams()
	c.appendIdentity(col)
	c.appendParams(col[ColRequestParams])
	status, known := c.appendResponse(col[ColResponse])
	col[ColOutcome].AppendString(Outcome(status, known))
	c.appendExtra(col[ColExtra])

	c.canonical = event.AppendCanonical(c.canonical[:0])
	c.key = Hash(c.canonical)
	c.buf = hex.AppendEncode(c.buf[:0], c.key[:])
	col[ColEventKey].AppendBytes(c.buf)

	col[ColSourceFile].AppendBytes(from.SourceFile)
	col[ColFileID].AppendInt(from.FileID)
	col[ColLineNumber].AppendInt(from.LineNumber)
	col[ColIngestedAt].AppendInt(from.IngestedAt)
	if from.EventCount > 0 {
		col[ColEventIndex].AppendInt(from.EventIndex)
		col[ColEventCount].AppendInt(from.EventCount)
	} else {
		col[ColEventIndex].AppendNull()
		col[ColEventCount].AppendNull()
	}
	dst.Len++
}

// textColumns says which column takes the text of a top-level member as it is.
var textColumns = [numFields]int{
	fVersion: ColVersion, fAuditLevel: ColAuditLevel, fTimestamp: -1, fOrgID: ColOrgID,
	fWorkspaceID: -1, fAccountID: ColAccountID, fShardName: ColShardName,
	fSourceIPAddress: ColSourceIPAddress, fUserAgent: ColUserAgent, fSessionID: ColSessionID,
	fServiceName: ColServiceName, fActionName: ColActionName, fRequestID: ColRequestID,
	fUserIdentity: -1, fRequestParams: -1, fResponse: -1, fIdentityMetadata: ColIdentityMetadata,
}

// Outcome is how an event ended, from its HTTP status: succeeded, denied (401
// and 403), error, or unknown without a status. A failed notebook command has
// status 1.
func Outcome(status int64, known bool) string {
	switch {
	case !known:
		return "unknown"
	case status >= 200 && status < 400:
		return "succeeded"
	case status == 401 || status == 403:
		return "denied"
	}
	return "error"
}

// Hash is the first 128 bits of SHA-256: the identity of a line and of an event.
func Hash(b []byte) [16]byte {
	sum := sha256.Sum256(b)
	return [16]byte(sum[:16])
}

// clip is s, valid UTF-8, at a length fit for a message.
func clip(s string) string {
	const most = 80
	if len(s) > most {
		return fmt.Sprintf("%s… (%d bytes)", strings.ToValidUTF8(s[:most], ""), len(s))
	}
	return s
}
