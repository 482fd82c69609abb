package follow

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/timeline"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// Timeline is the follower that remembers who was asked and answered. conn calls the survey service with the role service.
func Timeline(conn grpc.ClientConnInterface, s store.Timeline, logger *slog.Logger) Follower {
	f := Survey(store.TimelineFollower, conn, func(ctx context.Context, events []*surveyv1.Event, from, to int64) error {
		batch := store.RememberedAnswers{From: from, To: to}
		for _, e := range events {
			if answer, ok := remembered(e); ok {
				batch.Events = append(batch.Events, answer)
			}
		}
		return s.RememberAnswers(ctx, batch)
	})
	f.Restart = s.RestartAnswers
	f.Reached = func(ctx context.Context, asOf time.Time) {
		if err := s.DropWaitingComments(ctx, asOf); err != nil {
			logger.DebugContext(ctx, "comments that wait for no answer any more are dropped later", slog.Any("error", err))
		}
	}
	return f
}

// TimelineComments is the follower that remembers that customers wrote something. conn calls the comment service with the role service.
func TimelineComments(conn grpc.ClientConnInterface, s store.Timeline) Follower {
	f := Comments(store.TimelineCommentFollower, conn, func(ctx context.Context, events []*commentv1.Event, from, to int64) error {
		batch := store.RememberedComments{From: from, To: to}
		for _, e := range events {
			batch.Events = append(batch.Events, rememberedComment(e))
		}
		return s.RememberComments(ctx, batch)
	})
	f.Restart = s.RestartComments
	return f
}

// remembered is what is remembered of an event of the survey service; false where nobody knows whom it is about, or nobody is to know.
func remembered(e *surveyv1.Event) (store.RememberedAnswer, bool) {
	out := store.RememberedAnswer{Organization: e.GetOrganization()}
	switch c := e.GetChange().(type) {
	case *surveyv1.Event_Removed:
		out.Resource, out.Removed, out.Erasure = c.Removed.GetName(), true, strings.TrimPrefix(c.Removed.GetErasure(), "erasures/")
		return out, true
	case *surveyv1.Event_Response:
		person, ok := seal.ParsePseudonym(c.Response.GetRespondent())
		if !ok || e.GetPopulationProtected() {
			return out, false
		}
		out.Resource, out.Person, out.Time = c.Response.GetName(), person, c.Response.GetCountTime().AsTime()
		out.Answer = answerOf(c.Response)
		if c.Response.GetInvitation() != "" {
			out.Invitation = invitationOf(c.Response.GetContext(), c.Response.GetInvitation(), timeline.Answered)
		}
		return out, true
	case *surveyv1.Event_Refusal:
		person, ok := seal.ParsePseudonym(c.Refusal.GetRespondent())
		if !ok || e.GetPopulationProtected() {
			return out, false
		}
		out.Resource, out.Person, out.Time = c.Refusal.GetName(), person, c.Refusal.GetCountTime().AsTime()
		out.Invitation = invitationOf(c.Refusal.GetContext(), c.Refusal.GetInvitation(), outcomes()[c.Refusal.GetKind()])
		return out, true
	}
	return out, false
}

// outcomes are what refusals say of invitations.
func outcomes() map[surveyv1.Refusal_Kind]timeline.Outcome {
	return map[surveyv1.Refusal_Kind]timeline.Outcome{
		surveyv1.Refusal_KIND_REFUSED: timeline.Refused, surveyv1.Refusal_KIND_DISMISSED: timeline.Dismissed, surveyv1.Refusal_KIND_TIMED_OUT: timeline.TimedOut,
	}
}

func answerOf(r *surveyv1.Response) *timeline.Answer {
	return &timeline.Answer{
		Units: unitsIn(r.GetContext()), Revision: r.GetRevision(), Touchpoint: r.GetContext().GetTouchpoint(), Channel: r.GetContext().GetChannel(),
		Language: r.GetLanguage(), Answers: len(r.GetAnswers()),
	}
}

func invitationOf(c *typev1.Context, id string, outcome timeline.Outcome) *timeline.Invitation {
	return &timeline.Invitation{Units: unitsIn(c), Invitation: id, Outcome: outcome, Touchpoint: c.GetTouchpoint(), Channel: c.GetChannel()}
}

func unitsIn(c *typev1.Context) timeline.Units {
	return timeline.Units{Company: c.GetCompany(), Location: c.GetLocation(), Region: c.GetRegion(), Employee: c.GetEmployee()}
}

// rememberedComment is what is remembered of what the comment service found out.
func rememberedComment(e *commentv1.Event) store.RememberedComment {
	out := store.RememberedComment{Organization: e.GetOrganization(), Resource: e.GetResponse(), Time: e.GetTime().AsTime()}
	if e.GetRemoved() {
		return out
	}
	out.Comment = &timeline.Comment{Sentiment: uint8(e.GetSentiment())} //nolint:gosec // an enum of five values
	for _, a := range e.GetAspects() {
		out.Comment.Aspects = append(out.Comment.Aspects, strings.TrimPrefix(a.GetAspect(), "aspects/"))
	}
	return out
}
