package generate

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/klauspost/compress/gzip"
)

// writer turns files into bodies. It keeps its buffers from one to the next.
type writer struct {
	world *world
	b     []byte // the body so far
	tmp   []byte // text that will be quoted
	rng   rng    // of the line at hand
	d     decided
	// ownWorkspace: the path does not tell the workspace, so the line has to.
	ownWorkspace bool
	gz           *gzip.Writer
	zipped       bytes.Buffer
}

func newWriter(w *world) *writer {
	gz, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic("generate: gzip: " + err.Error())
	}
	return &writer{world: w, gz: gz}
}

// file returns one version of a file, valid until the next call. see gets each
// line's decisions, in order, valid during the call.
func (w *writer) file(f *file, version int, see func(*decided)) []byte {
	w.b = w.b[:0]
	if f.stray != nil {
		return f.stray
	}
	w.ownWorkspace = f.flags&oldLayout != 0
	end := "\n"
	if f.flags&crlf != 0 {
		end = "\r\n"
	}
	first := true
	for i := range f.events {
		e := &f.events[i]
		if int(e.since) > version {
			continue
		}
		if !first {
			w.raw(end)
		}
		first = false
		if e.damage == blankLine {
			continue
		}
		w.line(e)
		see(&w.d)
	}
	if !first && f.openEnds&(1<<version) == 0 {
		w.raw(end)
	}
	if f.flags&packed == 0 {
		return w.b
	}
	w.zipped.Reset()
	w.gz.Reset(&w.zipped)
	if _, err := w.gz.Write(w.b); err != nil {
		panic(fmt.Sprintf("generate: gzip into memory: %v", err))
	}
	if err := w.gz.Close(); err != nil {
		panic(fmt.Sprintf("generate: gzip into memory: %v", err))
	}
	return w.zipped.Bytes()
}

func (w *writer) raw(s string) { w.b = append(w.b, s...) }

// comma separates members of an object.
func (w *writer) comma() {
	if w.b[len(w.b)-1] != '{' {
		w.b = append(w.b, ',')
	}
}

// line appends one line without its end.
func (w *writer) line(e *event) {
	start := len(w.b)
	w.decide(*e)
	d := &w.d
	if d.style == planted {
		w.b = append(w.b, w.world.script.Lines[d.ref].Text...)
		return
	}
	if d.damage == notAnObject {
		w.raw("[")
	}
	w.head()
	w.identity()
	w.action()
	w.params()
	w.response()
	w.tail()
	w.raw("}")
	switch d.damage {
	case notAnObject:
		w.raw("]")
	case brokenJSON:
		w.b = w.b[:start+w.rng.between(2, len(w.b)-start-1)]
	}
}

func (w *writer) head() {
	d, r := &w.d, &w.rng
	ws := &w.world.workspaces[d.ws]
	old := r.chance(300)
	switch {
	case old:
		w.raw(`{"version":"1.0","auditLevel":"`)
	case r.chance(100):
		w.raw(`{"auditLevel":"`)
	default:
		w.raw(`{"version":"2.0","auditLevel":"`)
	}
	if d.ws == 0 {
		w.raw(`ACCOUNT_LEVEL"`)
	} else {
		w.raw(`WORKSPACE_LEVEL"`)
	}
	switch d.damage {
	case noTimestamp:
	case year1970:
		w.raw(`,"timestamp":86400000`)
	case year2100:
		w.raw(`,"timestamp":4102531200000`)
	default:
		w.raw(`,"timestamp":`)
		w.b = strconv.AppendInt(w.b, d.at, 10)
	}
	if old {
		w.raw(`,"orgId":"`)
		w.raw(ws.id)
		w.raw(`"`)
	}
	if d.ws != 0 && r.chance(1500) {
		w.raw(`,"shardName":"`)
		w.raw(ws.shard)
		w.raw(`"`)
	}
	w.raw(`,"accountId":"`)
	w.raw(w.world.accountID)
	w.raw(`"`)
	switch o := r.below(100); {
	case o < 3 && !w.ownWorkspace:
	case o < 15:
		w.raw(`,"workspaceId":"`)
		w.raw(ws.id)
		w.raw(`"`)
	default:
		w.raw(`,"workspaceId":`)
		w.raw(ws.id)
	}
	w.address()
	w.raw(`,"sessionId":`)
	if r.chance(7000) {
		w.raw("null")
	} else {
		uuid(w)
	}
}

// address writes where the request came from.
func (w *writer) address() {
	d, r := &w.d, &w.rng
	w.raw(`,"sourceIPAddress":`)
	switch o := r.below(1000); {
	case o < 30:
		w.raw(pick(r, oddAddresses))
	default:
		w.raw(`"`)
		w.raw(d.by.ip)
		w.raw(`"`)
	}
	w.raw(`,"userAgent":`)
	switch o := r.below(1000); {
	case o < 10:
		w.raw("null")
	case o < 20:
		w.raw(`""`)
	default:
		w.raw(userAgents[d.by.agent])
	}
}

func (w *writer) identity() {
	d := &w.d
	switch d.identity {
	case absentIdentity:
	case nullIdentity:
		w.raw(`,"userIdentity":null`)
	case noEmail:
		w.raw(`,"userIdentity":{"email":null,"subjectName":null}`)
	case named:
		w.raw(`,"userIdentity":{"email":"`)
		w.raw(d.actor)
		w.raw(`","subjectName":null}`)
	}
}

func (w *writer) action() {
	d := &w.d
	switch {
	case d.k.service != "":
		w.raw(`,"serviceName":"`)
		w.raw(d.k.service)
		w.raw(`"`)
	case w.rng.chance(5000):
		w.raw(`,"serviceName":null`)
	default:
		w.raw(`,"serviceName":""`)
	}
	w.raw(`,"actionName":"`)
	w.raw(d.k.action)
	w.raw(`","requestId":"`)
	if d.damage == invalidUTF8 {
		w.raw("\xff\xfe")
	}
	w.b = appendUUID(w.b, &w.rng)
	w.raw(`"`)
}

func (w *writer) params() {
	switch w.d.params {
	case absentParams:
		return
	case nullParams:
		w.raw(`,"requestParams":null`)
		return
	case truncatedParams:
		w.raw(`,"requestParams":{"TRUNCATED":""}`)
		return
	}
	w.raw(`,"requestParams":{`)
	for _, p := range w.d.k.params {
		p(w)
	}
	if w.rng.chance(60) {
		w.comma()
		w.raw(`"clientRequestId":null`)
	}
	w.raw("}")
}

// tail writes what the top level has beyond the documented fields.
func (w *writer) tail() {
	switch o := w.rng.below(10_000); {
	case o < 80:
		w.raw(`,"identityMetadata":{"runBy":"`)
		w.raw(w.d.by.email)
		w.raw(`","runAs":"`)
		w.raw(w.world.users[humanUsers].email)
		w.raw(`","actingResource":null}`)
	case o < 100:
		w.raw(`,"MAX_LOG_MESSAGE_LENGTH":16384`)
	case o < 110:
		instance.as(w, `,"instanceId":`)
	case o < 120:
		hex64.as(w, `,"containerId":`)
	case o < 130:
		w.raw(`,"message":"line one\nline two","session_id":null`)
	}
}
