package command

import (
	"fmt"
	"strings"

	"github.com/otklik/otklik/libs/money"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// locationOf is a location as tables have it.
func locationOf(name string) string { return printable(strings.TrimPrefix(name, "locations/")) }

// performanceText says what an analysis of operations data rests on.
func performanceText(b *reportingv1.PerformanceBasis) string {
	var s strings.Builder
	fmt.Fprintf(&s, "\n%s, version %d: %d locations, from %s to %s", b.GetDefinition(), b.GetDefinitionVersion(), b.GetLocations(), b.GetStartDate(), b.GetEndDate())
	if b.GetCurrency() != "" {
		fmt.Fprintf(&s, ", in %s", b.GetCurrency())
	}
	for _, l := range b.GetLeftOut() {
		fmt.Fprintf(&s, "\nleft out: %s (%s", locationOf(l.GetLocation()), strings.ToLower(l.GetReason()))
		if l.GetMissingDays() > 0 {
			fmt.Fprintf(&s, ", %d days", l.GetMissingDays())
		}
		s.WriteString(")")
	}
	if len(b.GetConventions()) > 0 {
		fmt.Fprintf(&s, "\nmethods: %s", strings.ToLower(strings.Join(b.GetConventions(), ", ")))
	}
	for _, n := range b.GetNotes() {
		s.WriteString("\n" + n)
	}
	return s.String() + "\n"
}

func (c *call) printRevenue(got *reportingv1.QueryRevenueResponse) error {
	amount := func(minor float64) string { return money.Format(minor, got.GetBasis().GetCurrency()) }
	row := func(name string, r *reportingv1.RevenueChange) []string {
		return []string{
			name, amount(float64(r.GetBefore().GetRevenueMinor())), amount(float64(r.GetAfter().GetRevenueMinor())), amount(float64(r.GetChangeMinor())),
			amount(r.GetTrafficEffectMinor()), amount(r.GetConversionEffectMinor()), amount(r.GetAverageCheckEffectMinor()),
			fmt.Sprintf("%d+%d of %d+%d", r.GetBefore().GetDays(), r.GetAfter().GetDays(), r.GetBefore().GetDaysExpected(), r.GetAfter().GetDaysExpected()),
		}
	}
	var rows [][]string
	for _, l := range got.GetLocations() {
		rows = append(rows, row(locationOf(l.GetLocation()), l.GetChange()))
	}
	rows = append(rows, row("together", got.GetTotal()), row("as one location", got.GetAtOnce()))
	if err := c.table([]string{"LOCATION", "BEFORE", "AFTER", "CHANGE", "BY TRAFFIC", "BY CONVERSION", "BY CHECK", "DAYS"}, rows); err != nil {
		return err
	}
	return c.write(fmt.Sprintf("\nbefore: from %s to %s", got.GetBaselineStartDate(), got.GetBaselineEndDate()) + performanceText(got.GetBasis()))
}

func (c *call) printQuality(got *reportingv1.QueryQualityResponse) error {
	var rows [][]string
	for _, r := range []struct {
		name string
		of   *reportingv1.QualityRelation
	}{{"visitors and units", got.GetTrafficQuality()}, {"visitors and consultations", got.GetSellerEngagement()}, {"consultations and likes", got.GetPerceivedQuality()}} {
		rows = append(rows, []string{r.name, "typical", withInterval(r.of.GetTypical(), 3), "-", "-"})
		for _, l := range r.of.GetLocations() {
			days := fmt.Sprintf("%d (as %s)", l.GetDays(), formatNumber(l.GetEffectiveDays(), 0))
			if l.GetAbsentReason() != "" {
				days = fmt.Sprintf("%d, %s", l.GetDays(), strings.ToLower(l.GetAbsentReason()))
			}
			rows = append(rows, []string{r.name, locationOf(l.GetLocation()), withInterval(l.GetCorrelation(), 3), adjustedP(l.GetTest()), days})
		}
	}
	if err := c.table([]string{"WHAT", "LOCATION", "CORRELATION", "ADJUSTED P", "DAYS"}, rows); err != nil {
		return err
	}
	rows = [][]string{{"all", withInterval(got.GetCoverage(), 3), "-", "-", "-"}}
	for _, l := range got.GetCoverages() {
		rows = append(rows, []string{
			locationOf(l.GetLocation()), withInterval(l.GetCoverage(), 3), fmt.Sprint(l.GetConsultations()), fmt.Sprint(l.GetVisitors()), fmt.Sprint(l.GetDays()),
		})
	}
	if err := c.write("\n"); err != nil {
		return err
	}
	if err := c.table([]string{"LOCATION", "COVERAGE", "CONSULTATIONS", "VISITORS", "DAYS"}, rows); err != nil {
		return err
	}
	return c.write(performanceText(got.GetBasis()))
}

func (c *call) printStandards(got *reportingv1.QueryStandardsResponse) error {
	rows := [][]string{{"all", withInterval(got.GetTotal().GetCompliance(), 3), fmt.Sprint(got.GetTotal().GetVisits())}}
	for _, l := range got.GetLocations() {
		rows = append(rows, []string{locationOf(l.GetLocation()), withInterval(l.GetCompliance().GetCompliance(), 3), fmt.Sprint(l.GetCompliance().GetVisits())})
	}
	if err := c.table([]string{"LOCATION", "COMPLIANCE", "VISITS"}, rows); err != nil {
		return err
	}
	rows = nil
	for _, x := range got.GetCriteria() {
		rows = append(rows, []string{
			printable(x.GetCriterion()), withInterval(x.GetCompliance().GetCompliance(), 3), withInterval(x.GetCorrelation(), 3), adjustedP(x.GetTest()),
			enumWord("VERDICT_", x.GetVerdict()), number(x.Detectable, 2), fmt.Sprint(x.GetLocations()),
		})
	}
	if err := c.write("\n"); err != nil {
		return err
	}
	if err := c.table([]string{"CRITERION", "COMPLIANCE", "CORRELATION", "ADJUSTED P", "VERDICT", "DETECTABLE", "LOCATIONS"}, rows); err != nil {
		return err
	}
	text := fmt.Sprintf("\nrelated to %s of locations", enumWord("PERFORMANCE_OUTCOME_", got.GetOutcome()))
	if len(got.GetUnrelated()) > 0 {
		text += "; to nothing that could be told: " + printable(strings.Join(got.GetUnrelated(), ", "))
	}
	return c.write(text + performanceText(got.GetBasis()))
}

// outcomeValue is a value of an outcome for people: amounts in major units of the currency, shares with the digits that differences of theirs begin at.
func outcomeValue(outcome reportingv1.PerformanceOutcome, currency string, value float64) string {
	switch outcome {
	case reportingv1.PerformanceOutcome_PERFORMANCE_OUTCOME_CONVERSION:
		return formatNumber(value, 5) //nolint:mnd // a thousandth of a percent
	case reportingv1.PerformanceOutcome_PERFORMANCE_OUTCOME_VISITORS:
		return formatNumber(value, 2) //nolint:mnd // a hundredth of a visitor
	}
	return money.Format(value, currency)
}

// outcomeInterval is an estimate of an outcome with its interval.
func outcomeInterval(outcome reportingv1.PerformanceOutcome, currency string, e *reportingv1.AnalysisEstimate) string {
	if e == nil {
		return "-"
	}
	text := outcomeValue(outcome, currency, e.GetValue())
	if i := e.GetInterval(); i != nil {
		text += fmt.Sprintf(" [%s, %s]", outcomeValue(outcome, currency, i.GetLower()), outcomeValue(outcome, currency, i.GetUpper()))
	}
	return text
}

// outcomeText names an outcome, of days or hours of locations, with its unit.
func outcomeText(outcome reportingv1.PerformanceOutcome, currency, step string) string {
	text := enumWord("PERFORMANCE_OUTCOME_", outcome) + " of a location and " + step
	if currency != "" {
		text += " in " + currency
	}
	return text
}

func (c *call) printSeasonality(got *reportingv1.QuerySeasonalityResponse) error {
	outcome, currency, step := got.GetOutcome(), got.GetBasis().GetCurrency(), "day"
	var rows [][]string
	for _, f := range got.GetFactors() {
		if f.GetFactor() == reportingv1.SeasonFactor_SEASON_FACTOR_HOUR {
			step = "hour"
		}
		for _, e := range f.GetEffects() {
			difference, relative := outcomeInterval(outcome, currency, e.GetDifference()), "-"
			if e.GetReference() {
				difference = "reference"
			} else if e.Relative != nil {
				relative = formatNumber(100*e.GetRelative(), 1) + " %"
			}
			rows = append(rows, []string{enumWord(seasonPrefix, f.GetFactor()), e.GetLevel(), difference, relative, adjustedP(e.GetTest()), fmt.Sprint(e.GetN())})
		}
	}
	if err := c.table([]string{"FACTOR", "LEVEL", "DIFFERENCE", "OF THE MEAN", "ADJUSTED P", strings.ToUpper(step) + "S"}, rows); err != nil {
		return err
	}
	return c.write(fmt.Sprintf("\nthe mean %s is %s; the calendar explains %s of the variance within locations", outcomeText(outcome, currency, step),
		outcomeValue(outcome, currency, got.GetMean()), formatNumber(got.GetWithinRSquared(), 3)) + performanceText(got.GetBasis()))
}

// weeksCompared counts the weeks before and after in which the policy's locations have days.
func weeksCompared(e *reportingv1.PolicyEffect) string {
	before, after := 0, 0
	for _, w := range e.GetTrend() {
		switch {
		case w.Held == nil:
		case w.GetWeek() < 0:
			before++
		default:
			after++
		}
	}
	return fmt.Sprintf("%d+%d", before, after)
}

func (c *call) printPolicies(got *reportingv1.QueryPolicyEffectsResponse) error {
	var rows [][]string
	currency := ""
	for _, e := range got.GetEffects() {
		what := e.GetPolicy()
		if e.GetDescription() != "" {
			what += ": " + printable(e.GetDescription())
		}
		if e.GetAbsentReason() != "" {
			rows = append(rows, []string{e.GetDate(), printable(e.GetPolicyChange()), what, strings.ToLower(e.GetAbsentReason()), "-", "-", "-", "-", "-"})
			continue
		}
		currency = e.GetBasis().GetCurrency()
		rows = append(rows, []string{
			e.GetDate(), printable(e.GetPolicyChange()), what, outcomeInterval(e.GetOutcome(), currency, e.GetHeld().GetDifference()),
			outcomeInterval(e.GetOutcome(), currency, e.GetNet()), adjustedP(e.GetTest()), fmt.Sprintf("%d/%d", e.GetHeld().GetLocations(), e.GetControl().GetLocations()),
			weeksCompared(e), strings.ToLower(strings.Join(e.GetCautions(), ", ")),
		})
	}
	if err := c.table([]string{"DATE", "CHANGE", "POLICY", "DIFFERENCE", "NET", "ADJUSTED P", "LOCATIONS", "WEEKS", "CAUTIONS"}, rows); err != nil {
		return err
	}
	if len(got.GetEffects()) == 0 {
		return c.write("no policy changed in these days\n")
	}
	first := got.GetEffects()[0]
	return c.write(fmt.Sprintf("\nmean %s; WEEKS are the whole weeks compared before + after, of %d at most; it tells what happened together, not what caused it\n",
		outcomeText(first.GetOutcome(), currency, "day"), first.GetWeeks()))
}

func (c *call) printReserve(got *reportingv1.QueryReserveResponse) error {
	var rows [][]string
	for _, l := range got.GetLocations() {
		rows = append(rows, []string{
			locationOf(l.GetCoverage().GetLocation()), withInterval(l.GetCoverage().GetCoverage(), 3), fmt.Sprint(l.GetCoverage().GetVisitors()), withInterval(l.GetGained(), 0),
		})
	}
	if err := c.table([]string{"LOCATION", "COVERAGE", "VISITORS", "GAINED"}, rows); err != nil {
		return err
	}
	return c.write(fmt.Sprintf("\na model says: at a coverage of %s, that of the top quartile, %s consultations would be gained", formatNumber(got.GetTargetCoverage(), 3),
		withInterval(got.GetGained(), 0)) + performanceText(got.GetBasis()))
}

func (c *call) printStaff(got *reportingv1.QueryStaffKpiResponse) error {
	var rows [][]string
	for _, e := range got.GetStaff() {
		name := printable(strings.TrimPrefix(e.GetEmployee(), "employees/"))
		rows = append(rows, []string{name, "all", withInterval(e.GetScore(), 3), "-", fmt.Sprintf("%s of all weight", formatNumber(e.GetMeasuredWeight(), 2)), "-", "-"})
		for _, x := range e.GetComponents() {
			value := withInterval(x.GetValue(), 3)
			if x.GetAbsentReason() != "" {
				value = strings.ToLower(x.GetAbsentReason())
			}
			rows = append(rows, []string{
				name, x.GetId(), value, number(x.Attained, 3), formatNumber(x.GetEffectiveWeight(), 3), formatNumber(x.GetContribution(), 3), formatNumber(x.GetN(), 0),
			})
		}
	}
	if err := c.table([]string{"EMPLOYEE", "COMPONENT", "VALUE", "ATTAINED", "WEIGHT", "CONTRIBUTION", "N"}, rows); err != nil {
		return err
	}
	d := got.GetKpiDefinition()
	return c.write(fmt.Sprintf("\n%s, weighed by %s on %s", d.GetName(), printable(d.GetAuthor()), formatMoment(d.GetCreateTime())) + performanceText(got.GetBasis()))
}
