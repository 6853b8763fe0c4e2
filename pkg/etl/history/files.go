package history

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/etl/landing"
	"github.com/auditlake/auditlake/pkg/etl/strictjson"
	"github.com/auditlake/auditlake/pkg/store"
)

// ErrFormat says that a file of an export cannot be read as what its name says, or that
// there are none that can.
var ErrFormat = errors.New("not an export that can be imported")

// Files are the exports below the root of a store, of which url is the address, by the
// end of their names:
//
//	.parquet
//	.json .ndjson .jsonl    one object a line
//	.csv                    with a header, as RFC 4180 has it; nothing between commas is null
//
// The last two may end in .gz besides. A folder name=value in a key is a column that the
// file lacks, as Spark partitions. Keys with a part that begins with _ or a dot are left out.
//
// An Input is for one Import at a time.
func Files(s store.Store, url string) Input {
	return &files{store: s, url: url, lines: landing.NewLineReader()}
}

type files struct {
	store store.Store
	url   string
	lines *landing.LineReader
}

func (in *files) name() string { return "files " + in.url }

func (in *files) list(ctx context.Context) (int64, []file, error) {
	var out []file
	var strange string
	for o, err := range in.store.List(ctx, "", "") {
		switch {
		case err != nil:
			return 0, nil, fmt.Errorf("list %s: %w", in.store, err)
		case strings.HasPrefix(o.Key, "_delta_log/") || strings.Contains(o.Key, "/_delta_log/"):
			return 0, nil, fmt.Errorf("%w: %s has a Delta table (%s), whose files also have rows that were deleted: name the table itself, with --table", ErrFormat, in.store, o.Key)
		case hidden(o.Key):
		case formatOf(o.Key) == "":
			strange = o.Key
		default:
			out = append(out, file{o.Key, o.Size})
		}
	}
	if strange != "" {
		return 0, nil, fmt.Errorf("%w: %s in %s: names of exports end in .parquet, .json, .ndjson, .jsonl or .csv, the last four with or without .gz: move others away, or begin their names with _", ErrFormat, strange, in.store)
	}
	if len(out) == 0 {
		return 0, nil, fmt.Errorf("%w: %s has no files", ErrFormat, in.store)
	}
	return 0, out, nil
}

func hidden(key string) bool {
	return slices.ContainsFunc(strings.Split(key, "/"), func(part string) bool {
		return strings.HasPrefix(part, "_") && !strings.Contains(part, "=") || strings.HasPrefix(part, ".")
	})
}

// formatOf is parquet, json or csv, by the name; "" for none of them.
func formatOf(key string) string {
	name := strings.ToLower(key)
	switch path.Ext(strings.TrimSuffix(name, ".gz")) {
	case ".json", ".ndjson", ".jsonl":
		return "json"
	case ".csv":
		return "csv"
	case ".parquet":
		if !strings.HasSuffix(name, ".gz") {
			return "parquet"
		}
	}
	return ""
}

func (in *files) open(ctx context.Context, _ int64, files []file) error {
	_, now, err := in.list(ctx)
	if err != nil {
		return err
	}
	if !slices.Equal(files, now) {
		return fmt.Errorf("%w: there were %d files in %s, and there are %d, or their sizes are others: "+
			"put back what there was, or import into an empty place", ErrChanged, len(files), in.store, len(now))
	}
	return nil
}

// folderColumns are the columns that the folders of a key name, none that is null.
func folderColumns(key string) (names, values []string) {
	for _, part := range strings.Split(path.Dir(key), "/") {
		name, value, ok := strings.Cut(part, "=")
		if !ok || name == "" || value == "" || value == "__HIVE_DEFAULT_PARTITION__" {
			continue
		}
		if plain, err := url.PathUnescape(value); err == nil {
			value = plain
		}
		names, values = append(names, name), append(values, value)
	}
	return names, values
}

func (in *files) rows(ctx context.Context, f file, fn func(row []byte) error) error {
	names, values := folderColumns(f.Key)
	switch formatOf(f.Key) {
	case "parquet":
		return in.parquet(ctx, f, names, values, fn)
	case "csv":
		return in.read(ctx, f, func(r io.Reader) error { return csvRows(r, names, values, fn) })
	}
	return in.read(ctx, f, func(r io.Reader) error { return jsonRows(in.lines, r, names, values, fn) })
}

func (in *files) parquet(ctx context.Context, f file, names, values []string, fn func(row []byte) error) error {
	var extra columnar.Schema
	var constants []columnar.Value
	want := func(have columnar.Schema) (columnar.Schema, error) {
		for _, c := range have {
			if why := unreadable(c.Type); why != "" {
				return nil, fmt.Errorf("%w: column %s %s: leave it out of the export, or cast it to text", ErrFormat, c.Name, why)
			}
		}
		for i, name := range names {
			if have.IndexFold(name) < 0 {
				extra = append(extra, columnar.Field{Name: name, Type: columnar.Of(columnar.String)})
				constants = append(constants, columnar.StringValue(values[i]))
			}
		}
		return have, nil
	}
	return parquetRows(ctx, in.store, f, want, func(b *columnar.Batch) *columnar.Batch {
		out := &columnar.Batch{Schema: append(slices.Clone(b.Schema), extra...), Len: b.Len, Columns: slices.Clone(b.Columns)}
		for i, c := range extra {
			out.Columns = append(out.Columns, columnar.Repeat(c.Type, constants[i], b.Len))
		}
		return out
	}, fn)
}

// unreadable says what is wrong with a type, or nothing.
func unreadable(t columnar.Type) string {
	if t.Kind == columnar.Invalid {
		return "has a type that is not read here"
	}
	for _, f := range t.Fields {
		if why := unreadable(f.Type); why != "" {
			return why
		}
	}
	for _, in := range []*columnar.Type{t.Key, t.Elem} {
		if in != nil && unreadable(*in) != "" {
			return unreadable(*in)
		}
	}
	return ""
}

func (in *files) read(ctx context.Context, f file, do func(io.Reader) error) (err error) {
	r, _, err := in.store.Get(ctx, f.Key, "", 0, -1)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := r.Close(); err == nil {
			err = cerr
		}
	}()
	return do(r)
}

// jsonRows gives the lines as they are, with the columns of the folders behind: where a
// line has one too, the line's own comes first and counts.
func jsonRows(lines *landing.LineReader, r io.Reader, names, values []string, fn func(row []byte) error) error {
	var folders []byte
	for i := range names {
		folders = append(strictjson.AppendString(append(folders, ','), []byte(names[i])), ':')
		folders = strictjson.AppendString(folders, []byte(values[i]))
	}
	var row []byte
	d, err := lines.Read(r, func(l landing.Line) error {
		text := bytes.Trim(l.Data, " \t")
		switch {
		case l.Cut:
			return fmt.Errorf("%w: line %d is over %d bytes", ErrFormat, l.Number, landing.MaxLine)
		case bytes.HasPrefix(text, []byte("[")):
			return fmt.Errorf("%w: line %d begins an array: write one object a line, as jq -c '.[]' does", ErrFormat, l.Number)
		case len(text) == 0:
			return nil // the mark of a broken stream, which ends in an error
		}
		if open, ok := bytes.CutSuffix(text, []byte("}")); ok && len(bytes.Trim(open, " \t")) > 1 && len(folders) > 0 {
			row = append(append(append(row[:0], open...), folders...), '}')
			return fn(row)
		}
		return fn(l.Data)
	})
	if err == nil && d.Damaged != "" {
		return fmt.Errorf("%w: the file breaks off: %s: export it again", ErrFormat, d.Damaged)
	}
	return err
}

func csvRows(r io.Reader, names, values []string, fn func(row []byte) error) error {
	in, err := plainText(r)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrFormat, err)
	}
	records := csv.NewReader(in)
	header, err := records.Read()
	if errors.Is(err, io.EOF) {
		return nil // no header, no rows
	}
	if err != nil {
		return csvError(err)
	}
	records.ReuseRecord = true
	header = slices.Clone(header)
	var folders []string // values of the columns behind those of the file
	for i, name := range names {
		if !slices.ContainsFunc(header, func(h string) bool { return strings.EqualFold(h, name) }) {
			header, folders = append(header, name), append(folders, values[i])
		}
	}
	var row []byte
	for {
		record, err := records.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return csvError(err)
		}
		row = append(row[:0], '{')
		for i, name := range header {
			var value string
			if i < len(record) {
				value = record[i]
			} else {
				value = folders[i-len(record)]
			}
			if value == "" {
				continue
			}
			if len(row) > 1 {
				row = append(row, ',')
			}
			row = append(strictjson.AppendString(row, []byte(name)), ':')
			row = strictjson.AppendString(row, []byte(value))
		}
		if err := fn(append(row, '}')); err != nil {
			return err
		}
	}
}

func csvError(err error) error {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return fmt.Errorf("%w: %w: quotes inside of quotes are doubled, which Spark does with the option escape set to a quote", ErrFormat, err)
	}
	return err
}

// plainText takes gzip off, which is known by its first bytes, and a byte order mark.
func plainText(r io.Reader) (io.Reader, error) {
	in := bufio.NewReader(r)
	if head, _ := in.Peek(2); string(head) == "\x1f\x8b" {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, err
		}
		in = bufio.NewReader(z)
	}
	const mark = "\xef\xbb\xbf"
	if head, _ := in.Peek(len(mark)); string(head) == mark {
		_, err := in.Discard(len(mark))
		return in, err
	}
	return in, nil
}
