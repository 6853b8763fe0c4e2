// Layout measures the file layout on a lake: go run ./bench/layout/cmd -lake DIR.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"

	"github.com/auditlake/auditlake/bench/layout"
)

func main() {
	o := layout.Options{Out: os.Stdout, Progress: os.Stderr}
	flag.StringVar(&o.Lake, "lake", "", "URL or folder of the lake")
	flag.StringVar(&o.Files, "files", "", "an existing folder to keep the files in")
	flag.StringVar(&o.DuckDB, "duckdb", "", "folder whose node_modules has DuckDB, such as interop")
	flag.IntVar(&o.Repeats, "repeats", 5, "measurements of each figure, for the median")
	tables := flag.String("tables", strings.Join(layout.DefaultTables(), ","), "tables, joined by commas")
	variants := flag.String("variants", "", "variants beside today's, joined by commas; all if empty")
	flag.Parse()
	o.Tables = strings.Split(*tables, ",")
	if *variants != "" {
		o.Variants = strings.Split(*variants, ",")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := layout.Run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "layout:", err)
		os.Exit(1)
	}
}
