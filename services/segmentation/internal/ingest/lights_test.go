package ingest_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/segmentation/internal/follow"
	"github.com/otklik/otklik/services/segmentation/internal/ingest"
	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/store/sqlite"
	"github.com/otklik/otklik/services/segmentation/internal/surveys"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

const (
	acme = "acme"
	// feedBatch is how many events the survey service sends at a time.
	feedBatch = 500
)

var noon = time.Date(2026, 5, 14, 12, 0, 0, 0, time.UTC)

// survey is a survey service: one survey, and a change log to which events are added.
type survey struct {
	population typev1.Population

	mu     sync.Mutex
	events []*surveyv1.Event
	added  chan struct{}
}

func newSurvey() *survey { return &survey{added: make(chan struct{})} }

// add adds events to the log.
func (s *survey) add(events ...*surveyv1.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range events {
		e.Position, e.Organization = int64(len(s.events)+1), acme
		s.events = append(s.events, e)
	}
	close(s.added)
	s.added = make(chan struct{})
}

// Invoke implements grpc.ClientConnInterface: the one revision there is.
func (s *survey) Invoke(_ context.Context, method string, _, reply any, _ ...grpc.CallOption) error {
	out, ok := reply.(*surveyv1.GetRevisionResponse)
	if !ok {
		return status.Error(codes.Unimplemented, method)
	}
	out.Revision = &surveyv1.Revision{Questionnaire: &surveyv1.Questionnaire{Population: s.population, Questions: []*surveyv1.Question{
		{Id: "nps", EffectiveScale: &typev1.Scale{Max: 10}, Kind: &surveyv1.Question_Nps{Nps: &surveyv1.NpsQuestion{}}},
		{Id: "csat", EffectiveScale: &typev1.Scale{Min: 1, Max: 5}, Kind: &surveyv1.Question_Csat{Csat: &surveyv1.CsatQuestion{}}},
		{Id: "why", Kind: &surveyv1.Question_FreeText{FreeText: &surveyv1.TextQuestion{}}},
	}}}
	return nil
}

// NewStream implements grpc.ClientConnInterface: the change log.
func (s *survey) NewStream(ctx context.Context, _ *grpc.StreamDesc, _ string, _ ...grpc.CallOption) (grpc.ClientStream, error) {
	return &logStream{ctx: ctx, survey: s}, nil
}

// logStream reads the log.
type logStream struct {
	grpc.ClientStream
	ctx    context.Context
	survey *survey
	after  int
}

// SendMsg implements grpc.ClientStream: the request.
func (l *logStream) SendMsg(m any) error {
	l.after = int(m.(*surveyv1.StreamEventsRequest).GetAfterPosition())
	return nil
}

// CloseSend implements grpc.ClientStream.
func (l *logStream) CloseSend() error { return nil }

// Context implements grpc.ClientStream.
func (l *logStream) Context() context.Context { return l.ctx }

// RecvMsg implements grpc.ClientStream: the next batch.
func (l *logStream) RecvMsg(m any) error {
	for {
		l.survey.mu.Lock()
		all, added := l.survey.events, l.survey.added
		l.survey.mu.Unlock()
		if l.after < len(all) {
			out := m.(*surveyv1.StreamEventsResponse)
			out.Events, out.HeadPosition = all[l.after:min(len(all), l.after+feedBatch)], int64(len(all))
			l.after += len(out.Events)
			if l.after == len(all) {
				out.AsOfTime = timestamppb.New(noon)
			}
			return nil
		}
		select {
		case <-added:
		case <-l.ctx.Done():
			return io.EOF
		}
	}
}

// response is that a person answered about a company.
func response(id, company string, person int, score float64) *surveyv1.Event {
	r := &surveyv1.Response{
		Name: "surveys/visits/responses/" + id, Revision: "surveys/visits/revisions/1", CountTime: timestamppb.New(noon),
		Context: &typev1.Context{Company: company, Location: "main", Employee: "ann"},
		Answers: []*surveyv1.Answer{
			{Question: "nps", Value: &surveyv1.Answer_Score{Score: score}}, {Question: "why", Value: &surveyv1.Answer_FreeText{FreeText: "so"}},
		},
	}
	if person > 0 {
		r.Respondent = seal.FormatPseudonym(fmt.Appendf(nil, "person-%09d", person))
	}
	return &surveyv1.Event{Change: &surveyv1.Event_Response{Response: r}}
}

// following is a process that keeps lights current.
type following struct {
	store  store.Store
	lights *ingest.Lights
}

// run follows a survey service until the test ends.
func run(t testing.TB, s *survey) following {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "segmentation.db"))
	if err != nil {
		t.Fatal(err)
	}
	f := following{db, &ingest.Lights{Store: db, Revisions: surveys.New(s), Now: func() time.Time { return noon }}}
	leader := follow.New(follow.Options{Store: db, Holder: "test", Logger: slog.New(slog.DiscardHandler), Now: time.Now}, f.lights.Follow(s))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		leader.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// reach waits until everything in the log is applied.
func (f following) reach(t testing.TB, position int64) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if at, err := f.store.FollowerPosition(context.Background(), "lights"); err == nil && at >= position {
			return
		}
	}
	t.Fatalf("position %d is not reached", position)
}

func TestAnswersBecomeLights(t *testing.T) {
	s := newSurvey()
	f := run(t, s)
	hidden := response("hidden", "acme", 9, 0)
	hidden.PopulationProtected = true
	s.add(
		response("r1", "acme", 1, 2), response("r2", "acme", 2, 4), response("r3", "", 0, 10), hidden,
		&surveyv1.Event{Change: &surveyv1.Event_Refusal{Refusal: &surveyv1.Refusal{Name: "surveys/visits/refusals/x"}}},
		response("r2", "acme", 2, 0), response("gone", "acme", 3, 10),
		&surveyv1.Event{Change: &surveyv1.Event_Removed{Removed: &surveyv1.Removed{Name: "surveys/visits/responses/gone", Erasure: "erasures/e1"}}},
	)
	f.reach(t, 8)
	l, err := f.store.GetLight(t.Context(), acme, nil, light.Unit{Kind: light.Company, ID: "acme"})
	// 2 and 0 on 0-10 are 2.8 and 1 on 1-10.
	if err != nil || l.Colour != light.Red || l.Answers != 2 || l.Mean < 1.9-1e-9 || l.Mean > 1.9+1e-9 {
		t.Errorf("got %+v, %v", l, err)
	}
	if l, err = f.store.GetLight(t.Context(), acme, nil, light.Unit{Kind: light.Staff, ID: "ann"}); err != nil || !l.Suppressed {
		t.Errorf("an employee of whom three answers tell: %+v, %v", l, err)
	}
	if erased, err := f.store.Erased(t.Context(), acme, "e1"); err != nil || !containsAnswers(erased) {
		t.Errorf("erased %+v, %v", erased, err)
	}
	for end := time.Now().Add(time.Minute); !f.lights.AsOf().Equal(noon); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("counted as of %v", f.lights.AsOf())
		}
	}
	if err := f.lights.Count(t.Context()); err != nil {
		t.Error(err)
	}
}

func containsAnswers(erased []store.Erased) bool {
	for _, e := range erased {
		if e.Kind == "answers" && e.Count == 1 {
			return true
		}
	}
	return false
}

func TestWhatEmployeesAnswerIsPassedOver(t *testing.T) {
	s := newSurvey()
	s.population = typev1.Population_POPULATION_EMPLOYEE
	f := run(t, s)
	s.add(response("r1", "acme", 1, 2))
	f.reach(t, 1)
	if l, err := f.store.GetLight(t.Context(), acme, nil, light.Unit{Kind: light.Company, ID: "acme"}); err == nil {
		t.Errorf("there is a light: %+v", l)
	}
}

func TestAnswersThatCannotBeAreSetAside(t *testing.T) {
	s := newSurvey()
	f := run(t, s)
	bad := response("r2", "acme", 1, 11)
	nobody := response("r3", "acme", 1, 1)
	nobody.GetResponse().Respondent = "somebody"
	s.add(response("r1", "acme", 1, 2), bad, nobody, response("r4", "acme", 1, 2))
	f.reach(t, 4)
	letters, err := f.store.ListDeadLetters(t.Context(), acme, 0, 10)
	if err != nil || len(letters) != 2 || letters[0].Resource != "surveys/visits/responses/r2" {
		t.Errorf("set aside: %+v, %v", letters, err)
	}
	if l, err := f.store.GetLight(t.Context(), acme, nil, light.Unit{Kind: light.Company, ID: "acme"}); err != nil || l.Answers != 2 {
		t.Errorf("got %+v, %v", l, err)
	}
}
