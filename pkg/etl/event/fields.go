package event

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/etl/strictjson"
)

// member is one key and value of a JSON object.
type member struct {
	key   []byte
	value strictjson.Value
}

// members are members in delivery order, each key once. The zero value is empty.
type members struct {
	list []member
	at   map[string]int // position of each key, once there are more than fewMembers
}

const (
	// fewMembers is how many are found faster by a scan than by a map. The map
	// keeps the cost of hostile input linear.
	fewMembers = 32
	// manyMembers is how many make a map that is not worth keeping.
	manyMembers = 1024
)

func (m *members) reset() {
	m.list = m.list[:0]
	if len(m.at) > manyMembers {
		m.at = nil
	}
	clear(m.at)
}

// set puts the last value of a repeated key in the first one's place.
func (m *members) set(key []byte, v strictjson.Value) (repeated bool) {
	if i := m.index(key); i >= 0 {
		m.list[i].value = v
		return true
	}
	m.list = append(m.list, member{key, v})
	switch n := len(m.list); {
	case n == fewMembers+1:
		if m.at == nil {
			m.at = map[string]int{}
		}
		for i, x := range m.list {
			m.at[string(x.key)] = i
		}
	case n > fewMembers:
		m.at[string(key)] = n - 1
	}
	return false
}

func (m *members) index(key []byte) int {
	if len(m.list) > fewMembers {
		if i, ok := m.at[string(key)]; ok {
			return i
		}
		return -1
	}
	for i := range m.list {
		if bytes.Equal(m.list[i].key, key) {
			return i
		}
	}
	return -1
}

// get is the value of a key, none if it is not there.
func (m *members) get(key string) strictjson.Value {
	if i := m.index([]byte(key)); i >= 0 {
		return m.list[i].value
	}
	return strictjson.Value{}
}

// integer reads a whole number, written as a JSON number or a string of digits.
func integer(v strictjson.Value) (int64, bool) {
	var text []byte
	switch v.Kind() {
	case strictjson.String:
		text = v.Text()
	case strictjson.Number:
		text = v.Source()
	default:
		return 0, false
	}
	n, err := strconv.ParseInt(string(text), 10, 64)
	return n, err == nil
}

// text is the value as the string columns hold it: a string as it is, a number
// as its literal, a boolean as true or false, an object or array as compact
// JSON. The result is valid until the next call.
func (c *Cleanser) text(v strictjson.Value) []byte {
	if v.IsString() {
		return v.Text()
	}
	c.buf = v.Append(c.buf[:0])
	return c.buf
}

func (c *Cleanser) appendText(dst *columnar.Vector, v strictjson.Value) {
	if v.IsNull() {
		dst.AppendNull()
		return
	}
	dst.AppendBytes(c.text(v))
}

// appendWorkspace takes the event's own workspace, else its delivery folder's. A
// value that is no number is kept in extra.
func (c *Cleanser) appendWorkspace(dst *columnar.Vector, folder int64) {
	v := c.top[fWorkspaceID]
	if !v.IsNull() {
		if id, ok := integer(v); ok {
			dst.AppendInt(id)
			return
		}
		c.keepWhole("workspaceId", v)
	}
	if folder < 0 {
		dst.AppendNull()
		return
	}
	dst.AppendInt(folder)
}

// keepWhole puts a known member that does not fit its column into extra.
func (c *Cleanser) keepWhole(name string, v strictjson.Value) {
	c.unknown.set([]byte(name), v)
}

func (c *Cleanser) appendIdentity(col []*columnar.Vector) {
	var email, subject strictjson.Value
	if v := c.top[fUserIdentity]; !v.IsNull() {
		other := !v.IsObject()
		for m := v.First(); !m.None(); m = m.Next() {
			switch string(m.Key()) {
			case "email":
				email = m
			case "subjectName":
				subject = m
			default:
				other = true
			}
		}
		if other {
			c.keepWhole("userIdentity", v)
		}
	}
	c.appendText(col[ColEmail], email)
	c.appendText(col[ColSubjectName], subject)

	actor := col[ColActor]
	if !email.IsNull() {
		if s := c.text(email); len(s) > 0 {
			actor.AppendBytes(s)
			return
		}
	}
	for _, p := range c.params.list {
		if string(p.key) == "user" {
			if s := c.text(p.value); len(s) > 0 {
				actor.AppendBytes(s)
				return
			}
			break
		}
	}
	actor.AppendNull()
}

// readParams fills c.params with the members of requestParams that are not null.
func (c *Cleanser) readParams() {
	c.params.reset()
	v := c.top[fRequestParams]
	if v.IsNull() {
		return
	}
	if !v.IsObject() {
		c.keepWhole("requestParams", v)
		c.top[fRequestParams] = strictjson.Value{} // there is no map to show
		if v.IsString() && bytes.HasSuffix(c.text(v), truncatedSuffix) {
			c.Counts.TruncatedParams++
		}
		return
	}
	for m := v.First(); !m.None(); m = m.Next() {
		if c.params.set(m.Key(), m) {
			c.Counts.DuplicateKeys++
		}
	}
	c.params.list = slices.DeleteFunc(c.params.list, func(p member) bool { return p.value.IsNull() })
}

func (c *Cleanser) appendParams(dst *columnar.Vector) {
	if c.top[fRequestParams].IsNull() {
		dst.AppendNull()
		return
	}
	truncated := false
	keys, values := dst.Children[0], dst.Children[1]
	for _, p := range c.params.list {
		text := c.text(p.value)
		truncated = truncated || bytes.HasSuffix(text, truncatedSuffix) || string(p.key) == "TRUNCATED"
		keys.AppendBytes(p.key)
		values.AppendBytes(text)
	}
	dst.AppendNested()
	if truncated {
		c.Counts.TruncatedParams++
	}
}

// truncatedSuffix ends a value that Databricks cut because requestParams was
// over 100 KB as JSON.
var truncatedSuffix = []byte("... truncated")

func (c *Cleanser) appendResponse(dst *columnar.Vector) (status int64, known bool) {
	v := c.top[fResponse]
	if v.IsNull() {
		dst.AppendNull()
		return 0, false
	}
	if !v.IsObject() {
		c.keepWhole("response", v)
		dst.AppendNull()
		return 0, false
	}
	var code, message, result strictjson.Value
	other := false
	for m := v.First(); !m.None(); m = m.Next() {
		switch string(m.Key()) {
		case "statusCode":
			code = m
		case "errorMessage":
			message = m
		case "result":
			result = m
		default:
			other = true
		}
	}
	if !code.IsNull() {
		status, known = integer(code)
		other = other || !known
	}
	if other {
		c.keepWhole("response", v)
	}
	if known {
		dst.Children[0].AppendInt(status)
	} else {
		dst.Children[0].AppendNull()
	}
	c.appendText(dst.Children[1], message)
	c.appendText(dst.Children[2], result)
	dst.AppendNested()
	return status, known
}

func (c *Cleanser) appendExtra(dst *columnar.Vector) {
	if len(c.unknown.list) == 0 {
		dst.AppendNull()
		return
	}
	c.buf = append(c.buf[:0], '{')
	for i, m := range c.unknown.list {
		if i > 0 {
			c.buf = append(c.buf, ',')
		}
		c.buf = append(strictjson.AppendString(c.buf, m.key), ':')
		c.buf = m.value.Append(c.buf)
	}
	c.buf = append(c.buf, '}')
	dst.AppendBytes(c.buf)
}
