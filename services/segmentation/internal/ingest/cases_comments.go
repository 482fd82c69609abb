package ingest

import (
	"context"
	"errors"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/trigger"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

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
