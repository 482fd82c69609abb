package command

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// reportName is the name of a report that people may give by its identifier alone.
func reportName(id string) string {
	if strings.HasPrefix(id, "reports/") {
		return id
	}
	return "reports/" + id
}

func newReportList(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List reports: those that come with the product, and the organisation's own", Args: exactly(),
		Example: `  otklik report list`,
	}
	c := newCall(env, cmd)
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		return c.with(func(conn *client.Connection) error {
			all := &reportingv1.ListReportsResponse{}
			req := &reportingv1.ListReportsRequest{PageSize: 1000}
			for {
				got, err := conn.Reports.ListReports(ctx, req)
				if err != nil {
					return fmt.Errorf("%s: %w", cmd.CommandPath(), err)
				}
				all.Reports = append(all.Reports, got.GetReports()...)
				if req.PageToken = got.GetNextPageToken(); req.GetPageToken() == "" {
					break
				}
			}
			if c.json {
				return c.printJSON(all)
			}
			rows := make([][]string, len(all.GetReports()))
			for i, r := range all.GetReports() {
				name, by := r.GetDisplayName(), r.GetAuthor()
				if r.GetBuiltIn() {
					by = "built in"
				}
				rows[i] = []string{
					strings.TrimPrefix(r.GetName(), "reports/"), enumWord("REPORT_KIND_", r.GetKind()), name, enumWord("REPORT_PERIOD_RULE_", r.GetPeriodRule()),
					enumWord("REPORT_CADENCE_", r.GetCadence()), fmt.Sprint(r.GetVersion()), by,
				}
			}
			return c.table([]string{"REPORT", "KIND", "NAME", "PERIOD", "CADENCE", "VERSION", "BY"}, rows)
		})
	})
	return cmd
}

func newReportRender(env Env) *cobra.Command {
	format := choice{prefix: "REPORT_FORMAT_", enum: reportingv1.ReportFormat(0).Descriptor()}
	var out, survey, language, subject, period string
	var which sliceFlags
	cmd := &cobra.Command{
		Use:   "render REPORT --format pdf|xlsx|csv|html|json -o FILE",
		Short: "Make a report as a file",
		Long: `Make a report as a file: one of those that otklik report list names. Every number in it comes with its n, interval and definition, and the file names the
fingerprint by which the report can be made again.`,
		Example: `  otklik report render executive-summary --format pdf -o summary.pdf
  otklik report render survey-report --survey sfo-2017 --period 2017 --language en --format xlsx -o sfo.xlsx
  otklik report render store-scorecard --subject locations/osh-1 --format html -o osh.html`,
		Args: exactly("REPORT"),
	}
	c := newCall(env, cmd)
	flags := cmd.Flags()
	format.add(flags, "format", "the form", "pdf")
	flags.StringVarP(&out, "output", "o", "", "the file to write; - is the standard output (needed)")
	flags.StringVar(&survey, "survey", "", "the survey, where the report names none and there are several")
	flags.StringVar(&language, "language", "", "ru, ky or en (default: that of the report)")
	flags.StringVar(&subject, "subject", "", "whom or what it is about: locations/ID, companies/ID or employees/ID; scorecards need it")
	flags.StringVar(&period, "period", "", "what it covers, in the time zone of the report: a year, a half-year, a quarter, a month or a day, such as 2026, 2026-H1, 2026-Q3, 2026-03 or 2026-03-15 (default: what the report's rule says now)")
	flags.StringVar(&which.from, "from", "", "in place of --period, its begin: 2026, 2026-03, 2026-03-15, 2026-03-15T09:30 or with an offset")
	flags.StringVar(&which.to, "to", "", "its end, which does not belong to it: 2026-04-01 ends it with 31 March")
	flags.StringVar(&which.timeZone, "time-zone", "", "time zone of --from, --to and --as-of, for example Asia/Bishkek (default: UTC)")
	flags.StringVar(&which.asOf, "as-of", "", "leave out what was accepted after this moment, given as for --from")
	flags.StringVar(&which.filter, "filter", "", `which responses are counted besides, for example 'location = "osh"'`)
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		number, err := value("format", format.prefix, format.text, format.enum)
		if err != nil {
			return err
		}
		if number == 0 {
			number = reportingv1.ReportFormat_REPORT_FORMAT_PDF.Number()
		}
		if out == "" {
			return exit.Usagef("--output is needed: name the file to write, or - for the standard output")
		}
		if period != "" && (which.from != "" || which.to != "") {
			return exit.Usagef("either --period or --from and --to, not both")
		}
		s, err := which.slice()
		if err != nil {
			return err
		}
		query := &reportingv1.ReportQuery{
			Name: reportName(args[0]), LanguageCode: language, Period: s.period, CalendarPeriod: period, Subject: subject, Filter: s.filter, AsOfTime: s.asOf,
		}
		if survey != "" {
			query.Survey = surveyName(survey)
		}
		return c.with(func(conn *client.Connection) error {
			got, err := conn.Reports.DownloadReport(ctx, &reportingv1.DownloadReportRequest{Query: query, Format: reportingv1.ReportFormat(number)})
			if err != nil {
				return fmt.Errorf("%s: %w", cmd.CommandPath(), err)
			}
			if out == "-" {
				return c.write(string(got.GetContent()))
			}
			if err := os.WriteFile(out, got.GetContent(), 0o600); err != nil {
				return fmt.Errorf("write report: %w", err)
			}
			if c.json {
				got.Content = nil
				return c.printJSON(got)
			}
			return c.write(fmt.Sprintf("%s: %d bytes, counted up to %s, fingerprint %s\n", out, len(got.GetContent()), formatMoment(got.GetWatermark()), got.GetFingerprint()))
		})
	})
	return cmd
}
