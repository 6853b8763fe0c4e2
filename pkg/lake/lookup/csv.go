package lookup

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/auditlake/auditlake/pkg/columnar"
)

const (
	// WorkspaceColumn is the column that says whose a row is: ids, and * for a row
	// of every workspace, which is read as null.
	WorkspaceColumn = "workspaceId"

	everyWorkspace = "*"

	// maxCells bounds what a file of many empty values becomes in memory.
	maxCells   = 4 << 20
	maxColumns = 1000
)

// Error is why a file is no look-up, and where.
type Error struct {
	File   string
	Line   int    // from 1; 0 where it is about the whole file
	Column string // as the header calls it, or empty
	Why    error
}

func (e *Error) Error() string {
	place := e.File
	if e.Line > 0 {
		place += fmt.Sprintf(", line %d", e.Line)
	}
	if e.Column != "" {
		place += fmt.Sprintf(", column %s", e.Column)
	}
	return place + ": " + e.Why.Error()
}

// Unwrap gives the reason without the place.
func (e *Error) Unwrap() error { return e.Why }

// Read is the rows of a file: UTF-8, comma-separated as RFC 4180 has it, with the
// names of the columns in the first line. A name may say a type:
//
//	name            string
//	name:long       digits, with a sign or without
//	name:double     1.5, 2e9
//	name:boolean    true or false
//	name:date       2024-01-31
//	name:timestamp  2024-01-31T10:00:00Z, 2024-01-31 10:00:00 in UTC
//	name:network    10.0.0.0/8, 2001:db8::/32, or one address: a string
//
// Space around values that are no strings is none. An empty value is null. The
// column workspaceId is long without saying so. An empty line is no row. The error is
// an *Error with the first thing that is wrong.
func Read(file string, body []byte) (_ *columnar.Batch, err error) {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	if at := invalidUTF8(body); at >= 0 {
		return nil, &Error{file, 1 + bytes.Count(body[:at], []byte("\n")), "", errors.New("this is not UTF-8: save the file as CSV UTF-8")}
	}
	r := csv.NewReader(bytes.NewReader(body))
	r.FieldsPerRecord = -1 // counted below, with words that help
	r.ReuseRecord = true
	t := table{file: file, reader: r}
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, &Error{file, 1, "", errors.New("there is no header: put the names of the columns into the first line")}
	}
	if err != nil {
		return nil, t.syntax(err)
	}
	if err := t.header(header); err != nil {
		return nil, err
	}
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, t.syntax(err)
		}
		if err := t.add(record); err != nil {
			return nil, err
		}
	}
	return t.batch(), nil
}

func invalidUTF8(s []byte) int {
	if utf8.Valid(s) {
		return -1
	}
	for i := 0; ; {
		r, n := utf8.DecodeRune(s[i:])
		if r == utf8.RuneError && n <= 1 {
			return i
		}
		i += n
	}
}

// table is the columns of a file while it is read.
type table struct {
	file    string
	reader  *csv.Reader
	columns []*column
	rows    int
}

type column struct {
	name  string
	kind  columnar.Kind
	read  reader
	v     *columnar.Vector
	dict  map[string]int32 // of a string
	empty string           // why a value must be there, if it must
	// verbatim says that space around a value is part of it.
	verbatim bool
}

// reader appends a value that is not empty, or says what it should be like.
type reader func(c *column, text string) (wanted string)

// columnType is a type that a header may name.
type columnType struct {
	name string
	kind columnar.Kind
	read reader
}

// types are those that a header may name.
var types = []columnType{
	{"string", columnar.String, readString},
	{"long", columnar.Long, readLong},
	{"double", columnar.Double, readDouble},
	{"boolean", columnar.Boolean, readBoolean},
	{"date", columnar.Date, readDate},
	{"timestamp", columnar.Timestamp, readTimestamp},
	{"network", columnar.String, readNetwork},
}

// typeNames are those of types, for messages.
func typeNames() string {
	var out []string
	for _, t := range types {
		out = append(out, t.name)
	}
	return strings.Join(out, ", ")
}

func (t *table) header(names []string) error {
	bad := func(i int, format string, args ...any) error {
		return &Error{t.file, 1, strconv.Itoa(i + 1), fmt.Errorf(format, args...)}
	}
	if len(names) == 1 && strings.ContainsAny(names[0], ";\t") {
		return bad(0, "the values of a line are separated by commas here, not by semicolons or tabs: save the file as CSV with commas")
	}
	if len(names) > maxColumns {
		return bad(maxColumns, "there are %d columns and there may be %d", len(names), maxColumns)
	}
	for i, text := range names {
		name, kind, typed := strings.Cut(text, ":")
		name, kind = strings.TrimSpace(name), strings.TrimSpace(kind)
		if !typed {
			kind = "string"
		}
		c := &column{name: name}
		workspace := strings.EqualFold(name, WorkspaceColumn)
		if workspace {
			if typed && kind != "long" {
				return bad(i, "%s is a long, as in the events: leave out :%s", name, kind)
			}
			kind, c.empty = "long", "write the id of the workspace whose row this is, or * for a row of every workspace"
		}
		at := slices.IndexFunc(types, func(t columnType) bool { return t.name == kind })
		switch {
		case name == "":
			return bad(i, "it has no name: put one into the first line")
		case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }):
			return bad(i, "%q has a control character in its name", name)
		case at < 0:
			return bad(i, "%s: there is no type %q, only %s", name, kind, typeNames())
		case slices.ContainsFunc(t.columns, func(o *column) bool { return strings.EqualFold(o.name, name) }):
			return bad(i, "there is a column %s before it, and letter case makes no difference: give one another name", name)
		}
		c.kind, c.read, c.verbatim = types[at].kind, types[at].read, kind == "string"
		if workspace {
			c.read = readWorkspace
		}
		c.v = columnar.NewVector(columnar.Of(c.kind))
		if c.kind == columnar.String {
			c.dict, c.v.Dict, c.v.Codes = map[string]int32{}, &columnar.Bytes{}, []int32{}
		}
		t.columns = append(t.columns, c)
	}
	return nil
}

func (t *table) add(record []string) error {
	if len(record) != len(t.columns) {
		line, _ := t.reader.FieldPos(0)
		return &Error{t.file, line, "", fmt.Errorf("there are %d values for %d columns: put a text with a comma into double quotes, and nothing between two commas for no value", len(record), len(t.columns))}
	}
	t.rows++
	if t.rows*len(t.columns) > maxCells {
		line, _ := t.reader.FieldPos(0)
		return &Error{t.file, line, "", fmt.Errorf("up to here the file has more than %d values: leave out what is not needed, or write it as a Delta table", maxCells)}
	}
	for i, c := range t.columns {
		text := record[i]
		if !c.verbatim {
			text = strings.TrimSpace(text)
		}
		var wanted string
		switch {
		case text == "" && c.empty == "":
			c.null()
		case text == "":
			wanted = c.empty
		default:
			wanted = c.read(c, text)
		}
		if wanted != "" {
			line, _ := t.reader.FieldPos(i)
			// Without the value: who reads this may not be allowed to see the row.
			return &Error{t.file, line, c.name, fmt.Errorf("the value is none of its kind: %s", wanted)}
		}
	}
	return nil
}

// syntax is an error of the CSV itself.
func (t *table) syntax(err error) error {
	parse, ok := errors.AsType[*csv.ParseError](err)
	if !ok {
		return &Error{File: t.file, Why: err}
	}
	out := &Error{t.file, parse.Line, "", parse.Err}
	switch {
	case errors.Is(parse.Err, csv.ErrBareQuote):
		out.Why = errors.New("a double quote in the middle of a value: put the value into double quotes and double those in it")
	case errors.Is(parse.Err, csv.ErrQuote):
		out.Line = parse.StartLine
		out.Why = errors.New("a value in double quotes does not end where it should: double the quotes in it, and close it")
	}
	return out
}

func (t *table) batch() *columnar.Batch {
	b := &columnar.Batch{Len: t.rows}
	for _, c := range t.columns {
		b.Schema = append(b.Schema, columnar.Field{Name: c.name, Type: c.v.Type})
		b.Columns = append(b.Columns, c.v)
	}
	return b
}

func (c *column) null() {
	if c.dict == nil {
		c.v.AppendNull()
		return
	}
	if c.v.Null == nil {
		c.v.Null = make([]bool, c.v.Len, c.v.Len+1)
	}
	c.v.Null = append(c.v.Null, true)
	c.v.Codes = append(c.v.Codes, -1)
	c.v.Len++
}

func readString(c *column, text string) string {
	code, ok := c.dict[text]
	if !ok {
		code = int32(c.v.Dict.Len())
		c.v.Dict.AppendString(text)
		c.dict[strings.Clone(text)] = code
	}
	if c.v.Null != nil {
		c.v.Null = append(c.v.Null, false)
	}
	c.v.Codes = append(c.v.Codes, code)
	c.v.Len++
	return ""
}

func readLong(c *column, text string) string {
	i, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return "write a whole number such as 1200, or take :long from the header"
	}
	c.v.AppendInt(i)
	return ""
}

func readWorkspace(c *column, text string) string {
	if text == everyWorkspace {
		c.null()
		return ""
	}
	if readLong(c, text) != "" {
		return c.empty
	}
	return ""
}

func readDouble(c *column, text string) string {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return "write a number such as 1.5, or take :double from the header"
	}
	c.v.AppendFloat(f)
	return ""
}

func readBoolean(c *column, text string) string {
	switch strings.ToLower(text) {
	case "true":
		c.v.AppendInt(1)
	case "false":
		c.v.AppendInt(0)
	default:
		return "write true or false, or take :boolean from the header"
	}
	return ""
}

func readDate(c *column, text string) string {
	d, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return "write a date such as 2024-01-31, or take :date from the header"
	}
	c.v.AppendInt(d.Unix() / (24 * 60 * 60))
	return ""
}

func readTimestamp(c *column, text string) string {
	for _, layout := range []string{time.RFC3339, time.DateTime, "2006-01-02T15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if d, err := time.Parse(layout, text); err == nil {
			c.v.AppendInt(d.UnixMicro())
			return ""
		}
	}
	return "write a time such as 2024-01-31T10:00:00Z, or take :timestamp from the header"
}

func readNetwork(c *column, text string) string {
	p, err := ParseNetwork(text)
	if err != nil {
		return "write a network such as 10.0.0.0/8 or 2001:db8::/32, or take :network from the header"
	}
	return readString(c, p.String())
}

// ParseNetwork reads a network in CIDR notation, or one address. Bits of the address
// beyond the network are zero in it, and IPv4 within IPv6 is IPv4.
func ParseNetwork(text string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(text)
	if err != nil {
		addr, err := netip.ParseAddr(text)
		if err != nil || addr.Zone() != "" {
			return p, fmt.Errorf("%q is not a network such as 10.0.0.0/8 or 2001:db8::/32", text)
		}
		p = netip.PrefixFrom(addr, addr.BitLen())
	}
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked(), nil
}
