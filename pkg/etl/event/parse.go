package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/auditlake/auditlake/pkg/etl/strictjson"
)

// maxValues is how many values an event may have. Databricks' have hundreds.
const maxValues = strictjson.MaxValues

// TooMany reports whether JSON has so many values that parsing it takes more memory than
// there may be.
func TooMany(line []byte) bool {
	if len(line) < maxValues {
		return false
	}
	n := 1
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case ',', '[', '{':
			n++
		case '"': // texts may have them as well
			for i++; i < len(line) && line[i] != '"'; i++ {
				if line[i] == '\\' {
					i++
				}
			}
		}
	}
	return n > maxValues
}

// Parse reads the line as strict JSON, as Append does. The value is valid until p is used
// again.
func (c *Cleanser) Parse(p *strictjson.Parser, line []byte) (strictjson.Value, Reason) {
	v, err := p.Parse(line)
	switch {
	case err == nil:
		return v, ""
	case errors.Is(err, strictjson.ErrTooMany):
		return v, c.refuse(NotAnEvent, Reason(fmt.Sprintf("more than %d values", maxValues)))
	case !utf8.Valid(line):
		return v, c.refuse(BrokenText, "not valid UTF-8")
	}
	return v, c.refuse(NotAnEvent, notJSON(line))
}

// notJSON says why. Reasons are grouped by, and must not carry event contents.
func notJSON(line []byte) Reason {
	var v json.RawMessage
	if err := json.Unmarshal(line, &v); err != nil {
		return Reason("not JSON: " + err.Error())
	}
	return Reason(fmt.Sprintf("nested more than %d levels deep", strictjson.MaxDepth))
}

// quoted is the value for a message: as the line has it, without white space.
func quoted(v strictjson.Value) string {
	switch v.Kind() {
	case strictjson.String:
		if s := string(v.Text()); strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' }) {
			return strconv.Quote(s)
		}
		return `"` + string(v.Text()) + `"`
	case strictjson.Object, strictjson.Array:
		var b bytes.Buffer
		_ = json.Compact(&b, v.Source()) // which is JSON
		return b.String()
	}
	return string(v.Source())
}
