package scoring_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/pause"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/testkit"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// fakeLog is the log of a service that tells what it finds out about responses.
type fakeLog[E interface{ GetPosition() int64 }] struct {
	mu     sync.Mutex
	events []E
	last   int64
}

// tell says something, in the place of what is instead.
func (f *fakeLog[E]) tell(e E, number func(position int64), instead func(E) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last++
	number(f.last)
	f.events = append(slices.DeleteFunc(f.events, instead), e)
}

// restore forgets all that was told.
func (f *fakeLog[E]) restore() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.events, f.last = nil, 0
}

// stream sends what is told after a position until ctx ends.
func (f *fakeLog[E]) stream(ctx context.Context, after int64, send func(events []E, head int64) error) error {
	for {
		f.mu.Lock()
		var events []E
		head, ahead := f.last, after > f.last
		for _, e := range f.events {
			if e.GetPosition() > after {
				events = append(events, e)
				after = e.GetPosition()
			}
		}
		f.mu.Unlock()
		if ahead {
			return rpcerr.New(codes.OutOfRange, "POSITION_AHEAD", "start again from 0").GRPCStatus().Err()
		}
		if err := send(events, head); err != nil {
			return err
		}
		if err := pause.For(ctx, 10*time.Millisecond); err != nil {
			return err
		}
	}
}

// fakeComments is a comment service that only tells what it knows.
type fakeComments struct {
	commentv1.UnimplementedEventFeedServiceServer
	fakeLog[*commentv1.Event]
}

// tell says something of a response, in the place of what was said before.
func (f *fakeComments) tell(e *commentv1.Event) {
	f.fakeLog.tell(e, func(at int64) { e.Position = at }, func(x *commentv1.Event) bool { return x.GetResponse() == e.GetResponse() })
}

// StreamEvents streams what is told.
func (f *fakeComments) StreamEvents(req *commentv1.StreamEventsRequest, stream grpc.ServerStreamingServer[commentv1.StreamEventsResponse]) error {
	return f.stream(stream.Context(), req.GetAfterPosition(), func(events []*commentv1.Event, head int64) error {
		return stream.Send(&commentv1.StreamEventsResponse{Events: events, HeadPosition: head})
	})
}

// speaks is what comments of a response say: a theme with a sign before it, + or -, for each.
func speaks(id string, sentiment commentv1.Sentiment, themes ...string) *commentv1.Event {
	e := &commentv1.Event{Organization: acme, Response: shop + "/responses/" + id, Sentiment: sentiment}
	for _, t := range themes {
		m := &commentv1.AspectMention{Aspect: "aspects/" + t[1:], Sentiment: commentv1.Sentiment_SENTIMENT_POSITIVE}
		if strings.HasPrefix(t, "-") {
			m.Sentiment = commentv1.Sentiment_SENTIMENT_NEGATIVE
		}
		e.Aspects = append(e.Aspects, m)
	}
	return e
}

// wantNPSBy waits until the NPS by a key is what it should be: "value n estimate" for each value.
func (s *suite) wantNPSBy(key, filter string, want ...string) {
	s.t.Helper()
	testkit.Eventually(s.t, 20*time.Second, func() error {
		r, err := s.client.QueryScores(context.Background(), &scoringv1.QueryScoresRequest{Query: &scoringv1.ScoreQuery{
			Survey: shop, Metrics: metrics(metricNPS), Variants: variants(scoringv1.Variant_VARIANT_NPS_ANSWERED), GroupBy: []string{key}, Filter: filter,
		}})
		if err != nil {
			return err
		}
		var got []string
		for _, sc := range r.GetScores() {
			keys := sc.GetSlice().GetKeys()
			if len(keys) != 1 || keys[0].GetKey() != key {
				return fmt.Errorf("slice %v", sc.GetSlice())
			}
			got = append(got, fmt.Sprintf("%s %d %.0f", keys[0].GetValue(), sc.GetN(), sc.GetEstimate()))
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			return errors.New("NPS by " + key + ": " + fmt.Sprintf("%q, want %q", got, want))
		}
		return nil
	})
}

// TestScoresByWhatIsSaid cuts scores by what comments say: comments that come after their answers, or before, say something else later, or nothing, over a
// rebuild, a restart, a removal, and a comment service whose data were restored.
func TestScoresByWhatIsSaid(t *testing.T) {
	t.Parallel()
	const (
		negative = commentv1.Sentiment_SENTIMENT_NEGATIVE
		positive = commentv1.Sentiment_SENTIMENT_POSITIVE
		mixed    = commentv1.Sentiment_SENTIMENT_MIXED
	)
	s := newSuite(t)
	s.comments = &fakeComments{}
	s.survey.publish(acme, "shop", shopQuestions())
	early := speaks("d", positive, "+staff")
	s.comments.tell(early)
	answers := []*surveyv1.Event{
		response(acme, shop, "a", noon, scores{"recommend": 2}), response(acme, shop, "b", noon, scores{"recommend": 10}),
		response(acme, shop, "c", noon, scores{"recommend": 9}),
	}
	s.survey.add(answers...)
	s.start().caughtUp(shop, 3)
	s.comments.tell(speaks("a", negative, "-delivery"))
	s.comments.tell(speaks("b", mixed, "-delivery", "+staff"))
	s.wantNPSBy("theme", "", " 1 100", "delivery 2 0", "staff 1 100")
	s.wantNPSBy("theme_negative", "", " 1 100", "delivery 2 0")
	s.wantNPSBy("sentiment", "", " 1 100", "mixed 1 100", "negative 1 -100")
	s.wantNPSBy("sentiment", `theme = "staff"`, "mixed 1 100")

	// The answer to a comment that is known already, and a comment that is changed by hand, and one that has no words any more.
	s.survey.add(response(acme, shop, "d", noon, scores{"recommend": 7}))
	s.wantNPSBy("theme", "", " 1 100", "delivery 2 0", "staff 2 50")
	s.comments.tell(speaks("d", positive, "+price"))
	s.wantNPSBy("theme", "", " 1 100", "delivery 2 0", "price 1 0", "staff 1 100")
	s.comments.tell(&commentv1.Event{Organization: acme, Response: shop + "/responses/d", Removed: true})
	now := []string{" 2 50", "delivery 2 0", "staff 1 100"}
	s.wantNPSBy("theme", "", now...)

	// The same after a rebuild, and when the service starts again.
	s.rebuild()
	s.wantNPSBy("theme", "", now...)
	s.stop()
	s.start()
	s.wantNPSBy("theme", "", now...)

	// What is removed, as by an erasure, takes along what was said, whatever the comment service still says; a rebuild does not bring it back.
	s.survey.add(&surveyv1.Event{Organization: acme, Change: &surveyv1.Event_Removed{Removed: &surveyv1.Removed{
		Name: answers[0].GetResponse().GetName(), Position: answers[0].GetPosition(), Erasure: "erasures/e",
	}}})
	s.wantNPSBy("theme", "", " 2 50", "delivery 1 100", "staff 1 100")
	s.wantNPSBy("sentiment", "", " 2 50", "mixed 1 100")
	s.comments.tell(&commentv1.Event{Organization: acme, Response: shop + "/responses/a", Removed: true})
	s.rebuild()
	s.wantNPSBy("theme", "", " 2 50", "delivery 1 100", "staff 1 100")

	// A comment service that was restored from a backup says it all again, and perhaps otherwise.
	s.comments.restore()
	s.comments.tell(speaks("b", negative, "-price"))
	s.stop()
	s.start()
	s.wantNPSBy("theme", "", " 2 50", "price 1 100")
}

// TestScoresWithoutComments counts while nobody answers for the comment service.
func TestScoresWithoutComments(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.deps.Comment = fakeConn{}
	s.survey.publish(acme, "shop", shopQuestions())
	s.survey.add(response(acme, shop, "a", noon, scores{"recommend": 2}))
	s.start().caughtUp(shop, 1)
	s.wantNPSBy("theme", "", " 1 -100")
}

// rebuild rebuilds the scores and waits for the end.
func (s *suite) rebuild() {
	s.t.Helper()
	r, err := s.client.RebuildScores(context.Background(), &scoringv1.RebuildScoresRequest{})
	if err != nil {
		s.t.Fatal(err)
	}
	testkit.Eventually(s.t, patience, func() error {
		now, err := s.client.GetRebuild(context.Background(), &scoringv1.GetRebuildRequest{Name: r.GetRebuild().GetName()})
		if err == nil && now.GetRebuild().GetState() != scoringv1.Rebuild_STATE_SUCCEEDED {
			err = fmt.Errorf("the rebuild is %v", now.GetRebuild())
		}
		return err
	})
}
