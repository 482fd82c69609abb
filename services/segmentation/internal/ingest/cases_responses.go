package ingest

import (
	"context"
	"errors"
	"strings"

	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/segmentation/internal/cases"
	"github.com/otklik/otklik/services/segmentation/internal/follow"
	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/surveys"
	"github.com/otklik/otklik/services/segmentation/internal/trigger"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// responses looks at responses.
func (c *Cases) responses(ctx context.Context, events []*surveyv1.Event, from, to int64) error {
	batch, book := store.CaseBatch{Now: c.Now()}, c.rulebook()
	for _, e := range events {
		if r := e.GetRemoved(); r != nil {
			batch.Removed = append(batch.Removed, store.CaseRemoval{
				Organization: e.GetOrganization(), Response: r.GetName(), Erasure: strings.TrimPrefix(r.GetErasure(), "erasures/"),
			})
			continue
		}
		if e.GetResponse() == nil || e.GetPopulationProtected() {
			continue
		}
		rules, err := book.of(ctx, e.GetOrganization())
		if err != nil {
			return err
		}
		seen, err := c.response(ctx, e, rules)
		if err != nil {
			return err
		}
		batch.Sightings = append(batch.Sightings, seen)
	}
	return c.Store.SightCases(ctx, casesFollower, from, to, batch)
}

// response is what rules see in a response. Errors: *follow.Unfit.
func (c *Cases) response(ctx context.Context, e *surveyv1.Event, rules []trigger.Rule) (store.CaseSighting, error) {
	m := e.GetResponse()
	survey, _, named := light.ParseResponse(m.GetName())
	if !named {
		return store.CaseSighting{}, &follow.Unfit{Reason: "it names no response"}
	}
	at := m.GetContext()
	seen := store.CaseSighting{
		Organization: e.GetOrganization(), Answer: true, Keep: trigger.Needs(rules, commentKinds...), Received: m.GetReceiveTime().AsTime(),
		Occurrence: trigger.Occurrence{
			Kinds: []trigger.Kind{trigger.Score}, Resource: m.GetName(), Time: m.GetCountTime().AsTime(), Survey: "surveys/" + survey, Touchpoint: at.GetTouchpoint(),
			Channel: at.GetChannel(),
			About:   cases.About{Company: at.GetCompany(), Location: at.GetLocation(), Region: at.GetRegion(), Employee: at.GetEmployee()},
		},
	}
	if m.GetRespondent() != "" {
		var known bool
		if seen.About.Person, known = seal.ParsePseudonym(m.GetRespondent()); !known {
			return seen, &follow.Unfit{Reason: "its respondent has no pseudonym"}
		}
	}
	if !trigger.Needs(rules, trigger.Score) {
		return seen, nil
	}
	var err error
	if seen.Answers, err = c.scores(ctx, e.GetOrganization(), m); err != nil {
		return seen, err
	}
	seen.Rules = choose(rules, seen.Occurrence, seen.Received)
	return seen, nil
}

// scores are the scores that a response gives.
func (c *Cases) scores(ctx context.Context, organization string, m *surveyv1.Response) ([]trigger.Answer, error) {
	revision, err := c.Revisions.Revision(ctx, organization, m.GetRevision())
	switch {
	case errors.Is(err, surveys.ErrFault):
		return nil, &follow.Unfit{Reason: "the survey service cannot tell what was asked", Err: err}
	case err != nil:
		return nil, err
	case revision.Scales == nil:
		return nil, &follow.Unfit{Reason: "the survey service does not know what was asked"}
	}
	var out []trigger.Answer
	for _, a := range m.GetAnswers() {
		value, scored := a.GetValue().(*surveyv1.Answer_Score)
		scale, rated := revision.Scales[a.GetQuestion()]
		if !scored || !rated {
			continue
		}
		v, err := scale.Place(value.Score)
		if err != nil {
			return nil, &follow.Unfit{Reason: "an answer is not on the scale of its question", Err: err}
		}
		out = append(out, trigger.Answer{Question: a.GetQuestion(), Value: value.Score, Ten: v.Score()})
	}
	return out, nil
}
