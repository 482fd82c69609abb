package command

import (
	"fmt"
	"math"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// scoreTable lays out scores: what was counted, the estimate and what it rests on.
type scoreTable struct {
	query    *scoringv1.ScoreQuery
	scores   []*scoringv1.Score
	meanings meanings
}

// weighted tells whether responses are weighted.
func (t *scoreTable) weighted() bool { return t.query.GetWeighting() != nil }

// has tells whether any score has a property.
func (t *scoreTable) has(property func(*scoringv1.Score) bool) bool {
	for _, s := range t.scores {
		if property(s) {
			return true
		}
	}
	return false
}

func isOption(s *scoringv1.Score) bool { return s.GetOption() != "" }

// sliceHeader names the columns that tell scores apart.
func (t *scoreTable) sliceHeader() []string {
	header := []string{"METRIC", "QUESTION"}
	if t.has(isOption) {
		header = append(header, "OPTION")
	}
	if t.stepped() {
		header = append(header, strings.ToUpper(enumWord("TIME_GRAIN_", t.query.GetGrain())))
	}
	for _, key := range t.query.GetGroupBy() {
		header = append(header, strings.ToUpper(strings.TrimPrefix(key, "attributes.")))
	}
	return header
}

func (t *scoreTable) stepped() bool {
	return t.query.GetGrain() != typev1.TimeGrain_TIME_GRAIN_UNSPECIFIED
}

func (t *scoreTable) header() []string {
	header := append(t.sliceHeader(), "SCORE", levelOf(t.scores)+" INTERVAL", "N")
	if t.weighted() {
		header = append(header, "EFFECTIVE N", "DESIGN EFFECT")
	}
	return append(header, "COUNTS")
}

// sliceOf are the cells under sliceHeader.
func (t *scoreTable) sliceOf(s *scoringv1.Score) []string {
	row := []string{metricWord(s), orDash(s.GetSlice().GetQuestion())}
	if t.has(isOption) {
		row = append(row, orDash(s.GetOption()))
	}
	if t.stepped() {
		zone := time.UTC
		if z, err := parseZone(t.query.GetTimeZone()); err == nil {
			zone = z
		}
		row = append(row, stepName(s.GetSlice().GetPeriod().GetStartTime(), t.query.GetGrain(), zone))
	}
	for i := range t.query.GetGroupBy() {
		value := ""
		if keys := s.GetSlice().GetKeys(); i < len(keys) {
			value = keys[i].GetValue()
		}
		row = append(row, orNotStated(value))
	}
	return row
}

func (t *scoreTable) rows() [][]string {
	var rows [][]string
	for _, s := range t.scores {
		row := append(t.sliceOf(s), estimate(s), interval(s.GetInterval()), fmt.Sprint(s.GetN()))
		if t.weighted() {
			row = append(row, number(s.EffectiveN, 1), number(s.DesignEffect, 3))
		}
		rows = append(rows, append(row, counts(s)))
	}
	return rows
}

// parts lays out what composites are made of.
func (t *scoreTable) parts() (header []string, rows [][]string) {
	for _, s := range t.scores {
		for _, p := range s.GetParts() {
			rows = append(rows, append(t.sliceOf(s), partCells(p)...))
		}
	}
	return append(t.sliceHeader(), partHeader...), rows
}

// partHeader is over the cells of a part of a composite.
var partHeader = []string{"PART", "KIND", "TITLE", "SCORE", "INTERVAL", "WEIGHT", "CONTRIBUTION", "N"}

func partCells(p *scoringv1.ScorePart) []string {
	weight := number(p.Weight, 4)
	if p.WeightStandardError != nil {
		weight += " ± " + formatNumber(p.GetWeightStandardError(), 4)
	}
	return []string{
		p.GetId(), enumWord("KIND_", p.GetKind()), orDash(titleOf(p.GetTitle())), number(p.Estimate, 3), interval(p.GetInterval()), weight,
		number(p.Contribution, 3), fmt.Sprint(p.GetN()),
	}
}

// titleOf is a text in English, or in whatever language there is.
func titleOf(t *typev1.LocalizedText) string {
	for _, language := range []string{"en", "ru", "ky"} {
		if text := t.GetTexts()[language]; text != "" {
			return text
		}
	}
	return ""
}

// metricWord is how people call what was computed: the variant, or the definition of a composite.
func metricWord(s *scoringv1.Score) string {
	if s.GetVariant() == scoringv1.Variant_VARIANT_UNSPECIFIED {
		return idOf(s.GetDefinition())
	}
	return enumWord("VARIANT_", s.GetVariant())
}

func levelOf(scores []*scoringv1.Score) string {
	for _, s := range scores {
		if l := s.GetInterval().GetLevel(); l > 0 {
			return formatNumber(l*100, 2) + "%"
		}
	}
	return "95%"
}

// estimate is the score, `-` when there is none, with its judgement.
func estimate(s *scoringv1.Score) string {
	switch {
	case s.Suppression != nil:
		return "withheld: " + strings.ReplaceAll(enumWord("SUPPRESSION_", s.GetSuppression()), "_", " ")
	case s.GetAbsenceReason() != "":
		return "- (" + s.GetAbsenceReason() + ")"
	case s.Estimate == nil:
		return "-"
	}
	text := formatNumber(s.GetEstimate(), 3)
	if s.NormalizedEstimate != nil {
		text += fmt.Sprintf(" (%s of 100)", formatNumber(s.GetNormalizedEstimate(), 1))
	}
	if s.GetBand() != "" {
		text += " " + strings.ToLower(s.GetBand())
	}
	return text
}

func interval(i *typev1.ConfidenceInterval) string {
	if i == nil {
		return "-"
	}
	return fmt.Sprintf("%s to %s", formatNumber(i.GetLower(), 3), formatNumber(i.GetUpper(), 3))
}

// positiveWords name the counts of positive and negative answers of metrics.
var positiveWords = map[scoringv1.Metric][2]string{
	scoringv1.Metric_METRIC_CSAT:        {"satisfied", "dissatisfied"},
	scoringv1.Metric_METRIC_CES:         {"easy", "difficult"},
	scoringv1.Metric_METRIC_LIKE_INDEX:  {"likes", "dislikes"},
	scoringv1.Metric_METRIC_SMILE_INDEX: {"smiles", "without a smile"},
}

// counts lists the counts behind a score, with the symbols of the formulas.
func counts(s *scoringv1.Score) string {
	c := s.GetCounts()
	if c == nil {
		return "-"
	}
	var parts []string
	add := func(name string, n *int64) {
		if n != nil {
			parts = append(parts, fmt.Sprintf("%s %d", name, *n))
		}
	}
	add("promoters", c.Promoters)
	add("passives", c.Passives)
	add("detractors", c.Detractors)
	words, ok := positiveWords[s.GetMetric()]
	if !ok {
		words = [2]string{"positive", "negative"}
	}
	add(words[0], c.Positive)
	add(words[1], c.Negative)
	add("chose", c.Chose)
	if len(parts) == 0 || s.GetN() != c.GetAnswered() {
		parts = append([]string{fmt.Sprintf("answered %d", c.GetAnswered())}, parts...)
	}
	if r := c.GetRefused() + c.GetDismissed() + c.GetTimedOut(); r > 0 {
		add("refused", &r)
	}
	add("respondents", c.Respondents)
	add("invitations", c.Invitations)
	add("consultations", c.Consultations)
	add("visitors", c.Visitors)
	if missing := c.GetResponses() - c.GetAnswered(); c.GetResponses() > 0 && missing > 0 {
		add("did not answer", &missing)
	}
	return strings.Join(parts, ", ")
}

// number writes a number that may be missing.
func number(v *float64, decimals int) string {
	if v == nil {
		return "-"
	}
	return formatNumber(*v, decimals)
}

// formatNumber writes a number with at most the decimals given, without zeros at the end.
func formatNumber(v float64, decimals int) string {
	text := fmt.Sprintf("%.*f", decimals, v)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	if text == "-0" || math.IsNaN(v) {
		return strings.TrimPrefix(text, "-")
	}
	return text
}

func orNotStated(s string) string {
	if s == "" {
		return "(not stated)"
	}
	return s
}

// stepName names a step by its beginning.
func stepName(start *timestamppb.Timestamp, grain typev1.TimeGrain, zone *time.Location) string {
	if start == nil {
		return "-"
	}
	t := start.AsTime().In(zone)
	switch grain {
	case typev1.TimeGrain_TIME_GRAIN_HOUR:
		return t.Format("2006-01-02 15:04")
	case typev1.TimeGrain_TIME_GRAIN_MONTH:
		return t.Format("2006-01")
	case typev1.TimeGrain_TIME_GRAIN_QUARTER:
		return fmt.Sprintf("%d-Q%d", t.Year(), (int(t.Month())+2)/3)
	case typev1.TimeGrain_TIME_GRAIN_YEAR:
		return t.Format("2006")
	default:
		return t.Format(time.DateOnly)
	}
}
