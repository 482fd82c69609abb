package command

import (
	"time"

	"github.com/spf13/pflag"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// ruleFlags are the flags that make an alert rule.
type ruleFlags struct {
	rule                                       scoringv1.AlertRule
	survey, metric, variant, population, grain string
	method                                     string
	baselineFirst                              int32
	baselineSince, baselineFrom, baselineTo    string
	baselineValue                              float64

	flags *pflag.FlagSet
}

// ruleFields are the fields that the flags set.
var ruleFields = map[string]string{
	"name": "display_name", "survey": "survey", "metric": "metric", "variant": "variant", "question": "question", "by": "unit_key", "filter": "filter",
	"population": "population", "grain": "grain", "time-zone": "time_zone", "method": "method", "lambda": "lambda", "limit": "limit", "reference-value": "reference_value",
	"fdr": "q", "baseline-first": "baseline", "baseline-since": "baseline", "baseline-from": "baseline", "baseline-to": "baseline", "baseline-value": "baseline",
	"least": "least_answers", "resolve-after": "resolve_after", "disabled": "disabled",
}

func (r *ruleFlags) add(flags *pflag.FlagSet) {
	r.flags = flags
	flags.StringVar(&r.rule.DisplayName, "name", "", "what people call it")
	flags.StringVar(&r.survey, "survey", "", "the survey")
	flags.StringVar(&r.metric, "metric", "", names("metric", "METRIC_", scoringv1.Metric(0).Descriptor()))
	flags.StringVar(&r.variant, "variant", "", "variant of the metric (default: its first)")
	flags.StringVar(&r.rule.Question, "question", "", "the question's id (default: the survey's first question that the metric fits)")
	flags.StringVar(&r.rule.UnitKey, "by", "", "the key whose values are watched, for example location or attributes.format (default: all answers as one)")
	flags.StringVar(&r.rule.Filter, "filter", "", "only responses that match, as for otklik score")
	flags.StringVar(&r.population, "population", "", "who was asked: "+names("", "POPULATION_", typev1.Population(0).Descriptor())+" (default: the survey's)")
	flags.StringVar(&r.grain, "grain", "", "length of periods: hour, day, week, month (default day)")
	flags.StringVar(&r.rule.TimeZone, "time-zone", "", "time zone in which periods begin, and of the times given (default: the server's, UTC for times)")
	flags.StringVar(&r.method, "method", "", "ewma or cusum (default ewma)")
	flags.Float64Var(&r.rule.Lambda, "lambda", 0, "ewma: weight of the newest period, 0.05 to 1 (default 0.3)")
	flags.Float64Var(&r.rule.Limit, "limit", 0, "limit of a rule with one unit: standard deviations (default 3), cusum: decision interval (default 5)")
	flags.Float64Var(&r.rule.ReferenceValue, "reference-value", 0, "cusum: reference value, 0.1 to 2 standard errors (default 0.5)")
	flags.Float64Var(&r.rule.Q, "fdr", 0, "share of false discoveries that is allowed among several units, 0.0001 to 0.05 (default 0.05)")
	flags.Int32Var(&r.baselineFirst, "baseline-first", 0, "compare with the first so many periods of each unit (default 8)")
	flags.StringVar(&r.baselineSince, "baseline-since", "", "from when on those periods are counted (default: so many before now)")
	flags.StringVar(&r.baselineFrom, "baseline-from", "", "compare with what each unit was answered in a period: its begin")
	flags.StringVar(&r.baselineTo, "baseline-to", "", "and its end")
	flags.Float64Var(&r.baselineValue, "baseline-value", 0, "compare with this value")
	flags.Int32Var(&r.rule.LeastAnswers, "least", 0, "answers that a period must have to be judged (default 10)")
	flags.Int32Var(&r.rule.ResolveAfter, "resolve-after", 0, "evaluations within the limits after which an alert is over (default 3)")
	flags.BoolVar(&r.rule.Disabled, "disabled", false, "evaluate nothing for the time being")
}

// read makes the rule of what was given. Errors are of wrong usage.
func (r *ruleFlags) read() (*scoringv1.AlertRule, error) {
	rule := &r.rule
	if r.survey != "" {
		rule.Survey = surveyName(r.survey)
	}
	metric, err := value("metric", "METRIC_", r.metric, scoringv1.Metric(0).Descriptor())
	if err != nil {
		return nil, err
	}
	variant, err := value("variant", "VARIANT_", r.variant, scoringv1.Variant(0).Descriptor())
	if err != nil {
		return nil, err
	}
	population, err := value("population", "POPULATION_", r.population, typev1.Population(0).Descriptor())
	if err != nil {
		return nil, err
	}
	grain, err := value("grain", "TIME_GRAIN_", r.grain, typev1.TimeGrain(0).Descriptor())
	if err != nil {
		return nil, err
	}
	switch typev1.TimeGrain(grain) {
	case typev1.TimeGrain_TIME_GRAIN_QUARTER, typev1.TimeGrain_TIME_GRAIN_YEAR:
		return nil, exit.Usagef("--grain: periods are at most a month long: hour, day, week or month")
	}
	if r.flags.Changed("limit") && rule.GetUnitKey() != "" {
		return nil, exit.Usagef("--limit is for a rule with one unit: with --by, units are judged together by --fdr")
	}
	method, err := value("method", "METHOD_", r.method, scoringv1.AlertRule_Method(0).Descriptor())
	if err != nil {
		return nil, err
	}
	rule.Metric, rule.Variant, rule.Population = scoringv1.Metric(metric), scoringv1.Variant(variant), typev1.Population(population)
	rule.Grain, rule.Method = typev1.TimeGrain(grain), scoringv1.AlertRule_Method(method)
	rule.Baseline, err = r.baseline()
	return rule, err
}

// baseline reads what periods are compared with; nil when it was not stated.
func (r *ruleFlags) baseline() (*scoringv1.AlertBaseline, error) {
	first := r.flags.Changed("baseline-first") || r.baselineSince != ""
	period := r.baselineFrom != "" || r.baselineTo != ""
	fixed := r.flags.Changed("baseline-value")
	zone, err := parseZone(r.rule.GetTimeZone())
	if err != nil {
		return nil, err
	}
	switch {
	case first && (period || fixed), period && fixed:
		return nil, exit.Usagef("state one baseline only: first periods, a period or a value")
	case first:
		since, err := parseBound("baseline-since", r.baselineSince, zone)
		if err != nil {
			return nil, err
		}
		return &scoringv1.AlertBaseline{Kind: &scoringv1.AlertBaseline_FirstPeriods_{FirstPeriods: &scoringv1.AlertBaseline_FirstPeriods{Count: r.baselineFirst, StartTime: since}}}, nil
	case period:
		if r.baselineFrom == "" || r.baselineTo == "" {
			return nil, exit.Usagef("--baseline-from and --baseline-to go together")
		}
		p, err := parsePeriodIn(baselinePrefix, r.baselineFrom, r.baselineTo, zone)
		return &scoringv1.AlertBaseline{Kind: &scoringv1.AlertBaseline_Period{Period: p}}, err
	case fixed:
		return &scoringv1.AlertBaseline{Kind: &scoringv1.AlertBaseline_Value{Value: r.baselineValue}}, nil
	}
	return nil, nil
}

// parseSpan reads a span of time that begins now unless stated, and has an end or a length.
func parseSpan(from, to string, length time.Duration, now time.Time, zone *time.Location) (start, end *timestamppb.Timestamp, err error) {
	if start, err = parseBound("from", from, zone); err != nil {
		return nil, nil, err
	}
	if start == nil {
		start = timestamppb.New(now)
	}
	switch {
	case (to == "") == (length == 0):
		return nil, nil, exit.Usagef("state either --for or --to")
	case length < 0:
		return nil, nil, exit.Usagef("--for must be positive")
	case length > 0:
		return start, timestamppb.New(start.AsTime().Add(length)), nil
	}
	if end, err = parseBound("to", to, zone); err != nil {
		return nil, nil, err
	}
	if !start.AsTime().Before(end.AsTime()) {
		return nil, nil, exit.Usagef("--from must be before --to")
	}
	return start, end, nil
}
