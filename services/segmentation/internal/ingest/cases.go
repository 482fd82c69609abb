package ingest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/segmentation/internal/cases"
	"github.com/otklik/otklik/services/segmentation/internal/follow"
	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/surveys"
	"github.com/otklik/otklik/services/segmentation/internal/trigger"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// The followers that open cases.
const (
	casesFollower              = "cases"
	caseCommentsFollower       = "case_comments"
	caseAlertsFollower         = "case_alerts"
	caseLightsFollower         = "case_lights"
	caseCommentsAtOnce         = 100
	caseTicksAtOnce            = 200
	caseTidiedAtOnce           = 1000
	caseResponsesFor           = 30 * 24 * time.Hour
	caseCommentsFor            = 24 * time.Hour
	keywordTimeout             = 5 * time.Second
	keywordComments      int32 = 100
)

// CaseStore is what Cases keeps cases in.
type CaseStore interface {
	store.Outbox
	CaseRules(ctx context.Context, organization string) ([]trigger.Rule, error)
	SightCases(ctx context.Context, follower string, from, to int64, batch store.CaseBatch) error
	CaseResponse(ctx context.Context, organization, response string) (store.CaseResponse, error)
	CommentsToSight(ctx context.Context, limit int) ([]store.CaseComment, error)
	TickCases(ctx context.Context, now time.Time, limit int) (int, error)
	TidyCases(ctx context.Context, responses, comments time.Time, limit int) error
}

// Cases opens cases of what happens.
type Cases struct {
	Store     CaseStore
	Revisions Revisions
	// Comments is asked for words.
	Comments commentv1.CommentServiceClient
	Now      func() time.Time
}

// Responses makes the follower of responses. conn is the connection to the survey service.
func (c *Cases) Responses(conn grpc.ClientConnInterface) follow.Follower {
	return follow.Survey(casesFollower, conn, c.responses)
}

// Said makes the follower of what comments say. conn is the connection to the comment service.
func (c *Cases) Said(conn grpc.ClientConnInterface) follow.Follower {
	return follow.Comments(caseCommentsFollower, conn, c.comments)
}

// Alerts makes the follower of alerts. conn is the connection to the scoring service.
func (c *Cases) Alerts(conn grpc.ClientConnInterface) follow.Follower {
	return follow.Alerts(caseAlertsFollower, conn, c.alerts)
}

// Lights makes the follower of this service's own lights.
func (c *Cases) Lights() follow.Follower { return follow.Own(caseLightsFollower, c.Store, c.lights) }

// commentKinds are the kinds of rules that look at comments.
var commentKinds = []trigger.Kind{trigger.Sentiment, trigger.Aspect, trigger.Keyword}

// rulebook reads the rules of organisations once for a batch.
type rulebook struct {
	store CaseStore
	rules map[string][]trigger.Rule
}

func (c *Cases) rulebook() *rulebook { return &rulebook{c.Store, map[string][]trigger.Rule{}} }

func (b *rulebook) of(ctx context.Context, organization string) ([]trigger.Rule, error) {
	rules, known := b.rules[organization]
	if known {
		return rules, nil
	}
	rules, err := b.store.CaseRules(ctx, organization)
	if err == nil {
		b.rules[organization] = rules
	}
	return rules, err
}

// choose returns the rules that something matches, of those that were there when it happened: a rule opens nothing for what was before it.
func choose(rules []trigger.Rule, o trigger.Occurrence, happened time.Time) []trigger.Rule {
	there := slices.DeleteFunc(slices.Clone(rules), func(r trigger.Rule) bool { return happened.Before(r.CreateTime) })
	return trigger.Choose(there, o)
}

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

// comments looks at what comments say.
func (c *Cases) comments(ctx context.Context, events []*commentv1.Event, from, to int64) error {
	batch, book := store.CaseBatch{Now: c.Now()}, c.rulebook()
	for _, e := range events {
		if e.GetRemoved() {
			continue
		}
		rules, err := book.of(ctx, e.GetOrganization())
		if err != nil {
			return err
		}
		if !trigger.Needs(rules, commentKinds...) {
			continue
		}
		comment := store.CaseComment{Organization: e.GetOrganization(), Response: e.GetResponse(), Sentiment: uint8(e.GetSentiment())}
		for _, a := range e.GetAspects() {
			comment.Aspects = append(comment.Aspects, trigger.Mention{Aspect: strings.TrimPrefix(a.GetAspect(), "aspects/"), Sentiment: uint8(a.GetSentiment())})
		}
		if err := c.comment(ctx, comment, rules, &batch); err != nil {
			return err
		}
	}
	return c.Store.SightCases(ctx, caseCommentsFollower, from, to, batch)
}

// comment adds what rules see in comments, or that their response is not known yet.
func (c *Cases) comment(ctx context.Context, comment store.CaseComment, rules []trigger.Rule, batch *store.CaseBatch) error {
	response, err := c.Store.CaseResponse(ctx, comment.Organization, comment.Response)
	if errors.Is(err, store.ErrNotFound) {
		batch.Comments = append(batch.Comments, comment)
		return nil
	}
	if err != nil {
		return err
	}
	seen := store.CaseSighting{Organization: comment.Organization, Received: response.Received, Occurrence: trigger.Occurrence{
		Kinds: commentKinds, Resource: comment.Response, Time: response.Time, About: response.About, Survey: response.Survey, Touchpoint: response.Touchpoint,
		Channel: response.Channel, Sentiment: comment.Sentiment, Aspects: comment.Aspects,
	}}
	var failed error
	seen.Holds = func(query string) bool {
		held, err := c.holds(ctx, comment.Organization, response, comment.Response, query)
		failed = errors.Join(failed, err)
		return held
	}
	seen.Rules = choose(rules, seen.Occurrence, seen.Received)
	if seen.Holds = nil; failed != nil {
		return failed
	}
	if len(seen.Rules) > 0 {
		batch.Sightings = append(batch.Sightings, seen)
	}
	return nil
}

// holds tells whether comments of a response hold words, by asking for comments of the moment in which it counts.
func (c *Cases) holds(ctx context.Context, organization string, r store.CaseResponse, response, query string) (bool, error) {
	ctx, cancel := context.WithTimeout(rpcclient.WithOrganization(ctx, organization), keywordTimeout)
	defer cancel()
	token := ""
	for {
		list, err := c.Comments.ListComments(ctx, &commentv1.ListCommentsRequest{PageSize: keywordComments, PageToken: token, Filter: &commentv1.CommentFilter{
			Survey: r.Survey, Query: query,
			Period: &typev1.Period{StartTime: timestamppb.New(r.Time), EndTime: timestamppb.New(r.Time.Add(time.Microsecond))},
		}})
		if rpcerr.Code(err) == codes.InvalidArgument {
			// Words that cannot be searched for are held by nothing.
			return false, nil
		}
		if err != nil {
			return false, err
		}
		for _, comment := range list.GetComments() {
			if strings.HasPrefix(comment.GetName(), response+"/") {
				return true, nil
			}
		}
		if token = list.GetNextPageToken(); token == "" {
			return false, nil
		}
	}
}

// alerts looks at alerts that were opened.
func (c *Cases) alerts(ctx context.Context, events []*scoringv1.AlertEvent, from, to int64) error {
	batch, book := store.CaseBatch{Now: c.Now()}, c.rulebook()
	for _, e := range events {
		a := e.GetAlert()
		if e.GetKind() != scoringv1.AlertEvent_KIND_OPENED || a.GetState() != scoringv1.Alert_STATE_OPEN {
			continue
		}
		rules, err := book.of(ctx, e.GetOrganization())
		if err != nil {
			return err
		}
		rule, _, _ := strings.Cut(strings.TrimPrefix(a.GetName(), "alertRules/"), "/")
		o := trigger.Occurrence{
			Kinds: []trigger.Kind{trigger.Alert}, Resource: a.GetName(), Time: e.GetTime().AsTime(), Survey: a.GetSurvey(), AlertRule: rule,
			Down: a.GetDirection() == scoringv1.Alert_DIRECTION_DOWN, Unit: "alertRules/" + rule + "/" + a.GetUnitKey() + "/" + a.GetUnit(),
		}
		switch a.GetUnitKey() {
		case "company":
			o.About.Company = a.GetUnit()
		case "location":
			o.About.Location = a.GetUnit()
		case "region":
			o.About.Region = a.GetUnit()
		}
		if chosen := choose(rules, o, o.Time); len(chosen) > 0 {
			batch.Sightings = append(batch.Sightings, store.CaseSighting{Organization: e.GetOrganization(), Occurrence: o, Rules: chosen})
		}
	}
	return c.Store.SightCases(ctx, caseAlertsFollower, from, to, batch)
}

// red is the colour of lights that open cases, and staff the kind of light that never does: cases blame nobody.
const (
	red   = "red"
	staff = "staff"
)

// lights looks at lights that turned red.
func (c *Cases) lights(ctx context.Context, events []store.Event, from, to int64) error {
	batch, book := store.CaseBatch{Now: c.Now()}, c.rulebook()
	for _, e := range events {
		if e.Kind != store.LightChanged {
			continue
		}
		var body store.LightChange
		if err := store.DecodeBody(e, &body); err != nil {
			return &follow.Unfit{Reason: "what it tells of a light cannot be decoded", Err: err}
		}
		if body.Colour != red || body.Previous == red || body.Of == staff || body.Rejudged {
			continue
		}
		rules, err := book.of(ctx, e.Organization)
		if err != nil {
			return err
		}
		o := trigger.Occurrence{
			Kinds: []trigger.Kind{trigger.Light}, Resource: e.Resource, Time: e.Time, Light: body.Of, Unit: e.Resource,
			About: cases.About{Contact: e.Contact, Person: e.Person, Company: e.Company, Location: e.Location, Region: e.Region},
		}
		if chosen := choose(rules, o, o.Time); len(chosen) > 0 {
			// Each time that it turns red is another thing that rules see.
			o.Resource += "#" + e.Time.UTC().Format(time.RFC3339Nano)
			batch.Sightings = append(batch.Sightings, store.CaseSighting{Organization: e.Organization, Occurrence: o, Rules: chosen})
		}
	}
	return c.Store.SightCases(ctx, caseLightsFollower, from, to, batch)
}
