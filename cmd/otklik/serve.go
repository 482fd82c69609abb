package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	"github.com/otklik/otklik/cmd/otklik/internal/suite"
	"github.com/otklik/otklik/libs/config"
)

// clientVariables are environment variables of the client commands; they set no field of the configuration.
var clientVariables = []string{"OTKLIK_SERVER", "OTKLIK_KEY", "OTKLIK_PROFILE"}

// testPrefix begins the names of environment variables that belong to tests, such as the servers to run them against.
const testPrefix = "OTKLIK_TEST_"

// fileFlag names the configuration file.
const fileFlag = "config"

// fieldFlags are the fields of the configuration that have a flag of the same name.
var fieldFlags = map[string]string{
	"data": "folder of the SQLite databases and of the first keys (default data)",
	"http": "address of the gateway, port 0 for a free one (default 127.0.0.1:8080)",
	"grpc": "address of the services, port 0 for a free one (default 127.0.0.1:9090)",
}

// devFlag turns development mode on.
const devFlag = "dev"

// addConfigFlags adds the flag of the file and those of the fields named.
func addConfigFlags(cmd *cobra.Command, fields ...string) {
	cmd.Flags().String(fileFlag, "", "configuration file (YAML)")
	for _, name := range fields {
		cmd.Flags().String(name, "", fieldFlags[name])
	}
}

// loadConfig gives the configuration in force: defaults, then file, environment, flags.
func loadConfig(cmd *cobra.Command) (suite.Config, error) {
	keys := make(map[string]string, len(fieldFlags))
	for name := range fieldFlags {
		if cmd.Flags().Lookup(name) != nil {
			keys[name] = name
		}
	}
	if cmd.Flags().Lookup(devFlag) != nil {
		keys[devFlag] = devFlag
	}
	environ := slices.DeleteFunc(os.Environ(), func(entry string) bool { return strings.HasPrefix(entry, testPrefix) })
	c, err := config.Load(suite.DefaultConfig(), config.WithFile(cmd.Flag(fileFlag).Value.String()),
		config.WithEnviron(environ, clientVariables...), config.WithFlags(cmd.Flags(), keys))
	if err != nil {
		return suite.Config{}, exit.Usagef("load configuration: %w", err)
	}
	return c, nil
}

// ownerOnly takes all rights of others off the files that a process makes.
const ownerOnly = 0o077

// serve is a function that runs a process until it is told to stop. It announces on out when it takes calls, and may talk to people on
// errOut.
type serve func(ctx context.Context, out, errOut io.Writer, config suite.Config) error

// announced makes a serve of a process that only announces.
func announced(run func(context.Context, suite.Config, func(suite.Ready)) error) serve {
	return func(ctx context.Context, out, _ io.Writer, config suite.Config) error {
		return run(ctx, config, suite.Announce(out))
	}
}

func newServeCommand(use, short string, f serve, fields ...string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   use,
		Short: short,
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			// The databases that the process makes are for nobody else, also in a data folder that somebody made before.
			syscall.Umask(ownerOnly)
			return f(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), c)
		},
	}
	addConfigFlags(cmd, fields...)
	return cmd
}

// noArguments refuses arguments, unknown commands among them.
func noArguments(cmd *cobra.Command, args []string) error {
	if err := cobra.NoArgs(cmd, args); err != nil {
		return exit.Usagef("%w; see %s --help", err, cmd.CommandPath())
	}
	return nil
}

func newAllCommand() *cobra.Command {
	cmd := newServeCommand("all", "Run the whole suite in one process (the default command)", announced(suite.All), "data", "http", "grpc")
	cmd.Long = cmd.Short + `.

Everything is stored in SQLite files in the data folder, unless the configuration names PostgreSQL databases. When everything takes calls, one line of JSON is written to standard output:
{"http":"http://127.0.0.1:8080","grpc":"127.0.0.1:9090","key":"…","key_file":"data/key"}. Where the configuration holds no key, an
administrator's is made at the first start, printed this once and kept in the data folder.

With --dev, calls without credentials act as an administrator: for trying things out on this machine, which alone is listened to.`
	addDevFlag(cmd)
	return cmd
}

// addDevFlag adds the flag of development mode.
func addDevFlag(cmd *cobra.Command) {
	cmd.Flags().Bool(devFlag, false, "development mode: calls without credentials act as an administrator; listens on this machine alone")
}

// configPreface stands above the reference of the configuration.
const configPreface = `# Configuration

Written by "make fix-docs" from the definition of the fields. Every process reads the same file (--config FILE, YAML) and takes the parts that it
needs; environment variables come over the file, flags over both. An unknown key refuses to start and is named. "otklik config" prints
what is in force, secrets redacted. Durations have a unit, for example 30s or 720h.

`

func newConfigCommand() *cobra.Command {
	var document bool
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Print the configuration in force, secrets redacted",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if document {
				text, err := config.Document(suite.DefaultConfig())
				if err != nil {
					return fmt.Errorf("document configuration: %w", err)
				}
				_, err = fmt.Fprint(cmd.OutOrStdout(), configPreface, string(text))
				return err
			}
			c, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			text, err := config.Redacted(c)
			if err != nil {
				return fmt.Errorf("redact configuration: %w", err)
			}
			_, err = cmd.OutOrStdout().Write(text)
			return err
		},
	}
	addConfigFlags(cmd, "data", "http", "grpc")
	cmd.Flags().BoolVar(&document, "document", false, "print the reference of all fields in Markdown instead")
	return cmd
}
