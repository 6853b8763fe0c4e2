package etl

// LimitPlans has a runner plan as many changed files at once.
func LimitPlans(r *Runner, files int) { r.limits.planFiles = files }

// LimitsTable is the limits that options lead to, by name.
func LimitsTable(o Options) map[string]int64 {
	l := limitsOf(o)
	return map[string]int64{
		"batchBytes": l.batchBytes, "batchFiles": int64(l.batchFiles), "planFiles": int64(l.planFiles),
		"largeBytes": l.largeBytes, "reads": int64(l.reads),
		"pageRows": int64(l.pageRows), "pageBytes": int64(l.pageBytes), "followRows": l.followRows,
		"spillBytes": l.spillBytes, "goldTables": int64(l.goldTables),
		"fileBytes": l.fileBytes, "openFiles": int64(l.openFiles),
	}
}

// Workers is how many gold tables are encoded at once.
func Workers(o Options) int { return limitsOf(o).workers }

// Repeats counts the repeats among keys, each of a row of its own.
func Repeats(keys []uint64) (n int64) {
	var recent recentKeys
	for row, key := range keys {
		if recent.repeats(key, uint64(row)) {
			n++
		}
	}
	return n
}

// RepeatsOfOneRow counts the repeats if each key's row is cleansed twice.
func RepeatsOfOneRow(keys []uint64) (n int64) {
	var recent recentKeys
	for range 2 {
		for _, key := range keys {
			if recent.repeats(key, key) {
				n++
			}
		}
	}
	return n
}

// LagOf is the distribution of two runs together, in milliseconds.
func LagOf(a, b []int64) Lag {
	var x, y, sum Lag
	for _, m := range a {
		x.measure(m)
	}
	for _, m := range b {
		y.measure(m)
	}
	sum.add(x)
	sum.add(y)
	return sum
}

// SQLOfDerived is the SQL of every derived column, by table and name; nil where it
// was forgotten.
func SQLOfDerived() map[string]map[string]func(Words) string {
	all := map[string]map[string]func(Words) string{}
	for table, columns := range derivations() {
		all[table] = map[string]func(Words) string{}
		for _, d := range columns {
			all[table][d.name] = d.sql
		}
	}
	return all
}
