package main

import (
	"github.com/spf13/cobra"

	"github.com/auditlake/auditlake/internal/demo"
)

func stillCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "still --dir DIR",
		Short: "Make the lake of which the pictures in the documentation are, the same each time",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return demo.Still(cmd.Context(), dir, cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "folder for logs and lake, which are made anew")
	if err := cmd.MarkFlagRequired("dir"); err != nil {
		panic(err) // the flag is above
	}
	return cmd
}
