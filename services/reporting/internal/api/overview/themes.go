package overview

import (
	"cmp"
	"context"
	"math"
	"slices"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// shownThemes is how many strengths and how many weaknesses are shown.
const shownThemes = 5

// tellThemes tells what comments praise and blame. What comments say is cut by the period alone.
func (s *Server) tellThemes(ctx context.Context, p *plan, out *answer) error {
	const part = reportingv1.OverviewPart_OVERVIEW_PART_THEMES
	q := p.req.GetQuery()
	if q.GetFilter() != "" || q.GetAsOfTime() != nil || q.GetPopulation() == typev1.Population_POPULATION_EMPLOYEE {
		out.put(func(o *reportingv1.Overview) {
			o.Absences = append(o.Absences, absence(part, "", reportingv1.OverviewAbsence_REASON_NOT_CUT,
				"what comments say is counted by survey and period, as it is known now; ask for it without filter, as_of_time and population EMPLOYEE"))
		})
		return nil
	}
	said, err := s.Comments.Themes(ctx, q.GetSurvey(), q.GetPeriod(), q.GetConfidenceLevel())
	if err != nil {
		return out.missing(ctx, part, "", err)
	}
	themes := &reportingv1.OverviewThemes{Responses: said.GetResponseCount(), Watermark: said.GetWatermark()}
	themes.Strengths = pick(said.GetThemes(), commentv1.ThemeInsight_KIND_STRENGTH, func(t *commentv1.ThemeInsight) float64 { return float64(t.GetResponseCount()) })
	themes.Weaknesses = pick(said.GetThemes(), commentv1.ThemeInsight_KIND_WEAKNESS, func(t *commentv1.ThemeInsight) float64 { return math.Abs(t.GetNpsAtStake()) })
	out.put(func(o *reportingv1.Overview) {
		o.Themes = themes
		if themes.GetResponses() == 0 {
			o.Absences = append(o.Absences, absence(part, "", reportingv1.OverviewAbsence_REASON_NO_ANSWERS, "nobody wrote a comment in the period"))
		}
	})
	return nil
}

// pick are the first themes of a kind by their weight, those of equal weight by how many speak of them, and then by name.
func pick(themes []*commentv1.ThemeInsight, kind commentv1.ThemeInsight_Kind, weight func(*commentv1.ThemeInsight) float64) (out []*reportingv1.OverviewTheme) {
	found := slices.DeleteFunc(slices.Clone(themes), func(t *commentv1.ThemeInsight) bool { return t.GetKind() != kind })
	slices.SortFunc(found, func(a, b *commentv1.ThemeInsight) int {
		return cmp.Or(cmp.Compare(weight(b), weight(a)), cmp.Compare(b.GetResponseCount(), a.GetResponseCount()), cmp.Compare(a.GetAspect(), b.GetAspect()))
	})
	for _, t := range found[:min(shownThemes, len(found))] {
		out = append(out, &reportingv1.OverviewTheme{
			Aspect: t.GetAspect(), N: t.GetResponseCount(), Share: t.GetShare(), ShareInterval: t.GetShareInterval(), PositiveShare: t.PositiveShare,
			PositiveShareInterval: t.GetPositiveShareInterval(), NpsAtStake: t.NpsAtStake, QValue: t.QValue,
		})
	}
	return out
}
