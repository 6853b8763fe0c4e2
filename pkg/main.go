// Command gpx_auditlake is the plugin's executable: the data source when Grafana
// starts it, the command line when given a verb.
//
//	gpx_auditlake etl --source URL --lake URL
package main

import (
	"context"
	"os"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend/datasource"
	"github.com/grafana/grafana-plugin-sdk-go/backend/log"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/auditlake/auditlake/pkg/cli"
	"github.com/auditlake/auditlake/pkg/plugin"
)

// stopTime is what is left for ending the ETL: Grafana kills the process 2 s
// after it asked it to stop.
const stopTime = 1800 * time.Millisecond

func main() {
	if len(os.Args) > 1 && !isSDKFlag(os.Args[1]) {
		os.Exit(cli.Main(cli.New("gpx_auditlake")))
	}
	os.Exit(serve())
}

// serve is the data source, until Grafana stops it.
func serve() int {
	shell := plugin.NewShell(plugin.AdminFromEnv(os.Getenv), cli.Engine(), prometheus.DefaultRegisterer)
	err := datasource.Manage(plugin.ID, shell.Instance, datasource.ManageOpts{})
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	if err := shell.Close(ctx); err != nil {
		// No harm: what a run committed is complete, and the next one goes on.
		log.DefaultLogger.Warn("The ETL was still at work when its time was up", "error", err)
	}
	if err != nil {
		log.DefaultLogger.Error("Serving the data source failed", "error", err)
		return 1
	}
	return 0
}

// isSDKFlag says whether the argument is one that the plugin SDK reads.
func isSDKFlag(arg string) bool {
	name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	return strings.HasPrefix(arg, "-") && (name == "standalone" || name == "buildinfo" || name == "version")
}
