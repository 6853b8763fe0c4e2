package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/auditlake/auditlake/internal/preview"
)

func previewCommand() *cobra.Command {
	var (
		b                       built
		address, lake, schedule string
		logs                    []string
	)
	cmd := &cobra.Command{
		Use:   "preview --lake DIR",
		Short: "Show the dashboards over a lake in a browser, without a Grafana",
		Long: `Starts the built plugin as Grafana does, with one data source on the lake, and
serves a page that draws the provisioned dashboards and the plugin's editors over
it, until it is interrupted. It is a tool for developers: it has no sign-in and
listens on this machine alone. go tool mage demo builds what it needs.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return preview.Show{
				Binary: b.binary, Page: b.page, Plugin: b.plugin, Dashboards: b.dashboards, Address: address,
				Sources: []preview.Local{{UID: "auditlake", Name: "Auditlake", Lake: lake, Logs: logs, Schedule: schedule}}, Log: cmd.ErrOrStderr(),
				Ready: func(url string) error {
					_, err := fmt.Fprintf(cmd.OutOrStdout(), "Preview: %s\n", url)
					return err
				},
			}.Run(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.StringVar(&lake, "lake", "", "folder of the lake")
	f.StringArrayVar(&logs, "source", nil, "folder of delivered logs; may be repeated")
	f.StringVar(&schedule, "schedule", "off", "time between two runs of the ETL, such as 1m, or off")
	f.StringVar(&address, "address", previewAddress, "where the page listens, on this machine alone; another port if it is taken")
	b.flags(cmd)
	if err := cmd.MarkFlagRequired("lake"); err != nil {
		panic(err)
	}
	return cmd
}
