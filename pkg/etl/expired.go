package etl

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"

	"github.com/auditlake/auditlake/pkg/delta"
)

// expired accounts for the rows of a table that retention removed, so that the
// balance between layers can be proved without them. It is a table property that
// changes in the commit that removes the rows. The sums are order-free and do not
// grow with the number of rows:
//
//	bronze.rows + bronze.expired = lines of silver + quarantine, both with theirs
//	silver of a gold table + its expired = gold table + its expired
type expired struct {
	tally
	// tables is silver's account by gold table, in rows, walk and keys.
	tables map[string]tally
}

// sum64 is a checksum as 16 hexadecimal digits: as a JSON number it would not
// survive other readers.
type sum64 uint64

// MarshalText implements encoding.TextMarshaler.
func (s sum64) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%016x", uint64(s)), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *sum64) UnmarshalText(text []byte) error {
	if _, err := hex.DecodeString(string(text)); err != nil || len(text) != 16 {
		return fmt.Errorf("a checksum has 16 hexadecimal digits, not %q", text)
	}
	n, err := strconv.ParseUint(string(text), 16, 64)
	*s = sum64(n)
	return err
}

type expiredJSON struct {
	Rows    int64                  `json:"rows"`
	Further int64                  `json:"further,omitempty"` // of rows: not the first event of their line
	Walk    sum64                  `json:"walk"`
	Keys    sum64                  `json:"keys"`
	Tables  map[string]expiredJSON `json:"tables,omitempty"`
}

func (t tally) json() expiredJSON {
	return expiredJSON{Rows: t.rows, Further: t.further, Walk: sum64(t.walk), Keys: sum64(t.keys)}
}

func (j expiredJSON) tally() tally {
	return tally{rows: j.Rows, further: j.Further, walk: uint64(j.Walk), keys: uint64(j.Keys)}
}

// plus and minus are modulo 2^64 in the checksums, so that their order does not
// matter.
func (t tally) plus(o tally) tally {
	return tally{t.rows + o.rows, t.further + o.further, t.walk + o.walk, t.keys + o.keys}
}

func (t tally) minus(o tally) tally {
	return tally{t.rows - o.rows, t.further - o.further, t.walk - o.walk, t.keys - o.keys}
}

// expiredOf is the account in a snapshot; snap may be nil.
func expiredOf(snap *delta.Snapshot) (expired, error) {
	out := expired{tables: map[string]tally{}}
	if snap == nil {
		return out, nil
	}
	text := snap.Metadata().Configuration[propExpired]
	if text == "" {
		return out, nil
	}
	var j expiredJSON
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		return out, fmt.Errorf("table property %s: %w", propExpired, err)
	}
	out.tally = j.tally()
	for name, t := range j.Tables {
		out.tables[name] = t.tally()
	}
	return out, nil
}

// configure is the table's description with the account and, if it is not empty,
// the horizon in it.
func (e expired) configure(m delta.Metadata, horizon string) (delta.Metadata, error) {
	m.Configuration = maps.Clone(m.Configuration)
	if horizon != "" {
		m.Configuration[propHorizon] = horizon
	}
	j := e.json()
	for name, t := range e.tables {
		if t == (tally{}) {
			continue
		}
		if j.Tables == nil {
			j.Tables = map[string]expiredJSON{}
		}
		j.Tables[name] = t.json()
	}
	if e.tally == (tally{}) && j.Tables == nil {
		delete(m.Configuration, propExpired)
		return m, nil
	}
	text, err := json.Marshal(j)
	m.Configuration[propExpired] = string(text)
	return m, err
}

// horizonOf is the date before which retention removed the rows of a table,
// yyyy-mm-dd, or "" if it never did; snap may be nil.
func horizonOf(snap *delta.Snapshot) string {
	if snap == nil {
		return ""
	}
	return snap.Metadata().Configuration[propHorizon]
}

// noDay is before every day.
const noDay = int64(-1 << 62)

// dayOf is a date as days since 1970, or noDay for "".
func dayOf(date string) (int64, error) {
	if date == "" {
		return noDay, nil
	}
	day, err := parseDay(date)
	if err != nil {
		return noDay, fmt.Errorf("table property %s: %w", propHorizon, err)
	}
	return day, nil
}
