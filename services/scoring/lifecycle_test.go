package scoring_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/services/scoring"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// withoutWatermark removes what differs from time to time.
func withoutWatermark(r *scoringv1.QueryScoresResponse) *scoringv1.QueryScoresResponse {
	r = proto.CloneOf(r)
	r.Watermark = nil
	for _, s := range r.GetScores() {
		s.Watermark = nil
	}
	return r
}

func TestRestart(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.survey.publish(acme, "shop", shopQuestions())
	random := rand.New(rand.NewPCG(1, 1))
	add := func(from, n int) {
		s.survey.add(several(n, func(i int) *surveyv1.Event {
			return response(acme, shop, id("r", from+i), noon.Add(time.Duration(random.IntN(100))*time.Hour), scores{"recommend": float64(random.IntN(11))})
		})...)
	}
	add(0, 300)
	s.start().caughtUp(shop, 300)
	everything := &scoringv1.ScoreQuery{Survey: shop, Grain: 2, Question: "*"}
	before := s.query(everything)
	s.stop()
	add(300, 100)
	s.survey.setDown(true)
	s.start()
	// The survey service is down: what is known of questionnaires is gone with the process, and the watermark is the old one.
	_, err := s.client.QueryScores(context.Background(), &scoringv1.QueryScoresRequest{Query: everything})
	wantError(t, "survey service down", err, codes.Unavailable, "SURVEY_SERVICE_UNAVAILABLE", "")
	s.survey.setDown(false)
	s.caughtUp(shop, 400)
	s.stop()
	s.start().caughtUp(shop, 400)
	after := s.query(everything)
	if len(after.GetScores()) < len(before.GetScores()) {
		t.Errorf("%d scores before and %d after", len(before.GetScores()), len(after.GetScores()))
	}
	// A store made from the log at once shows the same.
	fresh := newSuite(t)
	fresh.survey = s.survey
	fresh.start().caughtUp(shop, 400)
	if !proto.Equal(withoutWatermark(after), withoutWatermark(fresh.query(everything))) {
		t.Error("scores after restarts differ from those of a new store")
	}
}

// TestSurveyServiceDown goes on answering while the survey service is down, and catches up afterwards.
func TestSurveyServiceDown(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.survey.publish(acme, "shop", shopQuestions())
	s.survey.add(response(acme, shop, "a", noon, scores{"recommend": 9}))
	s.start().caughtUp(shop, 1)
	s.survey.setDown(true)
	mark := s.query(npsAnswered()).GetWatermark().AsTime()
	wantScores(t, "while it is down", s.query(npsAnswered()), `recommend 0-10 NPS_ANSWERED "" 1 100.00`)
	s.survey.add(response(acme, shop, "b", noon, scores{"recommend": 0}))
	wantScores(t, "still down", s.query(npsAnswered()), `recommend 0-10 NPS_ANSWERED "" 1 100.00`)
	s.survey.setDown(false)
	s.caughtUp(shop, 2)
	testkit.Eventually(t, patience, func() error {
		if now := s.query(npsAnswered()).GetWatermark().AsTime(); !now.After(mark) {
			return fmt.Errorf("the watermark stays at %v", now)
		}
		return nil
	})
}

// TestQueriesDoNotAskEveryTime counts what queries ask of the survey service.
func TestQueriesDoNotAskEveryTime(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.config.SurveyRefresh = time.Hour
	s.survey.publish(acme, "shop", shopQuestions())
	s.survey.add(response(acme, shop, "a", noon, scores{"recommend": 9}))
	s.start().caughtUp(shop, 1)
	before := s.survey.called("GetSurvey")
	for range 50 {
		s.query(npsAnswered())
	}
	if asked := s.survey.called("GetSurvey") - before; asked > 0 {
		t.Errorf("50 queries asked %d times", asked)
	}
	if asked := s.survey.called("GetRevision"); asked != 1 {
		t.Errorf("the revision was asked for %d times", asked)
	}
}

func TestRebuilds(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newSuite(t)
	s.survey.publish(acme, "shop", shopQuestions())
	s.survey.publish(other, "shop", shopQuestions())
	s.survey.add(several(500, func(i int) *surveyv1.Event {
		if i%5 == 4 {
			return refusal(acme, shop, id("x", i), noon, surveyv1.Refusal_KIND_REFUSED, id("i", i%20))
		}
		return response([]string{acme, other}[i%2], shop, id("r", i), noon.Add(time.Duration(i)*time.Hour), scores{"recommend": float64(i % 11)})
	})...)
	s.start().caughtUp(shop, s.answersOf(acme))
	before := s.query(&scoringv1.ScoreQuery{Survey: shop, Grain: 2})
	var names []string
	for range 3 {
		r, err := s.client.RebuildScores(ctx, &scoringv1.RebuildScoresRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if r.GetRebuild().GetState() != scoringv1.Rebuild_STATE_RUNNING || r.GetRebuild().GetCreateTime() == nil || r.GetRebuild().GetEndTime() != nil {
			t.Errorf("just begun: %v", r)
		}
		names = append(names, r.GetRebuild().GetName())
		done := s.rebuilt(r.GetRebuild().GetName())
		if done.GetState() != scoringv1.Rebuild_STATE_SUCCEEDED || done.GetCellsChanged() != 0 || done.GetRecordsRead() == 0 || done.GetEndTime() == nil {
			t.Errorf("rebuild %v", done)
		}
	}
	if !proto.Equal(withoutWatermark(before), withoutWatermark(s.query(&scoringv1.ScoreQuery{Survey: shop, Grain: 2}))) {
		t.Error("rebuilt scores differ")
	}
	var listed []string
	for token := ""; ; {
		page, err := s.client.ListRebuilds(ctx, &scoringv1.ListRebuildsRequest{PageSize: 2, PageToken: token})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.GetRebuilds() {
			listed = append(listed, r.GetName())
		}
		if token = page.GetNextPageToken(); token == "" {
			break
		}
	}
	if want := []string{names[2], names[1], names[0]}; fmt.Sprint(listed) != fmt.Sprint(want) {
		t.Errorf("listed %v, want %v", listed, want)
	}
	for _, name := range []string{"rebuilds/99", "rebuilds/x", "rebuilds/01"} {
		_, err := s.client.GetRebuild(ctx, &scoringv1.GetRebuildRequest{Name: name})
		wantError(t, name, err, codes.NotFound, "REBUILD_NOT_FOUND", "name")
	}
	page, err := s.client.ListRebuilds(ctx, &scoringv1.ListRebuildsRequest{PageSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.definitions.ListMetricDefinitions(ctx, &scoringv1.ListMetricDefinitionsRequest{PageToken: page.GetNextPageToken()})
	wantError(t, "token of another method", err, codes.InvalidArgument, "PAGE_TOKEN_INVALID", "page_token")
	// What comes after a rebuild is counted on top of it.
	s.survey.add(response(acme, shop, "late", noon, scores{"recommend": 9}))
	s.caughtUp(shop, s.answersOf(acme))
}

// TestOneRebuildAtATime begins a second rebuild while one cannot go on.
func TestOneRebuildAtATime(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newSuite(t)
	s.start()
	s.survey.setDown(true)
	first, err := s.client.RebuildScores(ctx, &scoringv1.RebuildScoresRequest{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.client.RebuildScores(ctx, &scoringv1.RebuildScoresRequest{})
	wantError(t, "a second rebuild", err, codes.FailedPrecondition, "REBUILD_RUNNING", "")
	// It is given up when the service stops, and another one may begin.
	s.stop()
	s.survey.setDown(false)
	s.start()
	if r := s.rebuilt(first.GetRebuild().GetName()); r.GetState() != scoringv1.Rebuild_STATE_FAILED || r.GetError() == "" {
		t.Errorf("after a restart: %v", r)
	}
	again, err := s.client.RebuildScores(ctx, &scoringv1.RebuildScoresRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if r := s.rebuilt(again.GetRebuild().GetName()); r.GetState() != scoringv1.Rebuild_STATE_SUCCEEDED {
		t.Errorf("a rebuild of nothing: %v", r)
	}
}

// answersOf is the number of outcomes of the shop survey that the log holds for an organisation: responses, and the last refusal of each
// invitation.
func (s *suite) answersOf(org string) int64 {
	s.survey.mu.Lock()
	defer s.survey.mu.Unlock()
	n, invitations := int64(0), map[string]bool{}
	for _, e := range s.survey.events {
		if e.GetOrganization() != org {
			continue
		}
		if e.GetResponse() != nil {
			n++
		} else {
			invitations[e.GetRefusal().GetInvitation()] = true
		}
	}
	return n + int64(len(invitations))
}

// rebuilt waits for the end of a rebuild.
func (s *suite) rebuilt(name string) *scoringv1.Rebuild {
	s.t.Helper()
	var last *scoringv1.Rebuild
	testkit.Eventually(s.t, patience, func() error {
		r, err := s.client.GetRebuild(context.Background(), &scoringv1.GetRebuildRequest{Name: name})
		if err != nil {
			return err
		}
		if last = r.GetRebuild(); last.GetState() == scoringv1.Rebuild_STATE_RUNNING {
			return errors.New("the rebuild is running")
		}
		return nil
	})
	return last
}

func TestNewRefusesUnsoundConfig(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	for name, change := range map[string]func(*scoring.Config){
		"path": func(c *scoring.Config) { c.Path = "" }, "time zone": func(c *scoring.Config) { c.TimeZone = "Asia/Atlantis" },
		"least answers": func(c *scoring.Config) { c.Privacy.LeastAnswers = 2 },
		"batch":         func(c *scoring.Config) { c.BatchSize = 0 }, "interval": func(c *scoring.Config) { c.WatchInterval = 0 },
		"heartbeat": func(c *scoring.Config) { c.WatchHeartbeat = -1 }, "refresh": func(c *scoring.Config) { c.SurveyRefresh = -1 },
		"bands": func(c *scoring.Config) { c.Bands.CaseLevelFrom = 2 }, "folder": func(c *scoring.Config) { c.Path = t.TempDir() + "/none/x.db" },
	} {
		c := s.config
		change(&c)
		if service, err := scoring.New(context.Background(), c, scoring.Deps{Survey: fakeConn{}}); err == nil {
			t.Errorf("%s: accepted", name)
			_ = service.Close()
		}
	}
	if _, err := scoring.New(context.Background(), s.config, scoring.Deps{}); err == nil {
		t.Error("a service without a connection to the survey service was made")
	}
}
