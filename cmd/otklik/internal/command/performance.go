package command

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// performanceFlags say which operations data an analysis looks at.
type performanceFlags struct {
	from, to, region, currency string
	locations                  []string
	level                      float64
}

func (p *performanceFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&p.from, "from", "", "the first day, month or year, such as 2026-03 (needed)")
	flags.StringVar(&p.to, "to", "", "the first day, month or year after the period (needed)")
	flags.StringSliceVar(&p.locations, "location", nil, "the locations (default: all that you see)")
	flags.StringVar(&p.region, "region", "", "locations in this region and the regions in it")
	flags.StringVar(&p.currency, "currency", "", "the currency of amounts, such as KGS; needed where there are several")
	flags.Float64Var(&p.level, "level", 0, "confidence level of intervals, 0.5 to 0.9999 (default 0.95)")
}

// dateLayouts are the forms of a day; a month or a year stands for its first one.
var dateLayouts = []string{"2006", "2006-01", time.DateOnly}

// date reads a day.
func date(flag, text string) (string, error) {
	if text == "" {
		return "", exit.Usagef("--%s is needed, a day such as 2026-03-15, a month or a year", flag)
	}
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t.Format(time.DateOnly), nil
		}
	}
	return "", exit.Usagef("--%s: %q is no day such as 2026-03-15, no month and no year", flag, text)
}

// query is which data the flags mean.
func (p *performanceFlags) query() (*reportingv1.PerformanceQuery, error) {
	from, err := date("from", p.from)
	if err != nil {
		return nil, err
	}
	to, err := date("to", p.to)
	if err != nil {
		return nil, err
	}
	q := &reportingv1.PerformanceQuery{StartDate: from, EndDate: to, Currency: strings.ToUpper(p.currency), ConfidenceLevel: p.level}
	for _, l := range p.locations {
		q.Locations = append(q.Locations, under("locations/", l))
	}
	if p.region != "" {
		q.Region = under("regions/", p.region)
	}
	return q, nil
}

// under is a name below a collection, which may be written without it.
func under(collection, id string) string {
	if strings.HasPrefix(id, collection) {
		return id
	}
	return collection + id
}

// newPerformance makes a command that asks about operations data.
func newPerformance[M proto.Message](
	env Env, cmd *cobra.Command, setUp func(flags *pflag.FlagSet),
	ask func(ctx context.Context, conn *client.Connection, query *reportingv1.PerformanceQuery) (M, error), show func(c *call, got M) error,
) *cobra.Command {
	cmd.Args = exactly()
	c := newCall(env, cmd)
	p := &performanceFlags{}
	p.add(cmd.Flags())
	setUp(cmd.Flags())
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		query, err := p.query()
		if err != nil {
			return err
		}
		return c.with(func(conn *client.Connection) error {
			got, err := ask(ctx, conn, query)
			switch {
			case err != nil:
				return fmt.Errorf("%s: %w", cmd.CommandPath(), err)
			case c.json:
				return c.printJSON(got)
			}
			return show(c, got)
		})
	})
	return cmd
}

// outcomeChoice is the flag of what locations are judged by.
func outcomeChoice() choices {
	return choices{"outcome": {prefix: "PERFORMANCE_OUTCOME_", enum: reportingv1.PerformanceOutcome(0).Descriptor()}}
}

// addOutcome adds it.
func addOutcome(c choices, flags *pflag.FlagSet, usage string) {
	c["outcome"].add(flags, "outcome", usage, "revenue")
}

func newReportRevenue(env Env) *cobra.Command {
	chosen := choices{
		"method": {prefix: "DECOMPOSITION_METHOD_", enum: reportingv1.DecompositionMethod(0).Descriptor()},
		"gaps":   {prefix: "GAP_TREATMENT_", enum: reportingv1.GapTreatment(0).Descriptor()},
	}
	var from, to string
	var byWeek bool
	return newPerformance(env, &cobra.Command{
		Use:   "revenue --baseline-from DAY --from DAY --to DAY",
		Short: "Split the change of revenue into what traffic, conversion and the average check did",
		Long: `Split the change of revenue between two periods into what traffic, conversion and the average check did. The effects sum to the change, those of locations to the
whole. A location that lacks days is left out and named, since an incomplete period compared with a complete one shows a fall that never was.`,
		Example: `  otklik report revenue --baseline-from 2026-08 --from 2026-09 --to 2026-10
  otklik report revenue --baseline-from 2026-08 --from 2026-09 --to 2026-10 --region north --method shapley --gaps known-days`,
	}, func(flags *pflag.FlagSet) {
		flags.StringVar(&from, "baseline-from", "", "begin of the period before (needed)")
		flags.StringVar(&to, "baseline-to", "", "end of the period before (default: --from)")
		chosen["method"].add(flags, "method", "how the change is split", "lmdi")
		chosen["gaps"].add(flags, "gaps", "what becomes of locations that lack days", "leave-out")
		flags.BoolVar(&byWeek, "by-week", false, "split each week against that of the period before, and sum over weeks")
	}, func(ctx context.Context, conn *client.Connection, query *reportingv1.PerformanceQuery) (*reportingv1.QueryRevenueResponse, error) {
		v, err := chosen.read("method", "gaps")
		if err != nil {
			return nil, err
		}
		before, err := date("baseline-from", from)
		if err != nil {
			return nil, err
		}
		end := query.GetStartDate()
		if to != "" {
			if end, err = date("baseline-to", to); err != nil {
				return nil, err
			}
		}
		return conn.Performance.QueryRevenue(ctx, &reportingv1.QueryRevenueRequest{
			Query: query, BaselineStartDate: before, BaselineEndDate: end, Method: reportingv1.DecompositionMethod(v[0]), Gaps: reportingv1.GapTreatment(v[1]), ByWeek: byWeek,
		})
	}, (*call).printRevenue)
}

func newReportQuality(env Env) *cobra.Command {
	return newPerformance(env, &cobra.Command{
		Use:   "quality --from DAY --to DAY",
		Short: "Tell how visitors, units sold, consultations and likes go together",
		Long: `Tell how counts of days go together within each location: visitors with units sold (quality of traffic), visitors with consultations (engagement of sellers),
consultations with likes (perceived quality), and which share of visitors is consulted (coverage). Days that follow each other are alike: intervals are by the number of
independent days that tell as much.`,
		Example: `  otklik report quality --from 2026-07 --to 2026-10`,
	}, func(*pflag.FlagSet) {}, func(ctx context.Context, conn *client.Connection, query *reportingv1.PerformanceQuery) (*reportingv1.QueryQualityResponse, error) {
		return conn.Performance.QueryQuality(ctx, &reportingv1.QueryQualityRequest{Query: query})
	}, (*call).printQuality)
}

func newReportStandards(env Env) *cobra.Command {
	chosen := outcomeChoice()
	return newPerformance(env, &cobra.Command{
		Use:   "standards --from DAY --to DAY",
		Short: "Tell how far standards are complied with, and which of them relate to sales, or to nothing",
		Long: `Tell how far standards are complied with in mystery visits, and which criteria go with what locations sell. A criterion that relates to nothing that could be told is named;
with few locations a relation may be missed: DETECTABLE is the size of a correlation that would have been seen.`,
		Example: `  otklik report standards --from 2026-07 --to 2026-10 --outcome conversion`,
	}, func(flags *pflag.FlagSet) { addOutcome(chosen, flags, "what criteria are related to") },
		func(ctx context.Context, conn *client.Connection, query *reportingv1.PerformanceQuery) (*reportingv1.QueryStandardsResponse, error) {
			v, err := chosen.read("outcome")
			if err != nil {
				return nil, err
			}
			return conn.Performance.QueryStandards(ctx, &reportingv1.QueryStandardsRequest{Query: query, Outcome: reportingv1.PerformanceOutcome(v[0])})
		}, (*call).printStandards)
}

func newReportSeasonality(env Env) *cobra.Command {
	chosen := outcomeChoice()
	var by, holidays []string
	enum := reportingv1.SeasonFactor(0).Descriptor()
	return newPerformance(env, &cobra.Command{
		Use:   "seasonality --from DAY --to DAY",
		Short: "Tell how revenue or traffic goes with month, working day, day of the week and hour",
		Long: `Tell how a number goes with the calendar, by a regression with an effect of each location's own. Each level is compared with the reference of its factor. Factors that
these days cannot tell apart, as working days and days of the week without a holiday, are refused when they are named.`,
		Example: `  otklik report seasonality --from 2026-01 --to 2026-10 --outcome visitors --holidays 2026-03-21,2026-05-05
  otklik report seasonality --from 2026-09 --to 2026-10 --by weekday,hour --location osh`,
	}, func(flags *pflag.FlagSet) {
		addOutcome(chosen, flags, "what is explained")
		flags.StringSliceVar(&by, "by", nil, "the factors: "+names("", seasonPrefix, enum)+" (default: all by which the days differ)")
		flags.StringSliceVar(&holidays, "holidays", nil, "days from Monday to Friday that are no working days (default: those of the organisation's calendar)")
	}, func(ctx context.Context, conn *client.Connection, query *reportingv1.PerformanceQuery) (*reportingv1.QuerySeasonalityResponse, error) {
		v, err := chosen.read("outcome")
		if err != nil {
			return nil, err
		}
		req := &reportingv1.QuerySeasonalityRequest{Query: query, Outcome: reportingv1.PerformanceOutcome(v[0]), Holidays: slices.Clone(holidays)}
		for _, word := range by {
			f, err := value("by", seasonPrefix, word, enum)
			if err != nil {
				return nil, err
			}
			req.Factors = append(req.Factors, reportingv1.SeasonFactor(f))
		}
		return conn.Performance.QuerySeasonality(ctx, req)
	}, (*call).printSeasonality)
}

const seasonPrefix = "SEASON_FACTOR_"

func newReportPolicies(env Env) *cobra.Command {
	chosen := outcomeChoice()
	var key string
	var weeks int32
	return newPerformance(env, &cobra.Command{
		Use:   "policies --from DAY --to DAY",
		Short: "Tell what changed when prices, assortment, loyalty or standards did",
		Long: `Compare weeks before and after each change of a policy, and with locations where it does not hold. NET is what changed beyond what changed there. It tells what happened
together, not what caused it; what makes that doubtful is named.`,
		Example: `  otklik report policies --from 2026-07 --to 2026-10 --weeks 4`,
	}, func(flags *pflag.FlagSet) {
		addOutcome(chosen, flags, "what is compared")
		flags.StringVar(&key, "change", "", "the key of one change (default: all)")
		flags.Int32Var(&weeks, "weeks", 0, "weeks before and after that are compared, up to 52 (default 8)")
	}, func(ctx context.Context, conn *client.Connection, query *reportingv1.PerformanceQuery) (*reportingv1.QueryPolicyEffectsResponse, error) {
		v, err := chosen.read("outcome")
		if err != nil {
			return nil, err
		}
		return conn.Performance.QueryPolicyEffects(ctx, &reportingv1.QueryPolicyEffectsRequest{Query: query, PolicyChange: key, Outcome: reportingv1.PerformanceOutcome(v[0]), Weeks: weeks})
	}, (*call).printPolicies)
}

func newReportReserve(env Env) *cobra.Command {
	return newPerformance(env, &cobra.Command{
		Use:   "reserve --from DAY --to DAY",
		Short: "Compute consultations that would be gained at the coverage of the top quartile",
		Long: `Compute the hidden reserve: consultations that would be gained if each location reached the coverage (consultations by visitor) of the location at the top quartile. This is
what a model says, not what was counted.`,
		Example: `  otklik report reserve --from 2026-09 --to 2026-10`,
	}, func(*pflag.FlagSet) {}, func(ctx context.Context, conn *client.Connection, query *reportingv1.PerformanceQuery) (*reportingv1.QueryReserveResponse, error) {
		return conn.Performance.QueryReserve(ctx, &reportingv1.QueryReserveRequest{Query: query})
	}, (*call).printReserve)
}

func newReportStaff(env Env) *cobra.Command {
	var definition string
	var employees []string
	return newPerformance(env, &cobra.Command{
		Use:   "staff --kpi DEFINITION --from DAY --to DAY",
		Short: "Compute key figures of employees, with what is behind each component",
		Long: `Compute key figures of employees from weighted components, in the order of identifiers: no ranking. A component without a value, or with fewer than five answers, is
absent with the reason, and counts neither for nor against. With @VERSION behind the definition that version's weights count.`,
		Example: `  otklik report staff --kpi sellers --from 2026-09 --to 2026-10
  otklik report staff --kpi sellers@1 --from 2026-09 --to 2026-10 --employee e-17 --json`,
	}, func(flags *pflag.FlagSet) {
		flags.StringVar(&definition, "kpi", "", "the definition, or DEFINITION@VERSION (needed)")
		flags.StringSliceVar(&employees, "employee", nil, "the employees (default: all that anything is known of)")
	}, func(ctx context.Context, conn *client.Connection, query *reportingv1.PerformanceQuery) (*reportingv1.QueryStaffKpiResponse, error) {
		if definition == "" {
			return nil, exit.Usagef("--kpi is needed")
		}
		req := &reportingv1.QueryStaffKpiRequest{KpiDefinition: under("kpiDefinitions/", definition), Query: query}
		for _, e := range employees {
			req.Employees = append(req.Employees, under("employees/", e))
		}
		return conn.Kpis.QueryStaffKpi(ctx, req)
	}, (*call).printStaff)
}
