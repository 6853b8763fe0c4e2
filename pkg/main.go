// Command gpx_auditlake is the plugin's executable: the data source when Grafana
// starts it, the command line when given a verb.
//
//	gpx_auditlake etl --source URL --lake URL
package main

import (
	"os"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend/datasource"
	"github.com/grafana/grafana-plugin-sdk-go/backend/log"

	"github.com/auditlake/auditlake/pkg/cli"
	"github.com/auditlake/auditlake/pkg/plugin"
)

func main() {
	if len(os.Args) > 1 && !isSDKFlag(os.Args[1]) {
		os.Exit(cli.Main(cli.New("gpx_auditlake")))
	}
	admin := plugin.AdminFromEnv(os.Getenv)
	if err := datasource.Manage(plugin.ID, plugin.Factory(admin), datasource.ManageOpts{}); err != nil {
		log.DefaultLogger.Error("Serving the data source failed", "error", err)
		os.Exit(1)
	}
}

// isSDKFlag says whether the argument is one that the plugin SDK reads.
func isSDKFlag(arg string) bool {
	name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	return strings.HasPrefix(arg, "-") && (name == "standalone" || name == "buildinfo" || name == "version")
}
