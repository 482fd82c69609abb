package command

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	"github.com/otklik/otklik/libs/money"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// NewPurchasesCommand returns `otklik purchases`.
func NewPurchasesCommand(env Env) *cobra.Command {
	return newGroup("purchases", "Tell what customers bought, that they left, and that staff left",
		"Tell what customers bought, that they left, and that staff left. Scores are related to it by `otklik retention`.",
		newTableImport(env, "import", "Import a table of purchases, departures of customers or turnover of staff (CSV or XLSX)",
			`  otklik purchases import sales.csv --map bill=receipt --map card=respondent --map date=purchase_time
  otklik purchases import left.csv --kind churn --dry-run`,
			segmentationv1.Import_KIND_PURCHASE, segmentationv1.Import_KIND_CHURN, segmentationv1.Import_KIND_TURNOVER),
		newPurchasesList(env))
}

func newPurchasesList(env Env) *cobra.Command {
	var contact, from, to, zone string
	var limit int
	cmd := &cobra.Command{Use: "list", Short: "List purchases, the newest first", Example: `  otklik purchases list --contact c-17 --from 2026-01`, Args: exactly()}
	c := newCall(env, cmd)
	f := cmd.Flags()
	f.StringVar(&contact, "contact", "", "only purchases of this customer")
	f.StringVar(&from, "from", "", "only purchases at this time or later")
	f.StringVar(&to, "to", "", "only purchases before this time")
	f.StringVar(&zone, "time-zone", "", "IANA time zone of the times given (default UTC)")
	f.IntVar(&limit, "limit", 50, "at most this many")
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		if limit < 1 {
			return exit.Usagef("--limit must be positive")
		}
		period, err := parsePeriod(from, to, zone)
		if err != nil {
			return err
		}
		request := &segmentationv1.ListPurchasesRequest{Period: period, PageSize: pageFor(limit)}
		if contact != "" {
			request.Contact = named("contacts", contact)
		}
		return c.with(func(conn *client.Connection) error {
			list, err := listUpTo(ctx, "purchases", conn.Purchases.ListPurchases, request, &request.PageToken, (*segmentationv1.ListPurchasesResponse).GetPurchases, limit)
			if err != nil {
				return err
			}
			all := &segmentationv1.ListPurchasesResponse{Purchases: list}
			switch {
			case c.json:
				return c.printJSON(all)
			case len(all.GetPurchases()) == 0:
				return c.write("no purchases\n")
			}
			var rows [][]string
			for _, p := range all.GetPurchases() {
				rows = append(rows, []string{
					formatTime(p.GetPurchaseTime()), money.Format(float64(p.GetAmountMinor()), p.GetCurrency()), p.GetCurrency(), strings.TrimPrefix(p.GetContact(), "contacts/"),
					orDash(strings.TrimPrefix(p.GetLocation(), "locations/")), strings.TrimPrefix(p.GetName(), "purchases/"),
				})
			}
			return c.table([]string{"TIME", "AMOUNT", "CURRENCY", "CONTACT", "LOCATION", "RECEIPT"}, rows)
		})
	})
	return cmd
}
