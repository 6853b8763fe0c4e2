// Command auditlake is the developer's front door: the commands that the plugin's
// binary has too, and those of a developer.
//
//	generate.go  deliveries at once
//	follow.go    deliveries as time passes
//	demo.go      the main job on generated logs
//	preview.go   the dashboards over any lake, in a browser
//	still.go     the lake of the documentation's pictures
package main

import (
	"os"

	"github.com/auditlake/auditlake/pkg/cli"
)

func main() {
	os.Exit(cli.Main(cli.New("auditlake", generateCommand(), demoCommand(), previewCommand(), stillCommand())))
}
