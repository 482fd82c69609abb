package main

import (
	"github.com/spf13/cobra"

	"github.com/otklik/otklik/cmd/otklik/internal/suite"
)

func newMigrateCommand() *cobra.Command {
	var status bool
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the PostgreSQL databases of the services to the schema of this program",
		Long: `Bring the PostgreSQL databases of the services to the schema of this program.

Every service whose postgres.dsn is configured is migrated, forward only; several runs at once wait for each other. A service works on the
newest schema that it knows and on the one before, so that databases can be migrated while the services of before run. With
--status nothing is changed: the versions are printed, and the exit code is 1 when a database is not up to date.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			if status {
				return suite.MigrationStatus(cmd.Context(), c, cmd.OutOrStdout())
			}
			return suite.Migrate(cmd.Context(), c, cmd.OutOrStdout())
		},
	}
	addConfigFlags(cmd)
	cmd.Flags().BoolVar(&status, "status", false, "print the versions and change nothing")
	return cmd
}
