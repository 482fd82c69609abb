package scoring_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcserver"
	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/services/scoring"

	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// patience is how long tests wait for what must happen sooner or later.
const patience = 2 * time.Minute

// Organisations of the tests.
const (
	acme  = "acme"
	other = "other"
)

// fakeSurvey is a survey service that keeps everything in slices: the change log is one.
type fakeSurvey struct {
	surveyv1.UnimplementedSurveyServiceServer
	surveyv1.UnimplementedEventFeedServiceServer

	mu        sync.Mutex
	events    []*surveyv1.Event
	revisions map[string][]*surveyv1.Revision
	changed   chan struct{}
	position  int64
	down      bool
	calls     map[string]int
	heartbeat time.Duration
}

func newFakeSurvey() *fakeSurvey {
	return &fakeSurvey{
		revisions: make(map[string][]*surveyv1.Revision), changed: make(chan struct{}), calls: make(map[string]int), heartbeat: 50 * time.Millisecond,
	}
}

// publish adds a revision of a survey.
func (f *fakeSurvey) publish(org, survey string, q *surveyv1.Questionnaire) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := org + "/" + survey
	name := fmt.Sprintf("surveys/%s/revisions/%d", survey, len(f.revisions[key])+1)
	f.revisions[key] = append(f.revisions[key], &surveyv1.Revision{Name: name, Questionnaire: q, PublishTime: timestamppb.Now()})
	return name
}

// add appends changes to the log, with gaps between their positions.
func (f *fakeSurvey) add(events ...*surveyv1.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range events {
		f.position += 1 + f.position%3
		e.Position = f.position
		f.events = append(f.events, e)
	}
	close(f.changed)
	f.changed = make(chan struct{})
}

// setDown makes every call fail, or not.
func (f *fakeSurvey) setDown(down bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down = down
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *fakeSurvey) called(method string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[method]
}

func (f *fakeSurvey) enter(method string) error {
	f.calls[method]++
	if f.down {
		return status.Error(codes.Unavailable, "down")
	}
	return nil
}

// StreamEvents streams the log.
func (f *fakeSurvey) StreamEvents(req *surveyv1.StreamEventsRequest, stream grpc.ServerStreamingServer[surveyv1.StreamEventsResponse]) error {
	after := req.GetAfterPosition()
	for {
		f.mu.Lock()
		if err := f.enter("StreamEvents"); err != nil {
			f.mu.Unlock()
			return err
		}
		i, _ := slices.BinarySearchFunc(f.events, after+1, func(e *surveyv1.Event, p int64) int { return int(e.GetPosition() - p) })
		out := &surveyv1.StreamEventsResponse{HeadPosition: f.position}
		for ; i < len(f.events) && len(out.Events) < 500; i++ {
			after = f.events[i].GetPosition()
			if o := req.GetOrganization(); o == "" || o == f.events[i].GetOrganization() {
				out.Events = append(out.Events, f.events[i])
			}
		}
		drained := i == len(f.events)
		if drained {
			out.AsOfTime = timestamppb.Now()
		}
		changed := f.changed
		f.mu.Unlock()
		if err := stream.Send(out); err != nil {
			return err
		}
		if drained {
			select {
			case <-changed:
			case <-time.After(f.heartbeat):
			case <-stream.Context().Done():
				return stream.Context().Err()
			}
		}
	}
}

// GetSurvey returns a survey.
func (f *fakeSurvey) GetSurvey(ctx context.Context, req *surveyv1.GetSurveyRequest) (*surveyv1.GetSurveyResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.enter("GetSurvey"); err != nil {
		return nil, err
	}
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	for key, revisions := range f.revisions {
		if key == org+"/"+req.GetName()[len("surveys/"):] {
			return &surveyv1.GetSurveyResponse{Survey: &surveyv1.Survey{Name: req.GetName(), CurrentRevision: revisions[len(revisions)-1].GetName()}}, nil
		}
	}
	return nil, status.Error(codes.NotFound, "no such survey")
}

// GetRevision returns a revision.
func (f *fakeSurvey) GetRevision(ctx context.Context, req *surveyv1.GetRevisionRequest) (*surveyv1.GetRevisionResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.enter("GetRevision"); err != nil {
		return nil, err
	}
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	for key, revisions := range f.revisions {
		for _, r := range revisions {
			if key[:len(org)+1] == org+"/" && r.GetName() == req.GetName() {
				return &surveyv1.GetRevisionResponse{Revision: proto.CloneOf(r)}, nil
			}
		}
	}
	return nil, status.Error(codes.NotFound, "no such revision")
}

// Keys of the tests.
const (
	adminKey   = "admin-secret"
	otherKey   = "other-secret"
	serviceKey = "service-secret"
	appKey     = "app-secret"
)

// restricted lets callers in who see some units only.
type restricted struct {
	authn.Authenticator
	units map[string]map[string][]string
}

// Authenticate restricts those whose units are known.
func (r restricted) Authenticate(ctx context.Context, c authn.Credential) (authn.Principal, error) {
	if units, ok := r.units[c.Token]; ok {
		role := "viewer"
		if strings.HasPrefix(c.Token, "reader-") {
			role = "reader"
		}
		return authn.Principal{Kind: authn.KindPerson, ID: c.Token, Organization: acme, Roles: []string{role}, Units: units}, nil
	}
	return r.Authenticator.Authenticate(ctx, c)
}

// fakeVault has one key of pseudonyms for each organisation.
type fakeVault struct {
	accessv1.UnimplementedVaultServiceServer
}

// GetPseudonymKey returns it.
func (fakeVault) GetPseudonymKey(ctx context.Context, _ *accessv1.GetPseudonymKeyRequest) (*accessv1.GetPseudonymKeyResponse, error) {
	org, err := authn.Organization(ctx)
	return &accessv1.GetPseudonymKeyResponse{Key: []byte(org)}, err
}

// suite is a scoring service and the fake survey service behind one server.
type suite struct {
	t      testing.TB
	survey *fakeSurvey
	// comments is the comment service; nil where there is none.
	comments *fakeComments
	// segmentation is the segmentation service; nil where there is none.
	segmentation *fakeSegmentation
	config       scoring.Config
	// deps are what the service gets beside the survey service.
	deps scoring.Deps
	log  *slog.Logger

	// units are what callers are restricted to, by their secret.
	units map[string]map[string][]string
	// marks is the number of answers by which the suite has told how far the log is counted.
	marks int

	service     *scoring.Service
	server      *rpcserver.Server
	conn        grpc.ClientConnInterface
	client      scoringv1.ScoringServiceClient
	definitions scoringv1.MetricDefinitionServiceClient
	stop        func()
}

// newSuite starts a suite on an empty store.
func newSuite(t testing.TB) *suite {
	t.Helper()
	s := &suite{t: t, survey: newFakeSurvey(), config: scoring.DefaultConfig(), log: slog.New(slog.DiscardHandler)}
	s.config.Path = t.TempDir() + "/scoring.db"
	s.config.SurveyRefresh = 0
	return s
}

// start runs the service on the store as it is.
func (s *suite) start() *suite {
	s.t.Helper()
	key := func(id, secret, org string, roles ...string) authn.Key {
		return authn.Key{ID: id, SHA256: authn.HashKey(secret), Organization: org, Roles: roles}
	}
	ring, err := authn.NewKeyring([]authn.Key{
		key("admin", adminKey, acme, "admin"), key("other", otherKey, other, "admin"), key("service", serviceKey, "", "service"),
		key("app", appKey, acme, "app"),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.server, err = rpcserver.New(rpcserver.DefaultConfig(), rpcserver.Deps{
		Logger: s.log, Keys: restricted{ring, s.units}, Roles: map[string][]string{"admin": {"*", "!survey.events.*"}, "service": {"*"}, "app": {"scoring.scores.query"}, "viewer": {"scoring.scores.query", "scoring.alerts.*"}, "reader": {"scoring.scores.query", "survey.persons.view"}},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	deps := s.deps
	deps.Survey, deps.Logger = rpcclient.WithKey(s.server.InProcess(), serviceKey, ""), s.log
	deps.Vault = deps.Survey
	if s.segmentation != nil {
		deps.Segmentation = deps.Survey
	}
	if s.comments != nil {
		deps.Comment = deps.Survey
	}
	s.service, err = scoring.New(ctx, s.config, deps)
	if err != nil {
		s.t.Fatal(err)
	}
	surveyv1.RegisterSurveyServiceServer(s.server, s.survey)
	surveyv1.RegisterEventFeedServiceServer(s.server, s.survey)
	accessv1.RegisterVaultServiceServer(s.server, fakeVault{})
	if s.comments != nil {
		commentv1.RegisterEventFeedServiceServer(s.server, s.comments)
	}
	if s.segmentation != nil {
		segmentationv1.RegisterEventFeedServiceServer(s.server, s.segmentation)
	}
	s.service.Register(s.server)
	if err := s.server.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.conn = s.server.InProcess()
	s.client = scoringv1.NewScoringServiceClient(rpcclient.WithKey(s.conn, adminKey, ""))
	s.definitions = scoringv1.NewMetricDefinitionServiceClient(rpcclient.WithKey(s.conn, adminKey, ""))
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.service.Run(ctx); err != nil {
			s.t.Errorf("run: %v", err)
		}
	})
	s.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		if err := s.server.Drain(context.Background()); err != nil {
			s.t.Errorf("drain: %v", err)
		}
		if err := s.service.Close(); err != nil {
			s.t.Errorf("close: %v", err)
		}
	})
	s.t.Cleanup(func() { s.stop() })
	return s
}

// listen serves over TCP, too, and returns the address.
func (s *suite) listen() string {
	s.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	go func() { _ = s.server.Serve(l) }()
	return l.Addr().String()
}

// query asks for scores.
func (s *suite) query(q *scoringv1.ScoreQuery) *scoringv1.QueryScoresResponse {
	s.t.Helper()
	r, err := s.client.QueryScores(context.Background(), &scoringv1.QueryScoresRequest{Query: q})
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// caughtUp waits until the response rate of a survey counts n outcomes.
func (s *suite) caughtUp(survey string, n int64) {
	s.t.Helper()
	testkit.Eventually(s.t, patience, func() error {
		r, err := s.client.QueryScores(context.Background(), &scoringv1.QueryScoresRequest{Query: &scoringv1.ScoreQuery{
			Survey: survey, Metrics: []scoringv1.Metric{scoringv1.Metric_METRIC_RESPONSE_RATE},
		}})
		if err != nil {
			return err
		}
		if got := r.GetScores()[0].GetN(); got != n {
			return fmt.Errorf("%d outcomes are counted, want %d", got, n)
		}
		if r.GetWatermark() == nil {
			return errors.New("it is not known up to when is counted")
		}
		// The rows follow the cells at once, but not in the same moment.
		r, err = s.client.QueryScores(context.Background(), &scoringv1.QueryScoresRequest{Query: &scoringv1.ScoreQuery{
			Survey: survey, Metrics: []scoringv1.Metric{scoringv1.Metric_METRIC_RESPONSE_RATE}, Filter: "touchpoint:* OR NOT touchpoint:*",
		}})
		if status.Code(err) == codes.FailedPrecondition {
			return nil // answers of employees are not counted from rows
		}
		if err != nil {
			return err
		}
		if got := r.GetScores()[0].GetN(); got != n {
			return fmt.Errorf("%d rows are counted, want %d", got, n)
		}
		return nil
	})
}

// fakeConn is a connection to nothing.
type fakeConn struct{}

// Invoke fails.
func (fakeConn) Invoke(context.Context, string, any, any, ...grpc.CallOption) error {
	return status.Error(codes.Unavailable, "no connection")
}

// NewStream fails.
func (fakeConn) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, status.Error(codes.Unavailable, "no connection")
}
