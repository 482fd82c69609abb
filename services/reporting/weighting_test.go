package reporting_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/reporting"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// around are the services that reporting asks: there is a survey, and whatever else is asked for is away. It notes whether scoring was told how to weigh.
type around struct {
	mu                   sync.Mutex
	weighted, unweighted int
}

var errAway = status.Error(codes.Unavailable, "away")

// note notes a question to scoring.
func (a *around) note(req any) {
	var weighting *scoringv1.Weighting
	switch req := req.(type) {
	case *scoringv1.QueryScoresRequest:
		weighting = req.GetQuery().GetWeighting()
	case *scoringv1.StreamScoresRequest:
		weighting = req.GetQuery().GetWeighting()
	case *scoringv1.CompareScoresRequest:
		weighting = req.GetQuery().GetWeighting()
	case *scoringv1.StreamFactsRequest:
		weighting = req.GetWeighting()
	case *scoringv1.StreamMomentsRequest:
		weighting = req.GetWeighting()
	default:
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if weighting.GetStated() == nil {
		a.unweighted++
	} else {
		a.weighted++
	}
}

// Invoke implements grpc.ClientConnInterface.
func (a *around) Invoke(_ context.Context, _ string, req, reply any, _ ...grpc.CallOption) error {
	a.note(req)
	const revision = "surveys/visits/revisions/1"
	switch reply := reply.(type) {
	case *surveyv1.GetSurveyResponse:
		reply.Survey = &surveyv1.Survey{Name: "surveys/visits", CurrentRevision: revision}
	case *surveyv1.GetRevisionResponse:
		scale := func(least, most float64) *typev1.Scale { return &typev1.Scale{Id: "scale", Min: least, Max: most} }
		rating := &surveyv1.Question_Rating{Rating: &surveyv1.RatingQuestion{Scale: scale(1, 5)}}
		reply.Revision = &surveyv1.Revision{Name: revision, Questionnaire: &surveyv1.Questionnaire{Questions: []*surveyv1.Question{
			{Id: "recommend", EffectiveScale: scale(0, 10), Kind: &surveyv1.Question_Nps{Nps: &surveyv1.NpsQuestion{}}},
			{Id: "staff", EffectiveScale: scale(1, 5), Kind: rating}, {Id: "goods", EffectiveScale: scale(1, 5), Kind: rating}, {Id: "queue", EffectiveScale: scale(1, 5), Kind: rating},
		}}}
	default:
		return errAway
	}
	return nil
}

// NewStream implements grpc.ClientConnInterface.
func (a *around) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return stream{of: a}, nil
}

// stream is one that is away as soon as it is asked.
type stream struct {
	grpc.ClientStream
	of *around
}

func (s stream) SendMsg(req any) error {
	s.of.note(req)
	return nil
}
func (stream) CloseSend() error  { return nil }
func (stream) RecvMsg(any) error { return errAway }

// registrar keeps what is registered.
type registrar map[*grpc.ServiceDesc]any

// RegisterService implements grpc.ServiceRegistrar.
func (r registrar) RegisterService(d *grpc.ServiceDesc, impl any) { r[d] = impl }

// weighable are requests of the analyses that take a query with a weighting, without it: what they need besides.
var weighable = map[string]string{
	"QueryMatrix": ``, "QueryDrivers": ``, "QueryCorrelations": ``, "QueryFactors": ``, "QueryStrengths": ``, "QueryJourney": ``, "QueryCollectors": ``, "GetOverview": ``, "QueryMap": ``,
	"QueryCrosstab":   `row: "channel" column: "location"`,
	"QueryExperiment": `key: "attributes.variant"`,
	"QueryBridge":     `query: {period: {start_time: {seconds: 1780272000} end_time: {seconds: 1780358400}}} baseline_period: {start_time: {seconds: 1780185600} end_time: {seconds: 1780272000}}`,
	"QueryBenchmark":  `metric: BENCHMARK_METRIC_NPS units: "locations/osh"`,
}

// TestWeightingIsHeededOrRefused: whichever analysis is asked for by weighted responses weighs each number, or says that it cannot; none tells unweighted numbers.
func TestWeightingIsHeededOrRefused(t *testing.T) {
	t.Parallel()
	deps := alone(t)
	peers := &around{}
	deps.Survey, deps.Scoring, deps.Segmentation, deps.Comment = peers, peers, peers, peers
	s, err := reporting.New(t.Context(), reporting.DefaultConfig(), deps)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	rooms, asked := registrar{}, 0
	s.Register(rooms)
	ctx := authn.WithPrincipal(t.Context(), authn.Principal{ID: "ann", Organization: "acme"})
	for desc, impl := range rooms {
		found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(desc.ServiceName))
		if err != nil {
			t.Fatal(err)
		}
		service, ok := found.(protoreflect.ServiceDescriptor)
		if !ok {
			t.Fatalf("%s is no service", desc.ServiceName)
		}
		for _, m := range desc.Methods {
			input := service.Methods().ByName(protoreflect.Name(m.MethodName)).Input()
			query := input.Fields().ByName("query")
			if query == nil || query.Message() == nil || query.Message().FullName() != (&reportingv1.AnalysisQuery{}).ProtoReflect().Descriptor().FullName() {
				continue
			}
			asked++
			rest, ok := weighable[m.MethodName]
			if !ok {
				t.Errorf("%s takes a weighting: say here what else it needs", m.MethodName)
				continue
			}
			req := dynamicpb.NewMessage(input)
			weighted := dynamicpb.NewMessage(input)
			if err := errors.Join(prototext.Unmarshal([]byte(rest), req), prototext.Unmarshal([]byte(`query: {survey: "surveys/visits" weighting: {stated: {}}}`), weighted)); err != nil {
				t.Fatalf("%s: %v", m.MethodName, err)
			}
			proto.Merge(req, weighted)
			peers.weighted, peers.unweighted = 0, 0
			_, err := m.Handler(impl, ctx, func(into any) error {
				raw, err := proto.Marshal(req)
				if err != nil {
					return err
				}
				return proto.Unmarshal(raw, into.(proto.Message)) //nolint:forcetypeassert // a request
			}, nil)
			e, _ := rpcerr.FromError(err)
			refused := e != nil && e.Reason == rpcerr.ReasonOf(reportingv1.ErrorReason_ERROR_REASON_WEIGHTING_UNSUPPORTED) && len(e.Fields) == 1 && e.Fields[0].Field == "query.weighting"
			if heeded := peers.weighted > 0; peers.unweighted > 0 || heeded == refused {
				t.Errorf("%s asks %d times for weighted responses and %d times for others, and says %v", m.MethodName, peers.weighted, peers.unweighted, err)
			}
		}
	}
	if asked != len(weighable) {
		t.Errorf("%d of %d are served", asked, len(weighable))
	}
}
