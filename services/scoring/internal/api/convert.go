package api

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/libs/stat"
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
		Population: populationFromProto(in.GetPopulation()),
		Settings: metric.Settings{
			Level: in.GetConfidenceLevel(), Method: methodFromProto(in.GetIntervalMethod()), Thresholds: s.Thresholds,
		},
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
	return q, cut(&q, in)
}

// cut reads by what a query groups and filters.
func cut(q *query.Query, in *scoringv1.ScoreQuery) error {
	if len(in.GetGroupBy()) > 1 {
		return &query.Error{Reason: query.KeysCrossed, Field: "group_by", Description: "scores are kept for one key at a time: group by one"}
	}
	if len(in.GetGroupBy()) == 1 {
		key, ok := keyNamed(in.GetGroupBy()[0])
		if !ok {
			return &query.Error{Reason: query.KeysCrossed, Field: "group_by[0]", Description: fmt.Sprintf("there is no key %q", in.GetGroupBy()[0])}
		}
		q.Key = key
	}
	if in.GetFilter() == "" {
		return nil
	}
	name, quoted, _ := strings.Cut(in.GetFilter(), "=")
	key, ok := keyNamed(strings.TrimSpace(name))
	value := strings.TrimSpace(quoted)
	if strings.HasPrefix(value, `"`) {
		var err error
		if value, err = strconv.Unquote(value); err != nil {
			ok = false
		}
	}
	if !ok {
		return &query.Error{Reason: query.KeysCrossed, Field: "filter", Description: `filter by one key and its value, for example location = "osh"`}
	}
	if q.Key != fact.NoKey && q.Key != key {
		return &query.Error{
			Reason: query.KeysCrossed, Field: "filter",
			Description: fmt.Sprintf("the query groups by %s and filters by %s: scores are kept for one key at a time, use the same key or one of the two", q.Key, key),
		}
	}
	q.Key, q.Value = key, &value
	return nil
}

// keyNamed finds a key by its name.
func keyNamed(name string) (fact.ContextKey, bool) {
	for _, k := range fact.ContextKeys() {
		if strings.ToLower(k.String()) == name {
			return k, true
		}
	}
	return fact.NoKey, false
}

// scoresToProto converts rows, all of the same survey.
func scoresToProto(survey string, rows []query.Row, watermark time.Time) []*scoringv1.Score {
	scores := make([]*scoringv1.Score, len(rows))
	mark := momentToProto(watermark)
	for i := range rows {
		scores[i] = scoreToProto(survey, &rows[i])
		scores[i].Watermark = mark
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
		Interval: intervalToProto(sc.Interval, sc.Level, sc.Method), Counts: countsToProto(r), Band: string(sc.Band),
	}
	if r.Key != fact.NoKey {
		out.Slice.Keys = []*scoringv1.SliceKey{{Key: strings.ToLower(r.Key.String()), Value: r.Value}}
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
		Answered: c.Answered, Refused: c.Refused, Dismissed: c.Dismissed, TimedOut: c.TimedOut,
		Promoters: c.Promoters, Passives: c.Passives, Detractors: c.Detractors, Positive: c.Positive, Negative: c.Negative,
		Respondents: c.Respondents,
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

func comparisonToProto(survey, baseline string, c *query.Comparison, watermark time.Time) *scoringv1.CompareScoresResponse {
	return &scoringv1.CompareScoresResponse{
		Score:      scoresToProto(survey, []query.Row{c.Score}, watermark)[0],
		Baseline:   scoresToProto(baseline, []query.Row{c.Baseline}, watermark)[0],
		Difference: c.Difference, Interval: intervalToProto(c.Interval, c.Level, c.Method), Test: c.Test,
		Statistic: c.Statistic, DegreesOfFreedom: c.DF, PValue: c.P, AdjustedDifference: c.AdjustedDifference,
	}
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
