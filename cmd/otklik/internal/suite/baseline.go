package suite

import (
	"context"
	"errors"

	"google.golang.org/protobuf/types/known/timestamppb"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// Baseline runs the gateway and the chain of interceptors of All in front of a handler that stores nothing: what is left of All without its
// work. It listens for gRPC calls too, so that a gateway apart can stand in front of it. It is for measurements only.
func Baseline(ctx context.Context, config Config, announce func(Ready)) error {
	p, err := newProcess(ctx, "otklik-baseline", config, false)
	if err != nil {
		return err
	}
	surveyv1.RegisterSurveyServiceServer(p.server, nullSurvey{})
	err = p.addServer()
	if err == nil {
		err = p.addGateway(ctx, p.frontItself())
	}
	if err != nil {
		return errors.Join(err, p.close())
	}
	return p.run(ctx, announce)
}

// nullSurvey acknowledges every response with an answer as long as the real one.
type nullSurvey struct {
	surveyv1.UnimplementedSurveyServiceServer
}

// SubmitResponse answers as the survey service does and stores nothing.
func (nullSurvey) SubmitResponse(_ context.Context, request *surveyv1.SubmitResponseRequest) (*surveyv1.SubmitResponseResponse, error) {
	now := timestamppb.Now()
	response := &surveyv1.Response{
		Name:     request.GetParent() + "/responses/" + request.GetResponseId(),
		Revision: request.GetParent() + "/revisions/1",
		Language: request.GetResponse().GetLanguage(), Context: request.GetResponse().GetContext(), Answers: request.GetResponse().GetAnswers(),
		ReceiveTime: now, CountTime: now,
	}
	return &surveyv1.SubmitResponseResponse{Response: response}, nil
}
