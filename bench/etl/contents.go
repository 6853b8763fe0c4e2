package etl

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/auditlake/auditlake/bench/peers"
)

// contents are what a side's tables hold, as a name and a value for each thing
// that is compared:
//
//	bronze         lines of each delivery date
//	silver         rows of each date with sums, in which the order of rows does not
//	               count, over hashes of the time, the service, the action, the
//	               request, the caller, the address, the status and of all parameters;
//	               but not over the text of numbers with a fraction or exponent, nor
//	               of objects and arrays, which may have some within: DuckDB writes
//	               1e3 as 1000.0, where docs/format.md wants it as delivered
//	gold/<table>   rows, a sum over hashes of time and request, and how many values
//	               each parameter has
type contents map[string]string

// differ says what the other has not, or otherwise; the first few.
func (c contents) differ(other contents) []string {
	names := maps.Clone(c)
	maps.Copy(names, other)
	var differ []string
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if want, got := c[name], other[name]; want != got {
			differ = append(differ, fmt.Sprintf("%s: %s, not %s", name, orNothing(got), orNothing(want)))
		}
	}
	const most = 5
	if len(differ) > most {
		differ = append(differ[:most], fmt.Sprintf("and %d more", len(differ)-most))
	}
	return differ
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// contentsOf reads a side's tables with DuckDB.
func (b *bench) contentsOf(ctx context.Context, out string, at tables) (c contents, err error) {
	db, err := peers.StartDuckDB(ctx, b.o.Root, b.node, peers.DuckDBOptions{})
	if err != nil {
		return nil, err
	}
	defer func() {
		_, closing := db.Close()
		err = errors.Join(err, closing)
	}()
	files := func(pattern string) string {
		return fmt.Sprintf("read_parquet('%s', hive_partitioning = true, union_by_name = true)",
			strings.ReplaceAll(filepath.ToSlash(filepath.Join(out, pattern)), "'", "''"))
	}
	c = contents{}
	var days []struct{ Day, Holds string }
	for name, query := range map[string]string{
		"bronze": `SELECT date::VARCHAR AS "Day", count(*)::VARCHAR AS "Holds" FROM ` + files(at.bronze) + ` GROUP BY ALL`,
		"silver": `SELECT date::VARCHAR AS "Day",
			concat_ws(' ', count(*), sum(timestamp), sum(epoch_ms(date_time)), sum(hash(serviceName, actionName, requestId)),
				sum(hash(actor, email, sourceIPAddress)), sum(hash(response.statusCode, outcome)), sum(cardinality(requestParams)),
				sum(list_sum(list_transform(map_entries(requestParams), lambda e: hash(e.key, CASE WHEN NOT regexp_matches(e.value, '^(-?[0-9]+[.eE]|[\[{])') THEN e.value END))))) AS "Holds"
			FROM ` + files(at.silver) + ` GROUP BY ALL`,
	} {
		if _, err := db.Query(query, &days); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for _, day := range days {
			c[name+" of "+day.Day] = day.Holds
		}
	}
	gold, err := goldTables(out, at.gold)
	if err != nil {
		return nil, err
	}
	for _, table := range gold {
		from := files(strings.Replace(at.gold, "*", table, 1))
		var rows []struct{ Holds string }
		if _, err := db.Query(`SELECT concat_ws(' ', count(*), sum(hash(timestamp, requestId)), count(requestParams)) AS "Holds" FROM `+from, &rows); err != nil {
			return nil, fmt.Errorf("gold/%s: %w", table, err)
		}
		c["gold/"+table] = rows[0].Holds
		var counts []map[string]string
		if _, err := db.Query(`SELECT count(COLUMNS(*)) FROM (SELECT unnest(requestParams) FROM `+from+`)`, &counts); err != nil {
			return nil, fmt.Errorf("gold/%s: %w", table, err)
		}
		for field, n := range counts[0] {
			// The spelling of a key that has several may be any of them.
			c["gold/"+table+"."+strings.ToLower(field)] = n
		}
	}
	return c, nil
}

// goldTables are the names that stand for the pattern's first star.
func goldTables(out, pattern string) ([]string, error) {
	before, after, _ := strings.Cut(pattern, "*")
	files, err := filepath.Glob(filepath.Join(out, filepath.FromSlash(pattern)))
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, file := range files {
		rel, err := filepath.Rel(out, file)
		if err != nil {
			return nil, err
		}
		rel = strings.TrimPrefix(filepath.ToSlash(rel), before)
		if dir, _, below := strings.Cut(after, "/"); below {
			rel, _, _ = strings.Cut(rel, "/")
			rel = strings.TrimSuffix(rel, dir)
		} else {
			rel = strings.TrimSuffix(rel, after)
		}
		names[rel] = true
	}
	return slices.Sorted(maps.Keys(names)), nil
}

// layersIn are the seconds of each layer that a script prints in its last line, or
// none of a program that prints other things.
func layersIn(said string) (map[string]float64, error) {
	last := ""
	lines := bufio.NewScanner(strings.NewReader(said))
	for lines.Scan() {
		if text := strings.TrimSpace(lines.Text()); text != "" {
			last = text
		}
	}
	if !strings.HasPrefix(last, "{") {
		return nil, lines.Err()
	}
	layers := map[string]float64{}
	if err := json.Unmarshal([]byte(last), &layers); err != nil {
		return nil, fmt.Errorf("understand the seconds of each layer: %w", err)
	}
	return layers, nil
}

func readJSON(file string, v any) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	return nil
}
