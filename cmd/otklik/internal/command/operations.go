package command

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	"github.com/otklik/otklik/libs/money"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// kindPrefix begins the values of kinds of records.
const kindPrefix = "OPERATION_KIND_"

// NewOperationsCommand returns `otklik operations`.
func NewOperationsCommand(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "operations",
		Short: "Import and read what is recorded of stores beside answers",
		Long: `Import and read what is recorded of stores beside answers: visitors, sales, receipts, presses of the activity button, mystery visits, terminals, emotion
events, changes of policies and shifts. An interval with 0 is one in which nothing was counted; one without a record is a gap.`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newOperationsImport(env), newOperationsList(env), newOperationsDelete(env), newOperationsSummary(env))
	return cmd
}

// operationKind is the kind that an argument names.
func operationKind(text string) (reportingv1.OperationKind, error) {
	d := reportingv1.OperationKind(0).Descriptor()
	v := d.Values().ByName(protoreflect.Name(kindPrefix + strings.ToUpper(strings.ReplaceAll(text, "-", "_"))))
	if v == nil || v.Number() == 0 {
		return 0, exit.Usagef("there is no kind %q; the kinds are %s", text, names("", kindPrefix, d))
	}
	return reportingv1.OperationKind(v.Number()), nil
}

// operationFlags say which records are meant.
type operationFlags struct {
	locations, ids []string
	employee       string
	from, to, zone string
	limit          int
}

func (o *operationFlags) add(f *pflag.FlagSet) {
	f.StringSliceVar(&o.locations, "location", nil, "only of these locations")
	f.StringVar(&o.from, "from", "", "only what began at this time or later, such as 2026-09-01 or 2026-09-01T10:00+06:00")
	f.StringVar(&o.to, "to", "", "only what began before this time")
	f.StringVar(&o.zone, "time-zone", "", "time zone of --from and --to (default: UTC)")
}

func newOperationsList(env Env) *cobra.Command {
	var flags operationFlags
	cmd := &cobra.Command{
		Use: "list KIND", Short: "List records, the first first", Args: exactly("KIND"),
		Example: "  otklik operations list visitors --location osh --from 2026-09-01 --to 2026-10-01\n  otklik operations list mystery-visits --json",
	}
	c := newCall(env, cmd)
	f := cmd.Flags()
	flags.add(f)
	f.StringVar(&flags.employee, "employee", "", "only of this employee")
	f.IntVar(&flags.limit, "limit", 100, "at most this many") //nolint:mnd // a screen or two
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		kind, err := operationKind(args[0])
		if err != nil {
			return err
		}
		if flags.limit < 1 {
			return exit.Usagef("--limit must be positive")
		}
		request := &reportingv1.ListOperationsRequest{Kind: kind, Locations: allNamed("locations", flags.locations), PageSize: pageFor(flags.limit)}
		if flags.employee != "" {
			request.Employee = named("employees", flags.employee)
		}
		if request.Period, err = parsePeriod(flags.from, flags.to, flags.zone); err != nil {
			return err
		}
		list, err := listUpTo(ctx, "records", conn.Operations.ListOperations, request, &request.PageToken, (*reportingv1.ListOperationsResponse).GetRecords, flags.limit)
		switch {
		case err != nil:
			return err
		case c.json:
			return c.printJSON(&reportingv1.ListOperationsResponse{Records: list})
		case len(list) == 0:
			return c.write("no records\n")
		}
		return c.operationTable(list)
	})
	return cmd
}

// allNamed are names of a collection.
func allNamed(collection string, ids []string) []string {
	var out []string
	for _, id := range ids {
		out = append(out, named(collection, id))
	}
	return out
}

func (c *call) operationTable(list []*reportingv1.OperationRecord) error {
	var rows [][]string
	for _, r := range list {
		end := ""
		if r.GetEndTime() != nil {
			end = formatTime(r.GetEndTime())
		}
		rows = append(rows, []string{orDash(r.GetId()), orDash(idOf(r.GetLocation())), orDash(idOf(r.GetEmployee())), orDash(r.GetDevice()), formatTime(r.GetStartTime()), orDash(end), recorded(r)})
	}
	return c.table([]string{"ID", "LOCATION", "EMPLOYEE", "DEVICE", "START", "END", "WHAT"}, rows)
}

// recorded says what a record says.
func recorded(r *reportingv1.OperationRecord) string {
	switch d := r.GetData().(type) {
	case *reportingv1.OperationRecord_Visitors:
		return fmt.Sprintf("%d visitors", d.Visitors.GetVisitors())
	case *reportingv1.OperationRecord_Sales:
		text := fmt.Sprintf("%d receipts, %s %s", d.Sales.GetReceipts(), money.Format(float64(d.Sales.GetRevenueMinor()), d.Sales.GetCurrency()), d.Sales.GetCurrency())
		if d.Sales.Visitors != nil {
			text += fmt.Sprintf(", %d visitors", d.Sales.GetVisitors())
		}
		return text
	case *reportingv1.OperationRecord_Receipt:
		return money.Format(float64(d.Receipt.GetAmountMinor()), d.Receipt.GetCurrency()) + " " + d.Receipt.GetCurrency()
	case *reportingv1.OperationRecord_Presses:
		p := d.Presses
		return fmt.Sprintf("%d consultations, %d likes, %d dislikes, %d helps", p.GetConsultations(), p.GetLikes(), p.GetDislikes(), p.GetHelps())
	case *reportingv1.OperationRecord_MysteryVisit:
		var parts []string
		for _, criterion := range d.MysteryVisit.GetCriteria() {
			parts = append(parts, criterion.GetName()+": "+enumWord("OUTCOME_", criterion.GetOutcome()))
		}
		return strings.Join(parts, "; ")
	case *reportingv1.OperationRecord_Terminal:
		return fmt.Sprintf("%d shown, %d begun, %d completed", d.Terminal.GetShown(), d.Terminal.GetBegun(), d.Terminal.GetCompleted())
	case *reportingv1.OperationRecord_Emotion:
		return fmt.Sprintf("%s of a %s: %.2f", d.Emotion.GetEmotion(), enumWord("SUBJECT_", d.Emotion.GetSubject()), d.Emotion.GetScore())
	case *reportingv1.OperationRecord_PolicyChange:
		where := "everywhere"
		if names := d.PolicyChange.GetLocations(); len(names) > 0 {
			where = strings.ReplaceAll(strings.Join(names, ", "), "locations/", "")
		}
		return fmt.Sprintf("%s, %s: %s", enumWord("POLICY_", d.PolicyChange.GetPolicy()), where, d.PolicyChange.GetDescription())
	case *reportingv1.OperationRecord_Shift:
		return orDash(d.Shift.GetRole())
	}
	return "-"
}

func newOperationsDelete(env Env) *cobra.Command {
	var flags operationFlags
	cmd := &cobra.Command{
		Use: "delete KIND", Short: "Remove records that were told in error", Args: exactly("KIND"),
		Example: "  otklik operations delete receipts --id r-10045\n  otklik operations delete visitors --location osh --from 2026-09-01 --to 2026-09-02",
	}
	c := newCall(env, cmd)
	f := cmd.Flags()
	flags.add(f)
	f.StringSliceVar(&flags.ids, "id", nil, "only of these identifiers")
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		kind, err := operationKind(args[0])
		if err != nil {
			return err
		}
		request := &reportingv1.DeleteOperationsRequest{Kind: kind, Ids: flags.ids, Locations: allNamed("locations", flags.locations)}
		if request.Period, err = parsePeriod(flags.from, flags.to, flags.zone); err != nil {
			return err
		}
		got, err := conn.Operations.DeleteOperations(ctx, request)
		return c.told("remove records", got, err, func() error { return c.write(fmt.Sprintf("%d records removed\n", got.GetDeletedCount())) })
	})
	return cmd
}

func newOperationsSummary(env Env) *cobra.Command {
	var flags operationFlags
	var by string
	cmd := &cobra.Command{
		Use: "summary", Short: "Sum visitors, sales and presses by location and step, and tell gaps", Args: exactly(),
		Long: `Sum visitors, sales and presses by location and step. A dash is a number that is not known, since nothing was recorded; 0 is one that was counted. DAYS tells
on how many of the days visitors, sales and presses were recorded.`,
		Example: "  otklik operations summary --from 2026-09-01 --to 2026-10-01 --by week\n  otklik operations summary --location osh --from 2026-09-01 --to 2026-09-02 --by hour --json",
	}
	c := newCall(env, cmd)
	f := cmd.Flags()
	flags.add(f)
	f.StringVar(&by, "by", "", "hour, day, week, month, quarter or year (default: all in one)")
	f.IntVar(&flags.limit, "limit", 50, "at most this many locations") //nolint:mnd // a screen or two
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, _ []string) error {
		if flags.from == "" {
			return exit.Usagef("--from is needed")
		}
		if flags.limit < 1 || flags.limit > 200 {
			return exit.Usagef("--limit must lie between 1 and 200")
		}
		if flags.to == "" {
			flags.to = time.Now().UTC().Format(time.RFC3339)
		}
		request := &reportingv1.QueryOperationsRequest{Locations: allNamed("locations", flags.locations), PageSize: pageFor(flags.limit)}
		grain, err := value("by", "TIME_GRAIN_", by, typev1.TimeGrain(0).Descriptor())
		if err != nil {
			return err
		}
		request.Grain = typev1.TimeGrain(grain)
		if request.Period, err = parsePeriod(flags.from, flags.to, flags.zone); err != nil {
			return err
		}
		got, err := conn.Operations.QueryOperations(ctx, request)
		return c.told("sum records", got, err, func() error { return c.operationSummary(got) })
	})
	return cmd
}

// operationSummary prints sums, and where there are gaps.
func (c *call) operationSummary(got *reportingv1.QueryOperationsResponse) error {
	unless := func(days int32, hour bool, n int64) string {
		if days == 0 && !hour {
			return "-"
		}
		return fmt.Sprint(n)
	}
	var rows [][]string
	for _, s := range got.GetSummaries() {
		hour := s.GetDays() == 0
		visitors, presses := "-", []string{"-", "-", "-"}
		if s.Visitors != nil {
			visitors = fmt.Sprint(s.GetVisitors())
		}
		if s.Consultations != nil {
			presses = []string{fmt.Sprint(s.GetConsultations()), fmt.Sprint(s.GetLikes()), fmt.Sprint(s.GetDislikes())}
		}
		receipts, revenue := "-", "-"
		for i, sold := range s.GetSales() {
			if i == 0 {
				receipts, revenue = "", ""
			} else {
				receipts, revenue = receipts+" + ", revenue+" + "
			}
			receipts += unless(s.GetSalesDays(), hour, sold.GetReceipts())
			revenue += money.Format(float64(sold.GetRevenueMinor()), sold.GetCurrency()) + " " + sold.GetCurrency()
		}
		days := fmt.Sprintf("%d/%d/%d of %d", s.GetVisitorDays(), s.GetSalesDays(), s.GetPressDays(), s.GetDays())
		if hour {
			days = "-"
		}
		rows = append(rows, append([]string{idOf(s.GetLocation()), formatTime(s.GetStartTime()), visitors, receipts, revenue}, append(presses, days)...))
	}
	if len(rows) == 0 {
		return c.write("nothing was recorded\n")
	}
	if err := c.table([]string{"LOCATION", "FROM", "VISITORS", "RECEIPTS", "REVENUE", "CONSULTATIONS", "LIKES", "DISLIKES", "DAYS"}, rows); err != nil {
		return err
	}
	if n := got.GetLongerCount(); n > 0 {
		if err := c.write(fmt.Sprintf("%d records are longer than an hour, and in none\n", n)); err != nil {
			return err
		}
	}
	for _, g := range got.GetGaps() {
		line := fmt.Sprintf("gap: %s, no %s from %s to %s\n", idOf(g.GetLocation()), enumWord("MEASURE_", g.GetMeasure()), formatTime(g.GetStartTime()), formatTime(g.GetEndTime()))
		if err := c.write(printable(strings.TrimSuffix(line, "\n")) + "\n"); err != nil {
			return err
		}
	}
	if got.GetMoreGaps() {
		return c.write("and more gaps\n")
	}
	return nil
}
