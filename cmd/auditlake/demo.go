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
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show the main job on generated logs, from delivery to the plugin's frames",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg.Out = cmd.OutOrStdout()
			return demo.Run(cmd.Context(), cfg)
		},
	}
	binary := fmt.Sprintf("gpx_auditlake_%s_%s", runtime.GOOS, runtime.GOARCH)
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	f := cmd.Flags()
	f.BoolVar(&headless, "headless", false, "print and exit; as long as the demo has no page this is all it does anyway")
	f.StringVar(&cfg.Dir, "dir", ".demo", "folder for logs and lake, which are made anew")
	f.StringVar(&cfg.Binary, "binary", filepath.Join("dist", binary), "the plugin's executable")
	return cmd
}
