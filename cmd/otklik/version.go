package main

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// newVersionCommand tells which program this is, for reports of faults.
func newVersionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print version, commit and Go release of this program",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			info, ok := debug.ReadBuildInfo()
			if !ok {
				info = &debug.BuildInfo{}
			}
			_, err := fmt.Fprint(cmd.OutOrStdout(), versionText(info))
			return err
		},
	}
}

// versionText says what is known of the build.
func versionText(info *debug.BuildInfo) string {
	settings := make(map[string]string)
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	known := func(s string) string {
		if s == "" {
			return "unknown"
		}
		return s
	}
	commit := known(settings["vcs.revision"])
	if settings["vcs.modified"] == "true" {
		commit += ", with changes"
	}
	return fmt.Sprintf("otklik  %s\ncommit  %s\ngo      %s\n", known(info.Main.Version), commit, known(info.GoVersion))
}
