package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/otklik/otklik/cmd/otklik/internal/command"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	"github.com/otklik/otklik/cmd/otklik/internal/suite"
)

// run executes a command line and returns the exit code.
func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	root := newRootCommand()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	if err := root.ExecuteContext(ctx); err != nil {
		exit.Report(errOut, err)
		return exit.Code(err)
	}
	return exit.OK
}

func newRootCommand() *cobra.Command {
	root := newAllCommand()
	root.Use = "otklik"
	root.Short = "Ask customers, score the answers, see what to fix first"
	root.SilenceUsage = true
	root.SilenceErrors = true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return exit.Usagef("%w; see %s --help", err, cmd.CommandPath())
	})
	root.CompletionOptions.HiddenDefaultCmd = true
	surveyCommand := newServeCommand("survey", "Run the survey service alone; with a subcommand, look at surveys", announced(suite.Survey), "data", "grpc")
	env := command.Env{}
	surveyCommand.AddCommand(command.NewSurveyCommands(env)...)
	commentCommand := newServeCommand("comment", "Run the comment service alone; with a subcommand, analyse and read comments", announced(suite.Comment), "data", "grpc")
	commentCommand.AddCommand(command.NewCommentCommands(env)...)
	root.AddCommand(
		commentCommand,
		newAllCommand(),
		newDemoCommand(),
		newBenchBaselineCommand(),
		surveyCommand,
		newServeCommand("scoring", "Run the scoring service alone", announced(suite.Scoring), "data", "grpc"),
		newServeCommand("segmentation", "Run the segmentation service alone", announced(suite.Segmentation), "data", "grpc"),
		newServeCommand("reporting", "Run the reporting service alone", announced(suite.Reporting), "data", "grpc"),
		newServeCommand("access", "Run the access service alone", announced(suite.Access), "data", "grpc"),
		newServeCommand("gateway", "Run the gateway alone", announced(suite.Gateway), "http"),
		newMigrateCommand(),
		newConfigCommand(),
		newHealthCommand(),
		newVersionCommand(),
		command.NewImportCommand(env),
		command.NewScoreCommand(env),
		command.NewCompareCommand(env),
		command.NewRankCommand(env),
		command.NewDefinitionsCommand(env),
		command.NewAlertsCommand(env),
		command.NewInterviewsCommand(env),
		command.NewDigestsCommand(env),
		command.NewCasesCommand(env),
		command.NewRecoveriesCommand(env),
		command.NewLightsCommand(env),
		command.NewDirectoryCommand(env),
		command.NewSegmentsCommand(env),
		command.NewTimelineCommand(env),
		command.NewPurchasesCommand(env),
		command.NewRetentionCommand(env),
		command.NewReportCommand(env),
		command.NewOverviewCommand(env),
		command.NewOperationsCommand(env),
		command.NewKpiCommand(env),
		command.NewBenchmarksCommand(env),
		command.NewMapCommand(env),
		command.NewFactsCommand(env),
		command.NewMomentsCommand(env),
		command.NewExportCommand(env),
		command.NewDeadLettersCommand(env),
		command.NewKeysCommand(env),
		command.NewMembersCommand(env),
		command.NewInvitationsCommand(env),
		command.NewAuditCommand(env),
		command.NewPrivacyCommand(env),
		command.NewConsentCommand(env),
		command.NewWebhooksCommand(env),
		command.NewWhoamiCommand(env),
		command.NewUsageCommand(env),
	)
	return root
}
