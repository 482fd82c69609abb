package api

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/query"
	"github.com/otklik/otklik/services/scoring/internal/question"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// Prefixes of resource names and enum values.
const (
	surveyPrefix     = "surveys/"
	definitionPrefix = "metricDefinitions/"
	metricPrefix     = "METRIC_"
	variantPrefix    = "VARIANT_"
	methodPrefix     = "INTERVAL_METHOD_"
)

func metricToProto(id metric.ID) scoringv1.Metric {
	return scoringv1.Metric(scoringv1.Metric_value[metricPrefix+strings.ToUpper(string(id))])
}

func metricFromProto(m scoringv1.Metric) metric.ID {
	return metric.ID(strings.ToLower(strings.TrimPrefix(m.String(), metricPrefix)))
}

func variantToProto(v metric.Variant) scoringv1.Variant {
	return scoringv1.Variant(scoringv1.Variant_value[variantPrefix+string(v)])
}

func variantFromProto(v scoringv1.Variant) metric.Variant {
	return metric.Variant(strings.TrimPrefix(v.String(), variantPrefix))
}

func methodToProto(m metric.Method) scoringv1.IntervalMethod {
	return scoringv1.IntervalMethod(scoringv1.IntervalMethod_value[methodPrefix+string(m)])
}

// methodFromProto is empty for the default.
func methodFromProto(m scoringv1.IntervalMethod) metric.Method {
	if m == scoringv1.IntervalMethod_INTERVAL_METHOD_UNSPECIFIED {
		return ""
	}
	return metric.Method(strings.TrimPrefix(m.String(), methodPrefix))
}

// The numbers of grains and populations are equal to those of the messages; a test holds them together.

func grainFromProto(g typev1.TimeGrain) calendar.Grain { return calendar.Grain(g) }

func populationFromProto(p typev1.Population) fact.Population { return fact.Population(p) }

func populationToProto(p fact.Population) typev1.Population { return typev1.Population(p) }

func momentFromProto(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime()
}

func momentToProto(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// zones remembers time zones: reading one from the system's files takes longer than a query.
type zones struct{ known sync.Map }

func (z *zones) load(name string) (*time.Location, error) {
	if l, ok := z.known.Load(name); ok {
		return l.(*time.Location), nil
	}
	// "Local" would be the zone of the machine, which says nothing to the caller. A zone has one spelling: those that name the same file by other
	// paths are without number, and each would be remembered.
	if name == "Local" || path.Clean(name) != name {
		return nil, fmt.Errorf("unknown time zone %s", name)
	}
	l, err := time.LoadLocation(name)
	if err != nil {
		return nil, err
	}
	z.known.Store(name, l)
	return l, nil
}

// queryFromProto converts a query that has passed the rules of its message. Refusals are *query.Error.
func (s *Server) queryFromProto(in *scoringv1.ScoreQuery) (query.Query, error) {
	q := query.Query{
		Survey: strings.TrimPrefix(in.GetSurvey(), surveyPrefix), Question: in.GetQuestion(),
		Start: momentFromProto(in.GetPeriod().GetStartTime()), End: momentFromProto(in.GetPeriod().GetEndTime()),
		Grain: grainFromProto(in.GetGrain()), Location: s.Location,
		GroupBy: in.GetGroupBy(), Filter: in.GetFilter(), Weighting: weightingFromProto(in.GetWeighting()), AsOf: momentFromProto(in.GetAsOfTime()),
		Population: populationFromProto(in.GetPopulation()),
		Settings: metric.Settings{
			Level: in.GetConfidenceLevel(), Method: methodFromProto(in.GetIntervalMethod()), Thresholds: s.Thresholds,
			Option: in.GetOption(), Positive: in.GetOptionRoles().GetPositive(), Negative: in.GetOptionRoles().GetNegative(),
		},
	}
	if c := in.GetStatedCounts(); c != nil {
		q.Stated = metric.Stated{Invitations: c.Invitations, Consultations: c.Consultations, Visitors: c.Visitors}
	}
	for _, m := range in.GetMetrics() {
		q.Metrics = append(q.Metrics, metricFromProto(m))
	}
	for _, v := range in.GetVariants() {
		q.Variants = append(q.Variants, variantFromProto(v))
	}
	if name := in.GetTimeZone(); name != "" {
		var err error
		if q.Location, err = s.zones.load(name); err != nil {
			return q, &query.Error{
				Reason: query.TimeZoneUnknown, Field: "time_zone",
				Description: fmt.Sprintf("%q is no time zone of the IANA database: use a name such as Asia/Bishkek", name),
			}
		}
	}
	return q, nil
}

func weightingFromProto(in *scoringv1.Weighting) *query.Weighting {
	if in == nil {
		return nil
	}
	w := &query.Weighting{Cap: in.GetRaking().GetCap()}
	for _, m := range in.GetRaking().GetMargins() {
		margin := query.Margin{Key: m.GetKey(), Targets: make([]query.Target, len(m.GetTargets()))}
		for i, t := range m.GetTargets() {
			margin.Targets[i] = query.Target{Value: t.GetValue(), Share: t.GetShare()}
		}
		w.Margins = append(w.Margins, margin)
	}
	return w
}

// coverageToProto is nil where nothing may be told of what was counted.
func coverageToProto(c *column.Coverage) *scoringv1.Coverage {
	if c == nil {
		return nil
	}
	out := &scoringv1.Coverage{Responses: c.Rows, Counted: c.Counted}
	for _, l := range []struct {
		reason scoringv1.LeftOutReason
		count  int64
	}{
		{scoringv1.LeftOutReason_LEFT_OUT_REASON_POPULATION, c.OtherPopulation},
		{scoringv1.LeftOutReason_LEFT_OUT_REASON_PERIOD, c.OutsidePeriod},
		{scoringv1.LeftOutReason_LEFT_OUT_REASON_AS_OF, c.ReceivedLater},
		{scoringv1.LeftOutReason_LEFT_OUT_REASON_FILTER, c.Filtered},
		{scoringv1.LeftOutReason_LEFT_OUT_REASON_MARGIN, c.Unweighted},
	} {
		if l.count > 0 {
			out.LeftOut = append(out.LeftOut, &scoringv1.Coverage_LeftOut{Reason: l.reason, Count: l.count})
		}
	}
	return out
}

// scoresToProto converts the rows of a query.
func scoresToProto(in *scoringv1.ScoreQuery, rows []query.Row, watermark time.Time) []*scoringv1.Score {
	scores := make([]*scoringv1.Score, len(rows))
	mark := momentToProto(watermark)
	for i := range rows {
		scores[i] = scoreToProto(in.GetSurvey(), &rows[i])
		scores[i].Watermark, scores[i].Slice.Filter = mark, in.GetFilter()
	}
	return scores
}

func scoreToProto(survey string, r *query.Row) *scoringv1.Score {
	sc := &r.Score
	out := &scoringv1.Score{
		Definition: definitionPrefix + string(sc.Metric), DefinitionVersion: int32(sc.Version),
		Metric: metricToProto(sc.Metric), Variant: variantToProto(sc.Variant),
		Slice: &scoringv1.Slice{
			Survey: survey, Question: r.Question, Period: &typev1.Period{StartTime: momentToProto(r.Start), EndTime: momentToProto(r.End)},
		},
		Scale: scaleToProto(sc.Scale), Population: populationToProto(r.Population), N: sc.N,
		Estimate: sc.Estimate, NormalizedEstimate: sc.Normalized, StandardError: sc.StandardError,
		Interval: intervalToProto(sc.Interval, sc.Level, sc.Method), Counts: countsToProto(r), Band: string(sc.Band), Option: sc.Option,
	}
	if r.Definition != nil {
		out.Definition, out.DefinitionVersion = definitionPrefix+r.Definition.ID, int32(r.Definition.Version)
	}
	if r.Composite != nil {
		addComposite(out, r.Composite)
	}
	for _, k := range r.Keys {
		out.Slice.Keys = append(out.Slice.Keys, &scoringv1.SliceKey{Key: k.Key, Value: k.Value})
	}
	if w := sc.Weighting; w != nil {
		out.WeightedN, out.EffectiveN, out.DesignEffect = &w.WeightedN, &w.EffectiveN, &w.DesignEffect
	}
	switch r.Suppression {
	case query.FewAnswers:
		out.Counts, out.Suppression = nil, scoringv1.Suppression_SUPPRESSION_FEW_ANSWERS.Enum()
	case query.Complementary:
		out.Counts, out.Suppression = nil, scoringv1.Suppression_SUPPRESSION_COMPLEMENTARY.Enum()
	}
	return out
}

func countsToProto(r *query.Row) *scoringv1.Counts {
	c := &r.Score.Counts
	out := &scoringv1.Counts{
		Answered: c.Answered, Responses: r.Responses, Refused: c.Refused, Dismissed: c.Dismissed, TimedOut: c.TimedOut,
		Promoters: c.Promoters, Passives: c.Passives, Detractors: c.Detractors, Positive: c.Positive, Negative: c.Negative,
		Chose: c.Option, Respondents: c.Respondents,
	}
	if _, d, err := metric.FindVariant(r.Score.Variant); err == nil {
		switch d.Requires {
		case metric.Invitations:
			out.Invitations = c.Stated
		case metric.Consultations:
			out.Consultations = c.Stated
		case metric.Visitors:
			out.Visitors = c.Stated
		}
	}
	if n := r.Answers.Len(); n > 0 {
		out.Values = make([]*scoringv1.Counts_ValueCount, 0, n)
		for b := range r.Answers.Bins() {
			out.Values = append(out.Values, &scoringv1.Counts_ValueCount{Value: question.Centi(b.Value).Float(), Count: b.Count})
		}
	}
	return out
}

func scaleToProto(s question.Scale) *typev1.Scale {
	if s == (question.Scale{}) {
		return nil
	}
	return &typev1.Scale{Id: s.ID(), Min: s.Min.Float(), Max: s.Max.Float(), Step: s.Step.Float()}
}

func intervalToProto(i *stat.Interval, level float64, method metric.Method) *typev1.ConfidenceInterval {
	if i == nil {
		return nil
	}
	return &typev1.ConfidenceInterval{Lower: i.Low, Upper: i.High, Level: level, Method: string(method)}
}

func definitionToProto(d metric.Definition) *scoringv1.MetricDefinition {
	out := &scoringv1.MetricDefinition{
		Name: definitionPrefix + string(d.ID), Version: int32(d.Version), Metric: metricToProto(d.ID),
		Title: textToProto(d.Title), Description: textToProto(d.Description),
	}
	for _, v := range d.Variants {
		def := &scoringv1.MetricDefinition_VariantDefinition{
			Variant: variantToProto(v.Variant), IsDefault: v.Default || v.BesideRefusals, Formula: v.Formula, Unit: string(v.Unit),
		}
		if v.Range != nil {
			def.Min, def.Max = &v.Range.Min, &v.Range.Max
		}
		for _, m := range slices.Clone(v.Methods) {
			def.IntervalMethods = append(def.IntervalMethods, methodToProto(m))
		}
		out.Variants = append(out.Variants, def)
	}
	return out
}

func textToProto(t metric.Text) *typev1.LocalizedText {
	return &typev1.LocalizedText{Texts: map[string]string{"en": t.EN, "ru": t.RU, "ky": t.KY}}
}
