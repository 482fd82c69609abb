package command

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

const (
	// sharesCollection is that of the names of links, renditionsCollection that of reports that were made.
	sharesCollection     = "reportShares"
	renditionsCollection = "reportRenditions"
)

// newReportLinks returns `otklik report links`.
func newReportLinks(env Env) *cobra.Command {
	return newGroup("links", "Let others read reports without logging in",
		"Let others read reports without logging in. Whoever has a link sees its report, made anew with the rights of whoever made the link; none tells of employees or of single companies.",
		newLinkList(env), newLinkCreate(env), newLinkDelete(env))
}

func newLinkList(env Env) *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List links, and how often they were read", Example: `  otklik report links list`, Args: exactly()}
	c := newCall(env, cmd)
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		return c.with(func(conn *client.Connection) error {
			request := &reportingv1.ListReportSharesRequest{PageSize: largestPage}
			list, err := listAll(ctx, "links", conn.Shares.ListReportShares, request, &request.PageToken, (*reportingv1.ListReportSharesResponse).GetReportShares)
			if err != nil {
				return err
			}
			switch {
			case c.json:
				return c.printJSON(&reportingv1.ListReportSharesResponse{ReportShares: list})
			case len(list) == 0:
				return c.write("no links\n")
			}
			var rows [][]string
			for _, s := range list {
				rows = append(rows, []string{
					strings.TrimPrefix(s.GetName(), sharesCollection+"/"), orDash(s.GetDisplayName()), strings.TrimPrefix(s.GetReport()+s.GetRendition(), "reports/"),
					orDash(s.GetSubject()), enumWord("STATE_", s.GetState()), formatTime(s.GetExpireTime()), fmt.Sprint(s.GetViewCount()), formatTime(s.GetLastViewTime()),
					"…" + s.GetSecretHint(),
				})
			}
			return c.table([]string{"LINK", "NAME", "REPORT", "ABOUT", "STATE", "ENDS", "READ", "LAST READ", "SECRET"}, rows)
		})
	})
	return cmd
}

func newLinkCreate(env Env) *cobra.Command {
	var id, survey, expires string
	var formats []string
	link := &reportingv1.ReportShare{}
	cmd := &cobra.Command{
		Use: "create REPORT", Short: "Make a link, and print its address",
		Long: `Make a link, and print its address, which holds the secret and is told this once. REPORT is a report, or reportRenditions/{fingerprint} for one that was made.`,
		Example: `  otklik report links create executive-summary --expires 336h --format pdf
  otklik report links create store-scorecard --subject locations/osh --name "Manager of Osh"`,
		Args: exactly("REPORT"),
	}
	flags := cmd.Flags()
	flags.StringVar(&id, "id", "", "the link's identifier (default: the server makes one)")
	flags.StringVar(&link.DisplayName, "name", "", "for whom or what it is; its readers are not told")
	flags.StringVar(&survey, "survey", "", "the survey, where the report names none")
	flags.StringVar(&link.Subject, "subject", "", "what it is about, for example locations/osh")
	flags.StringVar(&link.Filter, "filter", "", "which responses are counted besides")
	flags.StringVar(&link.LanguageCode, "language", "", "ru, ky or en (default: that of the report)")
	flags.StringSliceVar(&formats, "format", nil, names("the forms in which readers may take it away", "REPORT_FORMAT_", reportingv1.ReportFormat(0).Descriptor()))
	flags.StringVar(&expires, "expires", "", "when it ends: a duration such as 336h, or a time such as 2027-01-31 (default: in 30 days; at most 90 days)")
	c := newCall(env, cmd)
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		if strings.HasPrefix(args[0], renditionsCollection+"/") {
			link.Rendition = args[0]
		} else {
			link.Report = named("reports", args[0])
		}
		if survey != "" {
			link.Survey = surveyName(survey)
		}
		for _, word := range formats {
			format, err := value("format", "REPORT_FORMAT_", word, reportingv1.ReportFormat(0).Descriptor())
			if err != nil {
				return err
			}
			link.Formats = append(link.Formats, reportingv1.ReportFormat(format))
		}
		if expires == never {
			return exit.Usagef("--expires: links end after 90 days at most")
		}
		var err error
		if link.ExpireTime, err = parseExpiry(expires, c.env.Now()); err != nil {
			return err
		}
		return c.with(func(conn *client.Connection) error {
			answer, err := conn.Shares.CreateReportShare(ctx, &reportingv1.CreateReportShareRequest{ReportShareId: id, ReportShare: link})
			if err != nil {
				return fmt.Errorf("create link: %w", err)
			}
			if c.json {
				return c.printJSON(answer)
			}
			return c.write(answer.GetUrl() + "\n")
		})
	})
	return cmd
}

func newLinkDelete(env Env) *cobra.Command {
	cmd := &cobra.Command{Use: "delete LINK", Short: "End a link for good, and forget it", Example: `  otklik report links delete board`, Args: exactly("LINK")}
	c := newCall(env, cmd)
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		return c.with(func(conn *client.Connection) error {
			if _, err := conn.Shares.DeleteReportShare(ctx, &reportingv1.DeleteReportShareRequest{Name: named(sharesCollection, args[0])}); err != nil {
				return fmt.Errorf("delete link: %w", err)
			}
			return nil
		})
	})
	return cmd
}
