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
