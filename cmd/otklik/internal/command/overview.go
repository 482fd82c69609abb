package command

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// NewOverviewCommand returns `otklik overview`.
func NewOverviewCommand(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "overview --survey SURVEY",
		Short: "Tell at a glance how things stand",
		Long: `Tell at a glance how things stand: scores with intervals, what changed against the period before and whether a test says so, lights, cases, alerts, and what
comments praise and blame. Scores, steps and changes are of one moment. What is not known, or not for you, is listed with the reason.`,
		Example: `  otklik overview --survey checkout --from 2026-09 --to 2026-10
  otklik overview --survey checkout --from 2026-09 --baseline-from 2025-09 --baseline-to 2025-10 --json`,
		Args: exactly(),
	}
	c := newCall(env, cmd)
	a := &analysisFlags{}
	a.add(cmd.Flags())
	var grain, baselineFrom, baselineTo string
	var definitions []string
	var steps int32
	cmd.Flags().StringVar(&grain, "grain", "", "length of the steps of the trend: "+names("", "TIME_GRAIN_", typev1.TimeGrain(0).Descriptor())+" (default week)")
	cmd.Flags().Int32Var(&steps, "steps", 0, "how many steps the trend has at most, up to 400 (default 12)")
	cmd.Flags().StringVar(&baselineFrom, "baseline-from", "", "begin of the period that is compared with (default: as long a time right before --from)")
	cmd.Flags().StringVar(&baselineTo, "baseline-to", "", "end of it")
	cmd.Flags().StringSliceVar(&definitions, "definition", nil, "score by these definitions, too, for example csi")
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		req, err := a.overviewRequest(grain, baselineFrom, baselineTo)
		if err != nil {
			return err
		}
		req.Steps = steps
		for _, d := range definitions {
			req.Definitions = append(req.Definitions, named("metricDefinitions", d))
		}
		return c.with(func(conn *client.Connection) error {
			got, err := conn.Overview.GetOverview(ctx, req)
			switch {
			case err != nil:
				return fmt.Errorf("overview: %w", err)
			case c.json:
				return c.printJSON(got)
			}
			return c.printOverview(got.GetOverview())
		})
	})
	return cmd
}

// overviewRequest is what the flags mean.
func (a *analysisFlags) overviewRequest(grain, from, to string) (*reportingv1.GetOverviewRequest, error) {
	query, err := a.query()
	if err != nil {
		return nil, err
	}
	req := &reportingv1.GetOverviewRequest{Query: query, TimeZone: a.which.timeZone}
	number, err := value("grain", "TIME_GRAIN_", grain, typev1.TimeGrain(0).Descriptor())
	if err != nil {
		return nil, err
	}
	req.Grain = typev1.TimeGrain(number)
	if from == "" && to == "" {
		return req, nil
	}
	if from == "" || to == "" {
		return nil, exit.Usagef("--baseline-from and --baseline-to go together")
	}
	zone, err := parseZone(a.which.timeZone)
	if err != nil {
		return nil, err
	}
	req.BaselinePeriod, err = parsePeriodIn("baseline-", from, to, zone)
	return req, err
}

func (c *call) printOverview(o *reportingv1.Overview) error {
	var rows [][]string
	for _, m := range o.GetMetrics() {
		name := strings.ToLower(m.GetVariant())
		if m.GetMetric() == "" {
			name = m.GetDefinition()
		}
		change, p := "-", "-"
		if ch := m.GetChange(); ch != nil {
			change, p = formatNumber(ch.GetDifference(), 2)+" "+interval(ch.GetInterval()), pText(ch.AdjustedPValue)
		}
		rows = append(rows, []string{name, orDash(m.GetQuestion()), number(m.GetScore().Estimate, 2), interval(m.GetScore().GetInterval()), fmt.Sprint(m.GetScore().GetN()), change, p})
	}
	if err := c.table([]string{"METRIC", "QUESTION", "SCORE", "INTERVAL", "N", "CHANGE", "ADJUSTED P"}, rows); err != nil {
		return err
	}
	var s strings.Builder
	for _, l := range o.GetLights() {
		fmt.Fprintf(&s, "\n%s: %d red, %d amber, %d green; %d uncertain and %d turned lately of the first %d", l.GetKind(), l.GetRed(), l.GetAmber(), l.GetGreen(),
			l.GetUncertain(), l.GetTurnedCount(), l.GetLookedAt())
	}
	if k := o.GetCases(); k != nil {
		least := ""
		if k.GetAtLeast() {
			least = "at least "
		}
		fmt.Fprintf(&s, "\ncases: %s%d open, %d late, %d due within a day, %d of nobody", least, k.GetOpen(), k.GetOverdue(), k.GetDue(), k.GetUnowned())
	}
	for _, a := range o.GetAlerts() {
		fmt.Fprintf(&s, "\nalert: %s %s %s changed by %s since %s", strings.ToLower(a.GetMetric()), a.GetUnitKey(), a.GetUnit(), formatNumber(a.GetChange(), 2), formatMoment(a.GetOnsetTime()))
	}
	for _, t := range o.GetThemes().GetStrengths() {
		fmt.Fprintf(&s, "\npraised: %s, by %s of those %d who speak of it", t.GetAspect(), formatNumber(100*t.GetPositiveShare(), 0)+" %", t.GetN())
	}
	for _, t := range o.GetThemes().GetWeaknesses() {
		fmt.Fprintf(&s, "\nblamed: %s, by %s of those %d who speak of it", t.GetAspect(), formatNumber(100-100*t.GetPositiveShare(), 0)+" %", t.GetN())
	}
	for _, a := range o.GetAbsences() {
		part := enumWord("OVERVIEW_PART_", a.GetPart())
		if a.GetSubject() != "" {
			part += " " + strings.ToLower(a.GetSubject())
		}
		fmt.Fprintf(&s, "\nnot known: %s: %s", part, a.GetDescription())
	}
	return c.write(s.String() + basisText(o.GetBasis()))
}
