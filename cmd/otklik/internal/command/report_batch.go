package command

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// newReportBatch returns `otklik report batch`.
func newReportBatch(env Env) *cobra.Command {
	format := choice{prefix: "REPORT_FORMAT_", enum: reportingv1.ReportFormat(0).Descriptor()}
	var out, survey, region string
	var overwrite bool
	var which sliceFlags
	order := &reportingv1.ReportBatch{Query: &reportingv1.ReportQuery{}}
	cmd := &cobra.Command{
		Use:   "batch REPORT -o FILE.zip",
		Short: "Make the reports of many units, such as the scorecards of all stores of a region, in one archive",
		Long: `Have the server make a report of each unit in the background, all as of one moment, wait until it is done, and download the archive, which has a file for each.
Interrupted, it goes on: see otklik report exports.`,
		Example: `  otklik report batch store-scorecard -o scorecards.zip
  otklik report batch store-scorecard --region south --from 2026-03 --to 2026-04 --language ky --format xlsx -o south.zip
  otklik report batch account-scorecard --subject companies/acme,companies/umai -o accounts.zip`,
		Args: exactly("REPORT"),
	}
	c := newCall(env, cmd)
	flags := cmd.Flags()
	format.add(flags, "format", "the form of each file", "pdf")
	flags.StringVarP(&out, "output", "o", "", "archive to write (needed)")
	flags.BoolVar(&overwrite, "overwrite", false, "write over FILE if it exists")
	flags.StringVar(&survey, "survey", "", "the survey, where the report names none and there are several")
	flags.StringVar(&order.Query.LanguageCode, "language", "", "ru, ky or en (default: that of the report)")
	flags.StringSliceVar(&order.Subjects, "subject", nil, "whom the reports are about, such as locations/ID (default: all that you see)")
	flags.StringVar(&region, "region", "", "only the locations in this region and in the regions within it")
	flags.StringVar(&which.from, "from", "", "what they cover, its begin: 2026, 2026-03, 2026-03-15 or 2026-03-15T09:30 (default: what the report's rule says now)")
	flags.StringVar(&which.to, "to", "", "its end, which does not belong to it")
	flags.StringVar(&which.timeZone, "time-zone", "", "time zone of --from and --to, for example Asia/Bishkek (default: UTC)")
	flags.StringVar(&which.filter, "filter", "", `which responses are counted besides, for example 'channel = "app"'`)
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		number, err := value("format", format.prefix, format.text, format.enum)
		if err != nil {
			return err
		}
		if out == "" {
			return exit.Usagef("--output is needed: name the archive to write")
		}
		s, err := which.slice()
		if err != nil {
			return err
		}
		order.Format = max(reportingv1.ReportFormat_REPORT_FORMAT_PDF, reportingv1.ReportFormat(number))
		order.Query.Name, order.Query.Period, order.Query.Filter = reportName(args[0]), s.period, s.filter
		if survey != "" {
			order.Query.Survey = surveyName(survey)
		}
		if region != "" {
			order.Region = "regions/" + region
		}
		return c.with(func(conn *client.Connection) error {
			made, err := conn.Exports.CreateExport(ctx, &reportingv1.CreateExportRequest{Export: &reportingv1.Export{Kind: reportingv1.Export_KIND_REPORTS, Reports: order}})
			if err != nil {
				return fmt.Errorf("%s: %w", cmd.CommandPath(), err)
			}
			done, err := c.awaitExport(ctx, conn, made.GetExport())
			if err != nil {
				return err
			}
			if err := c.writeWhole(out, overwrite, func(w io.Writer) error { return downloadExport(ctx, conn, done.GetName(), 0, w) }); err != nil {
				return err
			}
			return c.showExports(&reportingv1.GetExportResponse{Export: done}, done)
		})
	})
	return cmd
}
