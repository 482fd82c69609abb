package main

import (
	"github.com/spf13/cobra"

	"github.com/otklik/otklik/cmd/otklik/internal/suite"
)

// newBenchBaselineCommand is for developers: tests/load compares `otklik all` with it.
func newBenchBaselineCommand() *cobra.Command {
	cmd := newServeCommand("bench-baseline", "Run the gateway in front of a handler that stores nothing, for measurements", announced(suite.Baseline), "data", "http", "grpc")
	cmd.Hidden = true
	return cmd
}
