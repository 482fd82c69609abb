package importer

import (
	"context"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/rpcerr"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// testServer is as much of the survey service as an import needs, kept in memory.
type testServer struct {
	surveyv1.SurveyServiceClient

	mu        sync.Mutex
	survey    *surveyv1.Survey
	revisions []*surveyv1.Revision
	responses map[string]*surveyv1.Response
	calls     int
	// before is asked at each batch and may refuse it.
	before func(call int, request *surveyv1.BatchSubmitResponsesRequest) error
	// judge is asked for each response and may refuse it.
	judge func(request *surveyv1.SubmitResponseRequest) error
}

func newTestServer() *testServer { return &testServer{responses: map[string]*surveyv1.Response{}} }

func notFound() error {
	return rpcerr.New(codes.NotFound, "SURVEY_NOT_FOUND", "no such survey").GRPCStatus().Err()
}

func (s *testServer) GetSurvey(_ context.Context, in *surveyv1.GetSurveyRequest, _ ...grpc.CallOption) (*surveyv1.GetSurveyResponse, error) {
	if s.survey == nil || s.survey.GetName() != in.GetName() {
		return nil, notFound()
	}
	return &surveyv1.GetSurveyResponse{Survey: s.survey}, nil
}

func (s *testServer) CreateSurvey(_ context.Context, in *surveyv1.CreateSurveyRequest, _ ...grpc.CallOption) (*surveyv1.CreateSurveyResponse, error) {
	s.survey = proto.Clone(in.GetSurvey()).(*surveyv1.Survey)
	s.survey.Name = "surveys/" + in.GetSurveyId()
	s.survey.State = surveyv1.Survey_STATE_DRAFT
	s.survey.CreateTime = timestamppb.New(time.Unix(1_800_000_000, 0))
	return &surveyv1.CreateSurveyResponse{Survey: s.survey}, nil
}

func (s *testServer) PublishSurvey(context.Context, *surveyv1.PublishSurveyRequest, ...grpc.CallOption) (*surveyv1.PublishSurveyResponse, error) {
	revision := &surveyv1.Revision{Name: fmt.Sprintf("%s/revisions/%d", s.survey.GetName(), len(s.revisions)+1), Questionnaire: s.survey.GetDraft()}
	s.revisions = append(s.revisions, revision)
	s.survey.State = surveyv1.Survey_STATE_PUBLISHED
	s.survey.CurrentRevision = revision.GetName()
	return &surveyv1.PublishSurveyResponse{Survey: s.survey, Revision: revision}, nil
}

// ListRevisions gives one revision a page, the newest first.
func (s *testServer) ListRevisions(_ context.Context, in *surveyv1.ListRevisionsRequest, _ ...grpc.CallOption) (*surveyv1.ListRevisionsResponse, error) {
	at := len(s.revisions) - 1
	if in.GetPageToken() != "" {
		if _, err := fmt.Sscan(in.GetPageToken(), &at); err != nil {
			return nil, err
		}
	}
	out := &surveyv1.ListRevisionsResponse{Revisions: s.revisions[at : at+1]}
	if at > 0 {
		out.NextPageToken = fmt.Sprint(at - 1)
	}
	return out, nil
}

func (s *testServer) BatchSubmitResponses(ctx context.Context, in *surveyv1.BatchSubmitResponsesRequest, _ ...grpc.CallOption) (*surveyv1.BatchSubmitResponsesResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if s.before != nil {
		if err := s.before(s.calls, in); err != nil {
			return nil, err
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	out := &surveyv1.BatchSubmitResponsesResponse{}
	for _, r := range in.GetRequests() {
		out.Results = append(out.Results, s.submit(r))
	}
	return out, nil
}

func (s *testServer) submit(r *surveyv1.SubmitResponseRequest) *surveyv1.BatchSubmitResponsesResponse_Result {
	result := &surveyv1.BatchSubmitResponsesResponse_Result{ResponseId: r.GetResponseId()}
	stored, exists := s.responses[r.GetResponseId()]
	var err error
	if s.judge != nil {
		err = s.judge(r)
	}
	switch {
	case err != nil:
	case exists && !proto.Equal(stored, r.GetResponse()):
		err = rpcerr.New(codes.AlreadyExists, "ID_REUSED", "the identifier was used with other content")
	}
	if err != nil {
		e, _ := rpcerr.FromError(err)
		result.Outcome = &surveyv1.BatchSubmitResponsesResponse_Result_Error{Error: e.GRPCStatus().Proto()}
		return result
	}
	s.responses[r.GetResponseId()] = proto.Clone(r.GetResponse()).(*surveyv1.Response)
	result.Outcome = &surveyv1.BatchSubmitResponsesResponse_Result_Accepted{
		Accepted: &surveyv1.SubmitResponseResponse{Response: r.GetResponse(), Replayed: exists},
	}
	return result
}
