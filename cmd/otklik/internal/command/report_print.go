package command

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// withInterval is an estimate with its interval.
func withInterval(e *reportingv1.AnalysisEstimate, decimals int) string {
	if e == nil {
		return "-"
	}
	text := formatNumber(e.GetValue(), decimals)
	if i := e.GetInterval(); i != nil {
		text += fmt.Sprintf(" [%s, %s]", formatNumber(i.GetLower(), decimals), formatNumber(i.GetUpper(), decimals))
	}
	return text
}

// adjustedP is the corrected p-value of a test that may be missing.
func adjustedP(t *reportingv1.AnalysisTest) string {
	if t == nil {
		return "-"
	}
	return pText(&t.AdjustedPValue)
}

// basisText says what an analysis rests on.
func basisText(b *reportingv1.AnalysisBasis) string {
	var s strings.Builder
	fmt.Fprintf(&s, "\n%s, version %d: %d responses", b.GetDefinition(), b.GetDefinitionVersion(), b.GetResponses())
	for _, l := range b.GetLeftOut() {
		if l.GetCount() > 0 {
			fmt.Fprintf(&s, ", %d left out (%s)", l.GetCount(), strings.ToLower(l.GetReason()))
		}
	}
	if b.GetMissing() != reportingv1.MissingMethod_MISSING_METHOD_UNSPECIFIED {
		fmt.Fprintf(&s, "; %s", enumWord(missingPrefix, b.GetMissing()))
	}
	if b.EffectiveN != nil {
		fmt.Fprintf(&s, ", effective n %s", formatNumber(b.GetEffectiveN(), 0))
	}
	if b.WeightsEffectiveN != nil {
		fmt.Fprintf(&s, ", weighted as %s", formatNumber(b.GetWeightsEffectiveN(), 1))
	}
	if b.GetRepaired() {
		fmt.Fprintf(&s, "\ncorrelations contradicted each other (least eigenvalue %s) and were repaired", formatNumber(b.GetLeastEigenvalue(), 4))
	}
	if len(b.GetConventions()) > 0 {
		fmt.Fprintf(&s, "\nmethods: %s", strings.ToLower(strings.Join(b.GetConventions(), ", ")))
	}
	for _, n := range b.GetNotes() {
		s.WriteString("\n" + n)
	}
	fmt.Fprintf(&s, "\ncounted up to %s\n", formatMoment(b.GetWatermark()))
	return s.String()
}

// priorityWords say what to do.
var priorityWords = map[int32]string{1: "1 fix now", 2: "2 fix after 1", 3: "3 keep", 4: "4 over-invested"}

func (c *call) printMatrix(got *reportingv1.QueryMatrixResponse) error {
	var rows [][]string
	for _, i := range got.GetItems() {
		sure := formatNumber(i.GetProbabilities()[i.GetPriority()-1], 2)
		if !i.GetStable() {
			sure += " unstable"
		}
		score := withInterval(i.GetScore(), 2)
		if i.NormalizedScore != nil {
			score += fmt.Sprintf(" (%s of 100)", formatNumber(i.GetNormalizedScore(), 1))
		}
		rows = append(rows, []string{
			priorityWords[i.GetPriority()], i.GetQuestion().GetQuestion(), withInterval(i.GetImportance(), 3), score, fmt.Sprint(i.GetQuestion().GetN()), sure,
		})
	}
	if err := c.table([]string{"PRIORITY", "ITEM", "IMPORTANCE", "SCORE", "N", "SURE"}, rows); err != nil {
		return err
	}
	text := fmt.Sprintf("\nhigh is importance from %s and a score from %s", formatNumber(got.GetImportanceCut(), 3), formatNumber(got.GetScoreCut(), 2))
	if got.GetNormalized() {
		text += " of 100, since scales differ"
	}
	if got.RSquared != nil {
		text += fmt.Sprintf("; the items explain %s of the variance of %s", formatNumber(got.GetRSquared(), 3), got.GetOutcome().GetQuestion())
	}
	return c.write(text + basisText(got.GetBasis()))
}

func (c *call) printDrivers(got *reportingv1.QueryDriversResponse) error {
	var rows [][]string
	for _, d := range got.GetDrivers() {
		rows = append(rows, []string{
			d.GetQuestion().GetQuestion(), withInterval(d.GetRelativeWeight(), 3), withInterval(d.GetShapley(), 3), withInterval(d.GetPearson(), 3), adjustedP(d.GetPearsonTest()),
			withInterval(d.GetSpearman(), 3), withInterval(d.GetCoefficient(), 3), adjustedP(d.GetCoefficientTest()), number(d.VarianceInflation, 2), fmt.Sprint(d.GetPairN()),
		})
	}
	if err := c.table([]string{"ITEM", "RELATIVE WEIGHT", "SHAPLEY", "PEARSON", "ADJUSTED P", "SPEARMAN", "COEFFICIENT", "ADJUSTED P", "VIF", "N"}, rows); err != nil {
		return err
	}
	return c.write(fmt.Sprintf("\nthe items explain %s of the variance of %s (adjusted %s)", withInterval(got.GetRSquared(), 3), got.GetOutcome().GetQuestion(), number(got.AdjustedRSquared, 3)) +
		basisText(got.GetBasis()))
}

func (c *call) printCorrelations(got *reportingv1.QueryCorrelationsResponse) error {
	var rows [][]string
	for _, r := range got.GetCorrelations() {
		rows = append(rows, []string{
			r.GetFirst(), r.GetSecond(), withInterval(r.GetPearson(), 3), adjustedP(r.GetPearsonTest()), withInterval(r.GetSpearman(), 3), adjustedP(r.GetSpearmanTest()), fmt.Sprint(r.GetPairN()),
		})
	}
	if err := c.table([]string{"FIRST", "SECOND", "PEARSON", "ADJUSTED P", "SPEARMAN", "ADJUSTED P", "N"}, rows); err != nil {
		return err
	}
	return c.write(basisText(got.GetBasis()))
}

func (c *call) printFactors(got *reportingv1.QueryFactorsResponse) error {
	header := []string{"ITEM"}
	for i := range got.GetFactors() {
		header = append(header, fmt.Sprintf("FACTOR %d", i+1))
	}
	header = append(header, "COMMUNALITY", "KMO", "ALPHA WITHOUT", "N")
	var rows [][]string
	for _, i := range got.GetItems() {
		row := []string{i.GetQuestion().GetQuestion()}
		for _, l := range i.GetLoadings() {
			row = append(row, formatNumber(l, 3))
		}
		communality := formatNumber(i.GetCommunality(), 3)
		if i.GetHeywood() {
			communality += " (improper)"
		}
		rows = append(rows, append(row, communality, formatNumber(i.GetSamplingAdequacy(), 3), number(i.AlphaIfDropped, 3), fmt.Sprint(i.GetQuestion().GetN())))
	}
	if len(got.GetFactors()) > 0 {
		row := []string{"variance"}
		for _, f := range got.GetFactors() {
			row = append(row, formatNumber(f.GetVarianceShare(), 3))
		}
		rows = append(rows, append(row, "", "", "", ""))
	}
	if err := c.table(header, rows); err != nil {
		return err
	}
	eigen := make([]string, len(got.GetEigenvalues()))
	for i, e := range got.GetEigenvalues() {
		eigen[i] = fmt.Sprintf("%s (%s)", formatNumber(e.GetValue(), 3), formatNumber(e.GetChance(), 3))
	}
	text := fmt.Sprintf("\neigenvalues (by chance): %s\nfactors: %d above 1, %d by parallel analysis; KMO %s\nBartlett: %s\n", strings.Join(eigen, ", "), got.GetKaiserFactors(),
		got.GetParallelFactors(), formatNumber(got.GetSamplingAdequacy(), 3), chiSquareText(got.GetBartlett()))
	if got.GetFit() != nil {
		text += fmt.Sprintf("fit: %s\n", chiSquareText(got.GetFit()))
	}
	return c.write(text + fmt.Sprintf("alpha %s", withInterval(got.GetAlpha(), 3)) + basisText(got.GetBasis()))
}

func chiSquareText(t *reportingv1.ChiSquareTest) string {
	return fmt.Sprintf("chi-square %s, %d degrees of freedom, p %s", formatNumber(t.GetStatistic(), 2), t.GetDegreesOfFreedom(), pText(&t.PValue))
}

func (c *call) printBridge(got *reportingv1.QueryBridgeResponse) error {
	var rows [][]string
	const percent = 100
	for _, p := range got.GetParts() {
		rows = append(rows, []string{
			orNotStated(p.GetValue()), fmt.Sprintf("%s %% to %s %%", formatNumber(percent*p.GetShareBefore(), 1), formatNumber(percent*p.GetShareAfter(), 1)),
			fmt.Sprintf("%s to %s", number(p.LevelBefore, 2), number(p.LevelAfter, 2)), withInterval(p.GetMix(), 2), withInterval(p.GetLevel(), 2), adjustedP(p.GetTest()),
			fmt.Sprintf("%d to %d", p.GetCountBefore(), p.GetCountAfter()),
		})
	}
	rows = append(rows, []string{
		"all", "", fmt.Sprintf("%s to %s", formatNumber(got.GetBefore().GetValue(), 2), formatNumber(got.GetAfter().GetValue(), 2)), withInterval(got.GetMix(), 2),
		withInterval(got.GetLevel(), 2), "", "",
	})
	if err := c.table([]string{strings.ToUpper(got.GetBy()), "SHARE", "LEVEL", "MIX EFFECT", "LEVEL EFFECT", "ADJUSTED P", "N"}, rows); err != nil {
		return err
	}
	return c.write(fmt.Sprintf("\n%s of %s moved by %s\nbefore:", enumWord("OUTCOME_METRIC_", got.GetMetric()), got.GetOutcome().GetQuestion(), withInterval(got.GetChange(), 2)) +
		basisText(got.GetBaselineBasis()) + "after:" + basisText(got.GetBasis()))
}

func (c *call) printStrengths(got *reportingv1.QueryStrengthsResponse) error {
	rows := effectRows(nil, got.GetEffects())
	header := []string{"VERDICT", strings.ToUpper(got.GetBy()), "EFFECT", "LEVEL", "ADJUSTED P", "N"}
	if len(got.GetSlices()) > 0 {
		header = append([]string{"OUTCOME", strings.ToUpper(cmp.Or(got.GetGroupBy(), "slice"))}, header...)
		rows = effectRows([]string{got.GetOutcome().GetQuestion(), "all"}, got.GetEffects())
		for _, s := range got.GetSlices() {
			of := "all"
			if s.Value != nil {
				of = orNotStated(s.GetValue())
			}
			rows = append(rows, effectRows([]string{s.GetOutcome().GetQuestion(), of}, s.GetEffects())...)
		}
	}
	if err := c.table(header, rows); err != nil {
		return err
	}
	return c.write(fmt.Sprintf("\n%s of %s: %s over all", enumWord("OUTCOME_METRIC_", got.GetMetric()), got.GetOutcome().GetQuestion(), formatNumber(got.GetOverall(), 2)) + basisText(got.GetBasis()))
}

// effectRows are the rows of effects, each behind what they are of.
func effectRows(of []string, effects []*reportingv1.TopicEffect) (rows [][]string) {
	for _, e := range effects {
		rows = append(rows, append(slices.Clone(of),
			enumWord("TOPIC_VERDICT_", e.GetVerdict()), orNotStated(e.GetValue()), withInterval(e.GetEffect(), 2), formatNumber(e.GetLevel(), 2), adjustedP(e.GetTest()), fmt.Sprint(e.GetCount()),
		))
	}
	return rows
}

func (c *call) printCrosstab(got *reportingv1.QueryCrosstabResponse) error {
	header := []string{""}
	for _, k := range got.GetColumns() {
		header = append(header, k.GetValue())
	}
	rows := make([][]string, len(got.GetRows()))
	for i, r := range got.GetRows() {
		rows[i] = []string{r.GetValue()}
	}
	const percent = 100
	for _, cell := range got.GetCells() {
		rows[cell.GetRow()] = append(rows[cell.GetRow()], fmt.Sprintf("%d (%s %%, residual %s)", cell.GetCount(), formatNumber(percent*cell.GetRowShare().GetValue(), 1), number(cell.Residual, 1)))
	}
	for i, r := range got.GetRows() {
		rows[i] = append(rows[i], fmt.Sprint(r.GetCount()))
	}
	if err := c.table(append(header, "N"), rows); err != nil {
		return err
	}
	text := "\n" + chiSquareText(got.GetTest()) + ", Cramér's V " + withInterval(got.GetAssociation(), 3)
	if got.ExactPValue != nil {
		text += ", exact p " + pText(got.ExactPValue)
	}
	if got.GetRough() {
		text += fmt.Sprintf("; rough: %d cells are small", got.GetSmallCells())
	}
	return c.write(text + basisText(got.GetBasis()))
}
