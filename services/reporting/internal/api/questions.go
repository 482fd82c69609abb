package api

import (
	"context"
	"fmt"
	"math"
	"slices"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/moment"
	"github.com/otklik/otklik/services/reporting/internal/peers"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// questionnaire is what a survey asks, to find what a request names.
type questionnaire struct {
	*peers.Questionnaire
}

// questionnaireOf asks for what the survey of a request asks.
func (s *Server) questionnaireOf(ctx context.Context, survey string) (questionnaire, error) {
	q, err := s.surveys.Questionnaire(ctx, survey)
	return questionnaire{q}, fault.Survey(err)
}

// scored finds a question that has scores, which the field names.
func (q questionnaire) scored(ctx context.Context, field, id string) (peers.Question, error) {
	found, ok, err := q.Find(ctx, id)
	switch {
	case err != nil:
		return peers.Question{}, fault.Survey(err)
	case !ok:
		return peers.Question{}, questionNotFound(field, id)
	case found.Kind == peers.KindOther:
		return peers.Question{}, fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_QUESTION_NOT_SCORED, field,
			fmt.Sprintf("the answers to question %q are no numbers; name a question with a scale", id))
	}
	return found, nil
}

// questionNotFound refuses a question that the survey never asked.
func questionNotFound(field, id string) error {
	return fault.Field(codes.NotFound, reportingv1.ErrorReason_ERROR_REASON_QUESTION_NOT_FOUND, field, fmt.Sprintf("the survey asks no question %q; see its revisions", id))
}

// outcome finds the outcome: the question named, or the first of likelihood to recommend, or of satisfaction.
func (q questionnaire) outcome(ctx context.Context, id string) (peers.Question, error) {
	if id != "" {
		return q.scored(ctx, "outcome", id)
	}
	for _, kind := range []peers.Kind{peers.KindNPS, peers.KindCSAT} {
		if i := slices.IndexFunc(q.Current, func(x peers.Question) bool { return x.Kind == kind }); i >= 0 {
			return q.Current[i], nil
		}
	}
	return peers.Question{}, fault.Field(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_OUTCOME_REQUIRED, "outcome",
		"the survey asks neither for the likelihood to recommend nor for satisfaction; name the outcome's question")
}

// items finds the questions that the field names, or without any all scored ones of the current revision but those that ask how much something matters, up to a number, but those left out. Notes say how
// many are beyond that number.
func (q questionnaire) items(ctx context.Context, field string, ids []string, most int, but ...string) (items []peers.Question, notes []string, err error) {
	for i, id := range ids {
		at := fmt.Sprintf("%s[%d]", field, i)
		if slices.Contains(but, id) {
			return nil, nil, fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_ITEM_REPEATED, at,
				fmt.Sprintf("question %q has another place in the request already; leave it out here", id))
		}
		item, err := q.scored(ctx, at, id)
		if err != nil {
			return nil, nil, err
		}
		items = append(items, item)
	}
	if len(ids) > 0 {
		return items, nil, nil
	}
	for _, x := range q.Current {
		if x.Kind != peers.KindOther && !x.Importance && !slices.Contains(but, x.ID) {
			items = append(items, x)
		}
	}
	items, notes = atMost(items, field, most)
	return items, notes, nil
}

// atMost are the first items, up to a number. Notes say how many are beyond it.
func atMost(items []peers.Question, field string, most int) (first []peers.Question, notes []string) {
	beyond := len(items) - most
	if beyond <= 0 {
		return items, nil
	}
	return items[:most], []string{fmt.Sprintf("left out are the last %d scored questions of the survey, those after %q: an analysis takes %d; name %s to choose",
		beyond, items[most-1].ID, most, field)}
}

// reasonOverall is why items are left out that ask for the experience as a whole, as the outcome does.
const reasonOverall = "OVERALL"

// leastSpecific is how many items there must be beside the question of satisfaction as a whole for it to be left out.
const leastSpecific = 3

// withoutOverall parts the items from those that ask for the experience as a whole, as the outcome does, so that they follow from it rather than drive it: other questions of
// the likelihood to recommend, or to do something else, as long as any other item is left, and where the outcome is one of those also the first question of satisfaction, which would be the outcome without it, as long as leastSpecific other items are left.
func withoutOverall(outcome peers.Question, items []peers.Question) (specific, overall []peers.Question) {
	for _, x := range items {
		if x.Kind == peers.KindNPS || x.Likelihood {
			overall = append(overall, x)
			continue
		}
		specific = append(specific, x)
	}
	if len(specific) == 0 {
		return items, nil
	}
	satisfied := slices.IndexFunc(specific, func(x peers.Question) bool { return x.Kind == peers.KindCSAT })
	if outcome.Kind == peers.KindNPS && satisfied >= 0 && len(specific) > leastSpecific {
		overall = append(overall, specific[satisfied])
		specific = slices.Delete(specific, satisfied, satisfied+1)
	}
	return specific, overall
}

// explained is a request for what goes together with an outcome.
type explained interface {
	GetQuery() *reportingv1.AnalysisQuery
	GetOutcome() string
	GetItems() []string
	GetMissing() reportingv1.MissingMethod
}

// outcomeAndItems is what a sample is wanted of: the outcome first, then the items.
func (q questionnaire) outcomeAndItems(ctx context.Context, req explained) (request, error) {
	outcome, err := q.outcome(ctx, req.GetOutcome())
	if err != nil {
		return request{}, err
	}
	items, notes, err := q.items(ctx, "items", req.GetItems(), math.MaxInt, outcome.ID)
	if err != nil {
		return request{}, err
	}
	var leftOut []*reportingv1.AnalysisBasis_LeftOutQuestion
	if len(req.GetItems()) == 0 {
		var overall []peers.Question
		items, overall = withoutOverall(outcome, items)
		items, notes = atMost(items, "items", moment.MostQuestions-1)
		for _, x := range overall {
			leftOut = append(leftOut, leftOutQuestion(x, reasonOverall))
			notes = append(notes, fmt.Sprintf("left out is question %q: it asks for the experience as a whole, as the outcome does; name items to take it", x.ID))
		}
	}
	return request{
		query: req.GetQuery(), notes: notes, leftOut: leftOut, questions: append([]peers.Question{outcome}, items...), missing: req.GetMissing(),
		fields: append(fault.Fields{"outcome"}, itemFields("items", len(req.GetItems()), len(items))...),
		spare:  len(req.GetItems()) == 0, kept: 1, least: 1,
	}, nil
}

// itemFields are the fields of items; those that the request does not name stand for the whole field.
func itemFields(field string, named, count int) fault.Fields {
	out := make(fault.Fields, count)
	for i := range out {
		out[i] = field
		if i < named {
			out[i] = fmt.Sprintf("%s[%d]", field, i)
		}
	}
	return out
}
