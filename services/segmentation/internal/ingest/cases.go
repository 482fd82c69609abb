package ingest

import (
	"context"
	"slices"
	"time"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/services/segmentation/internal/follow"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/trigger"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
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
