package command

import (
	"context"
	"fmt"
	"strings"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// meanings are definitions by name and version, for what is told of scores.
type meanings map[meaningOf]*scoringv1.MetricDefinition

// meaningOf names a version of a definition.
type meaningOf struct {
	name    string
	version int32
}

// meaningsOf asks for the definitions that scores name. Those that are not current any more are asked for one by one.
func meaningsOf(ctx context.Context, conn *client.Connection, scores ...*scoringv1.Score) (meanings, error) {
	request := &scoringv1.ListMetricDefinitionsRequest{ShowRetired: true}
	all, err := listAll(ctx, "metric definitions", conn.Definitions.ListMetricDefinitions, request, &request.PageToken,
		(*scoringv1.ListMetricDefinitionsResponse).GetMetricDefinitions)
	if err != nil {
		return nil, err
	}
	m := meanings{}
	for _, d := range all {
		m[meaningOf{d.GetName(), d.GetVersion()}] = d
	}
	for _, s := range scores {
		key := meaningOf{s.GetDefinition(), s.GetDefinitionVersion()}
		if m[key] != nil || key.name == "" {
			continue
		}
		got, err := conn.Definitions.GetMetricDefinition(ctx, &scoringv1.GetMetricDefinitionRequest{Name: fmt.Sprintf("%s@%d", key.name, key.version)})
		if err != nil {
			return nil, fmt.Errorf("get the metric definition: %w", err)
		}
		m[key] = got.GetMetricDefinition()
	}
	return m, nil
}

// footnotes say what scores mean, each meaning once.
func (m meanings) footnotes(scores []*scoringv1.Score) string {
	type told struct {
		meaningOf
		variant scoringv1.Variant
	}
	var b strings.Builder
	seen := map[told]bool{}
	for _, s := range scores {
		key := told{meaningOf{s.GetDefinition(), s.GetDefinitionVersion()}, s.GetVariant()}
		if seen[key] {
			continue
		}
		seen[key] = true
		how := "no interval"
		if method := m.method(scores, s); method != "" {
			how = "interval " + strings.ToLower(method)
		}
		fmt.Fprintf(&b, "%s = %s (%s version %d, %s)\n", printable(metricWord(s)), printable(m.formula(s)), printable(idOf(s.GetDefinition())), s.GetDefinitionVersion(), how)
	}
	return b.String()
}

// method is how the intervals of scores with the same meaning are made, as told by the first that has one.
func (meanings) method(scores []*scoringv1.Score, like *scoringv1.Score) string {
	for _, s := range scores {
		if s.GetDefinition() == like.GetDefinition() && s.GetVariant() == like.GetVariant() && s.GetInterval().GetMethod() != "" {
			return s.GetInterval().GetMethod()
		}
	}
	return ""
}

// formula is what the definition says, in the symbols of the counts or, for composites, in its own terms.
func (m meanings) formula(s *scoringv1.Score) string {
	d := m[meaningOf{s.GetDefinition(), s.GetDefinitionVersion()}]
	for _, v := range d.GetVariants() {
		if v.GetVariant() == s.GetVariant() && v.GetFormula() != "" {
			return v.GetFormula()
		}
	}
	switch meaning := d.GetMeaning().(type) {
	case *scoringv1.MetricDefinition_Expression:
		return meaning.Expression.GetFormula()
	case *scoringv1.MetricDefinition_Index:
		if meaning.Index.GetForm() == scoringv1.IndexDefinition_FORM_ROSENBERG {
			return "sum of importance times score"
		}
		return "mean of attributes weighted by their " + enumWord("IMPORTANCE_", meaning.Index.GetImportance()) + " importance"
	case *scoringv1.MetricDefinition_Gap:
		return "mean of dimensions, each the mean of its items"
	case *scoringv1.MetricDefinition_Cuts:
		return enumWord("VARIANT_", meaning.Cuts.GetVariant()) + " with cut points of its own"
	}
	return "?"
}
