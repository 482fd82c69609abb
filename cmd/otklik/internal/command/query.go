package command

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// queryFlags are the flags that make a ScoreQuery.
type queryFlags struct {
	survey, question   string
	metrics, variants  []string
	by                 []string
	filter, grain      string
	from, to, timeZone string
	level              float64
	method, population string
}

// add adds the flags; those that cut the data into several scores only where they make sense.
func (q *queryFlags) add(flags *pflag.FlagSet, manyScores bool) {
	flags.StringVar(&q.survey, "survey", "", "the survey (needed)")
	flags.StringVar(&q.question, "question", "", "the question's id, or 'all' (default: the survey's first question that the metric fits)")
	flags.StringSliceVar(&q.metrics, "metric", nil, names("metric", "METRIC_", scoringv1.Metric(0).Descriptor())+" (default: all that fit)")
	flags.StringSliceVar(&q.variants, "variant", nil, "variant of a metric: "+names("", "VARIANT_", scoringv1.Variant(0).Descriptor()))
	flags.StringVar(&q.filter, "filter", "", `which answers, for example 'location = "osh" AND attributes.format = "super*"' (see docs/metrics.md)`)
	flags.StringVar(&q.from, "from", "", "begin of the period: 2026, 2026-03, 2026-03-15, 2026-03-15T09:30 or with an offset (default: open)")
	flags.StringVar(&q.to, "to", "", "end of the period, which does not belong to it: 2026-04-01 ends it with 31 March (default: open)")
	flags.StringVar(&q.timeZone, "time-zone", "", "time zone of --from, --to and of the steps, for example Asia/Bishkek (default: UTC for --from and --to, the server's for steps)")
	flags.Float64Var(&q.level, "level", 0, "confidence level of intervals, 0.5 to 0.9999 (default 0.95)")
	flags.StringVar(&q.method, "interval-method", "", "method of intervals: "+names("", "INTERVAL_METHOD_", scoringv1.IntervalMethod(0).Descriptor())+" (default: the variant's)")
	flags.StringVar(&q.population, "population", "", "who was asked: "+names("", "POPULATION_", typev1.Population(0).Descriptor())+" (default: the survey's)")
	if !manyScores {
		return
	}
	flags.StringSliceVar(&q.by, "by", nil, "one score for each value of up to three keys: touchpoint, channel, location, region, company, employee, language, revision, sentiment, theme, attributes.NAME")
	flags.StringVar(&q.grain, "grain", "", "one score for each step: "+names("", "TIME_GRAIN_", typev1.TimeGrain(0).Descriptor()))
}

// names lists what an enum's flag takes.
func names(what, prefix string, d protoreflect.EnumDescriptor) string {
	var out []string
	for i := range d.Values().Len() {
		if v := d.Values().Get(i); v.Number() != 0 {
			out = append(out, strings.ToLower(strings.TrimPrefix(string(v.Name()), prefix)))
		}
	}
	list := strings.Join(out, ", ")
	if what != "" {
		list = what + ": " + list
	}
	return list
}

// value finds the number of an enum's value by what people type; 0 for the empty text.
func value(flag, prefix, text string, d protoreflect.EnumDescriptor) (protoreflect.EnumNumber, error) {
	if text == "" {
		return 0, nil
	}
	name := prefix + strings.ToUpper(strings.ReplaceAll(text, "-", "_"))
	v := d.Values().ByName(protoreflect.Name(name))
	if v == nil || v.Number() == 0 {
		return 0, exit.Usagef("--%s: %q is none of %s", flag, text, names("", prefix, d))
	}
	return v.Number(), nil
}

// query makes the query. Errors are of wrong usage.
func (q *queryFlags) query() (*scoringv1.ScoreQuery, error) {
	if q.survey == "" {
		return nil, exit.Usagef("--survey is needed")
	}
	out := &scoringv1.ScoreQuery{Survey: surveyName(q.survey), Question: q.question, TimeZone: q.timeZone, ConfidenceLevel: q.level}
	if q.question == "all" {
		out.Question = "*"
	}
	for _, name := range q.metrics {
		v, err := value("metric", "METRIC_", name, scoringv1.Metric(0).Descriptor())
		if err != nil {
			return nil, err
		}
		if !slices.Contains(out.Metrics, scoringv1.Metric(v)) {
			out.Metrics = append(out.Metrics, scoringv1.Metric(v))
		}
	}
	for _, name := range q.variants {
		v, err := value("variant", "VARIANT_", name, scoringv1.Variant(0).Descriptor())
		if err != nil {
			return nil, err
		}
		if !slices.Contains(out.Variants, scoringv1.Variant(v)) {
			out.Variants = append(out.Variants, scoringv1.Variant(v))
		}
	}
	if err := q.enums(out); err != nil {
		return nil, err
	}
	out.Filter, out.GroupBy = q.filter, q.by
	var err error
	out.Period, err = parsePeriod(q.from, q.to, q.timeZone)
	return out, err
}

func (q *queryFlags) enums(out *scoringv1.ScoreQuery) error {
	grain, err := value("grain", "TIME_GRAIN_", q.grain, typev1.TimeGrain(0).Descriptor())
	if err != nil {
		return err
	}
	method, err := value("interval-method", "INTERVAL_METHOD_", q.method, scoringv1.IntervalMethod(0).Descriptor())
	if err != nil {
		return err
	}
	population, err := value("population", "POPULATION_", q.population, typev1.Population(0).Descriptor())
	if err != nil {
		return err
	}
	out.Grain = typev1.TimeGrain(grain)
	out.IntervalMethod, out.Population = scoringv1.IntervalMethod(method), typev1.Population(population)
	return nil
}

// parsePeriod reads the bounds of a period; nil when both are open.
func parsePeriod(from, to, zoneName string) (*typev1.Period, error) {
	if from == "" && to == "" {
		return nil, nil
	}
	zone := time.UTC
	if zoneName != "" {
		var err error
		if zone, err = time.LoadLocation(zoneName); err != nil || zoneName == "Local" {
			return nil, exit.Usagef("--time-zone: %q is not a time zone such as Asia/Bishkek", zoneName)
		}
	}
	start, err := parseBound("from", from, zone)
	if err != nil {
		return nil, err
	}
	end, err := parseBound("to", to, zone)
	if err != nil {
		return nil, err
	}
	if start != nil && end != nil && !start.AsTime().Before(end.AsTime()) {
		return nil, exit.Usagef("--from must be before --to")
	}
	return &typev1.Period{StartTime: start, EndTime: end}, nil
}

// boundLayouts are the forms of --from and --to.
var boundLayouts = []string{"2006", "2006-01", "2006-01-02", "2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", time.RFC3339}

func parseBound(flag, text string, zone *time.Location) (*timestamppb.Timestamp, error) {
	if text == "" {
		return nil, nil
	}
	for _, layout := range boundLayouts {
		if t, err := time.ParseInLocation(layout, strings.Replace(text, " ", "T", 1), zone); err == nil {
			return timestamppb.New(t), nil
		}
	}
	return nil, exit.Usagef("--%s: %q is not a time such as 2026-03-15 or 2026-03-15T09:30+06:00", flag, text)
}

// enumWord is how people write an enum's value.
func enumWord(prefix string, e fmt.Stringer) string {
	return strings.ToLower(strings.TrimPrefix(e.String(), prefix))
}
