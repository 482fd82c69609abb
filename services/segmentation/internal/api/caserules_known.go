package api

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/otklik/otklik/libs/near"
	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/trigger"
)

// checkKnown refuses a rule for surveys that there are not, and for scores that none of its surveys has, or all answers have: it would open no case, or one for
// every answer. What a rule had before is not looked at again: surveys go, and rules may be changed all the same. Errors: *trigger.Refusal; those of the catalog.
func (s *caseRuleServer) checkKnown(ctx context.Context, next, before trigger.Rule) error {
	if slices.Equal(next.Where.Surveys, before.Where.Surveys) && reflect.DeepEqual(next.Trigger, before.Trigger) {
		return nil
	}
	scales := map[string][]light.Scale{}
	for i, name := range next.Where.Surveys {
		r, known, err := s.Catalog.Current(ctx, next.Organization, bare(surveysCollection, name))
		if err != nil {
			return err
		}
		if !known {
			return &trigger.Refusal{Field: fmt.Sprintf("where.surveys[%d]", i), Description: "is none that was published"}
		}
		for question, scale := range r.Scales {
			scales[question] = append(scales[question], scale)
		}
	}
	t := next.Trigger
	if t.Kind != trigger.Score || t.Question == "" || len(next.Where.Surveys) == 0 {
		return nil
	}
	if len(scales[t.Question]) == 0 {
		reason := "is no rated question of these surveys as they are now"
		if other := near.Name(t.Question, slices.Sorted(maps.Keys(scales))); other != "" {
			reason += "; did you mean " + other + "?"
		}
		return &trigger.Refusal{Field: "score.question", Description: reason}
	}
	least, most := scales[t.Question][0].Min, scales[t.Question][0].Max
	for _, scale := range scales[t.Question] {
		least, most = min(least, scale.Min), max(most, scale.Max)
	}
	if t.AtMost < least || t.AtMost >= most {
		return &trigger.Refusal{Field: "score.at_most", Description: fmt.Sprintf("must be from %v to below %v, as the question is rated", least, most)}
	}
	return nil
}
