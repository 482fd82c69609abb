package command

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// queryFlags are the flags that make a ScoreQuery.
type queryFlags struct {
	survey, question   string
	metrics, variants  []string
	definition, option string
	by                 []string
	grain              string
	slice              sliceFlags
	level              float64
	method             string
	// What answers do not tell; those given count, also when they are 0.
	invitations, consultations, visitors int64
	positive, negative                   string

	flags *pflag.FlagSet
}

// groupKeys is the help of what scores are grouped by.
const groupKeys = "touchpoint, channel, location, region, company, employee, language, revision, sentiment, theme, theme_positive, theme_negative, attributes.NAME"

// add adds the flags; those that cut the data into several scores only where they make sense.
func (q *queryFlags) add(flags *pflag.FlagSet, manyScores bool) {
	q.flags = flags
	flags.StringVar(&q.survey, "survey", "", "the survey (needed)")
	flags.StringVar(&q.question, "question", "", "the question's id, or 'all' (default: the survey's first question that the metric fits)")
	flags.StringSliceVar(&q.metrics, "metric", nil, names("metric", "METRIC_", scoringv1.Metric(0).Descriptor())+" (default: all that fit)")
	flags.StringSliceVar(&q.variants, "variant", nil, "variant of a metric: "+names("", "VARIANT_", scoringv1.Variant(0).Descriptor()))
	flags.StringVar(&q.definition, "definition", "", "a definition of your own or a built-in model in place of a metric, NAME or NAME@VERSION (see otklik definitions)")
	flags.StringVar(&q.option, "option", "", "share: this option, or this value of a scored question (default: each)")
	flags.StringVar(&q.positive, "positive-option", "", "like and smile index: the option that is a like or a smile (default: like, smile)")
	flags.StringVar(&q.negative, "negative-option", "", "like and smile index: its opposite (default: dislike, no_smile)")
	flags.Int64Var(&q.invitations, "invitations", 0, "how many were invited, for response_rate_invited")
	flags.Int64Var(&q.consultations, "consultations", 0, "how many consultations there were, for like_index_consultations")
	flags.Int64Var(&q.visitors, "visitors", 0, "how many visitors there were, for like_index_presses")
	q.slice.add(flags, "")
	flags.Float64Var(&q.level, "level", 0, "confidence level of intervals, 0.5 to 0.9999 (default 0.95)")
	flags.StringVar(&q.method, "interval-method", "", "method of intervals: "+names("", "INTERVAL_METHOD_", scoringv1.IntervalMethod(0).Descriptor())+" (default: the variant's)")
	if !manyScores {
		return
	}
	flags.StringSliceVar(&q.by, "by", nil, "one score for each combination of the values of up to three keys: "+groupKeys)
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
	out := &scoringv1.ScoreQuery{Survey: surveyName(q.survey), Question: q.question, ConfidenceLevel: q.level, StatedCounts: q.statedCounts()}
	if q.question == "all" {
		out.Question = "*"
	}
	if err := q.measured(out); err != nil {
		return nil, err
	}
	if len(q.by) > mostKeys {
		return nil, exit.Usagef("--by takes up to %d keys, not %d", mostKeys, len(q.by))
	}
	out.GroupBy = q.by
	grain, err := value("grain", "TIME_GRAIN_", q.grain, typev1.TimeGrain(0).Descriptor())
	if err != nil {
		return nil, err
	}
	method, err := value("interval-method", "INTERVAL_METHOD_", q.method, scoringv1.IntervalMethod(0).Descriptor())
	if err != nil {
		return nil, err
	}
	out.Grain, out.IntervalMethod = typev1.TimeGrain(grain), scoringv1.IntervalMethod(method)
	s, err := q.slice.slice()
	if err != nil {
		return nil, err
	}
	s.into(out)
	return out, nil
}

// mostKeys is how many keys a query groups by.
const mostKeys = 3

// measured sets what is computed: metrics with their variants, or a definition.
func (q *queryFlags) measured(out *scoringv1.ScoreQuery) error {
	for _, name := range q.metrics {
		v, err := value("metric", "METRIC_", name, scoringv1.Metric(0).Descriptor())
		if err != nil {
			return err
		}
		if !slices.Contains(out.Metrics, scoringv1.Metric(v)) {
			out.Metrics = append(out.Metrics, scoringv1.Metric(v))
		}
	}
	for _, name := range q.variants {
		v, err := value("variant", "VARIANT_", name, scoringv1.Variant(0).Descriptor())
		if err != nil {
			return err
		}
		if !slices.Contains(out.Variants, scoringv1.Variant(v)) {
			out.Variants = append(out.Variants, scoringv1.Variant(v))
		}
	}
	if q.definition != "" {
		if len(out.GetMetrics())+len(out.GetVariants()) > 0 {
			return exit.Usagef("either --definition, or --metric and --variant")
		}
		out.Definition = named("metricDefinitions", q.definition)
	}
	if q.flags.Changed("option") {
		out.Option = &q.option
	}
	if q.positive != "" || q.negative != "" {
		out.OptionRoles = &scoringv1.OptionRoles{Positive: q.positive, Negative: q.negative}
	}
	return nil
}

// statedCounts are the counts that were given; nil when none was.
func (q *queryFlags) statedCounts() *scoringv1.StatedCounts {
	out := &scoringv1.StatedCounts{}
	if q.flags.Changed("invitations") {
		out.Invitations = &q.invitations
	}
	if q.flags.Changed("consultations") {
		out.Consultations = &q.consultations
	}
	if q.flags.Changed("visitors") {
		out.Visitors = &q.visitors
	}
	if proto.Size(out) == 0 {
		return nil
	}
	return out
}

// enumWord is how people write an enum's value.
func enumWord(prefix string, e fmt.Stringer) string {
	return strings.ToLower(strings.TrimPrefix(e.String(), prefix))
}
