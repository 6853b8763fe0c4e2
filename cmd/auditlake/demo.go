package main

import (
	"fmt"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/auditlake/auditlake/internal/demo"
)

func demoCommand() *cobra.Command {
	cfg := demo.Config{}
	var headless bool
	var b built
	var address string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show the main job on generated logs, from delivery to the dashboards in a browser",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg.Out, cfg.Binary = cmd.OutOrStdout(), b.binary
			if err := demo.Run(cmd.Context(), cfg); err != nil || headless {
				return err
			}
			return demo.Live(cmd.Context(), demo.Page{
				Dir: cfg.Dir, Binary: b.binary, Plugin: b.plugin, Page: b.page, Dash: b.dashboards, Address: address, Out: cfg.Out,
			})
		},
	}
	f := cmd.Flags()
	f.BoolVar(&headless, "headless", false, "print the answers and exit, without the page")
	f.StringVar(&cfg.Dir, "dir", ".demo", "folder for logs and lakes, which are made anew")
	f.StringVar(&address, "address", previewAddress, "where the page listens, on this machine alone; another port if it is taken")
	b.flags(cmd)
	return cmd
}

// previewAddress is where a preview is found, if nothing else is there.
const previewAddress = "127.0.0.1:8808"

// built is what was built for this machine, and where.
type built struct{ binary, plugin, page, dashboards string }

func (b *built) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	name := fmt.Sprintf("gpx_auditlake_%s_%s", runtime.GOOS, runtime.GOARCH)
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	f.StringVar(&b.binary, "binary", filepath.Join("dist", name), "the plugin's executable")
	f.StringVar(&b.plugin, "plugin", "dist", "folder of the built plugin")
	f.StringVar(&b.page, "page", filepath.Join("preview", "dist"), "folder of the built page")
	f.StringVar(&b.dashboards, "dashboards", filepath.Join("provisioning", "dashboards"), "folder of the dashboards' JSON")
}
