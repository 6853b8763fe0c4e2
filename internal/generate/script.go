package generate

// Sizes of command texts in bytes, chosen so that a line of the whole mix has
// about 870.
const (
	shortestCommand = 60
	longestCommand  = 4_000
	// A parameter over 100 KB is cut by Databricks, which says so at its end.
	truncationLimit = 100 << 10
)

// scripts are pieces of commands, escaped for JSON and without quotes.
type scripts []string

func newScripts() scripts {
	var s scripts
	for _, piece := range commandPieces {
		q := appendQuoted(nil, []byte(piece+"\n"))
		s = append(s, string(q[1:len(q)-1]))
	}
	return s
}

// command is a command text of skewed length.
func command(w *writer) {
	u := w.rng.float()
	size := shortestCommand + int(u*u*u*u*longestCommand)
	cut := w.rng.chance(4)
	if cut {
		size = truncationLimit
	}
	w.raw(`"`)
	for end := len(w.b) + size; len(w.b) < end; {
		w.raw(pick(&w.rng, w.world.scripts))
	}
	if cut {
		w.raw("... truncated")
	}
	w.raw(`"`)
}

var commandPieces = []string{
	"SELECT date, count(*) AS num_clusters\nFROM audit_logs.clusters\nWHERE actionName = 'create'\nGROUP BY 1\nORDER BY 1",
	"%sql\nMERGE INTO silver.orders t USING updates s ON t.id = s.id\nWHEN MATCHED THEN UPDATE SET *\nWHEN NOT MATCHED THEN INSERT *",
	"df = (spark.read.format(\"delta\")\n\t.load(\"/mnt/lake/silver/orders\")\n\t.where(\"date >= '2019-12-01'\"))",
	"display(df.groupBy(\"country\").agg(F.sum(\"amount\").alias(\"Σ amount\")).orderBy(F.desc(\"Σ amount\")))",
	"val path = \"dbfs:\\\\tmp\\\\out\"\nspark.table(\"gold.ledger\").write.mode(\"overwrite\").save(path)",
	"# größer als erwartet: prüfen – 売上 📈",
	"for i in range(10):\n    print(f\"partition {i}: {df.rdd.getNumPartitions()}\")",
	"CREATE OR REPLACE TEMP VIEW v AS SELECT *, \"a \\\"quoted\\\" name\" FROM t -- ünïcode\u2028separator",
	"dbutils.fs.ls(\"/mnt/raw\")",
	"from pyspark.sql import functions as F, Window\nw = Window.partitionBy(\"customer_id\").orderBy(F.col(\"ts\").desc())",
	"OPTIMIZE gold.clusters ZORDER BY (timestamp)",
	"SHOW FUNCTIONS LIKE 't*'",
}
