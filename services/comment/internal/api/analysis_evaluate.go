package api

import (
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/comment/internal/evaluation"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
)

// maxEvaluated is how many texts one evaluation takes.
const maxEvaluated = 1_000_000

// EvaluateModel compares what the model makes of texts with what people say of them.
func (s *Analysis) EvaluateModel(stream grpc.ClientStreamingServer[commentv1.EvaluateModelRequest, commentv1.EvaluateModelResponse]) error {
	own, err := s.own(stream.Context())
	if err != nil {
		return err
	}
	scratch, done := s.borrow()
	defer done()
	var tally *evaluation.Tally
	var task evaluation.Task
	for {
		req, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		asked := evaluation.Task(req.GetTask())
		if tally == nil {
			task, tally = asked, evaluation.NewTally(asked)
		}
		if asked != task {
			return validation.Malformed("task", "TASK_CHANGED", "must be the same in every message")
		}
		if tally.N()+int64(len(req.GetTexts())) > maxEvaluated {
			return refuse(codes.InvalidArgument, commentv1.ErrorReason_ERROR_REASON_EVALUATION_INVALID, fmt.Sprintf("at most %d texts are taken at a time", maxEvaluated))
		}
		for i, t := range req.GetTexts() {
			c, err := evaluation.Parse(task, t.GetText(), t.GetLabel())
			if err != nil {
				return evaluationInvalid(i, tally.N(), task, err)
			}
			tally.Add(c.Labels, evaluation.Predicted(task, s.o.Analyzer.Analyze(scratch, c.Text, own)))
		}
	}
	if tally == nil {
		return validation.Malformed("task", "REQUIRED", "must be told by a first message")
	}
	out := reportToProto(tally.Report())
	out.Model = modelName(s.o.Analyzer.Model())
	return stream.SendAndClose(out)
}

// evaluationInvalid explains what is wrong with a labelled text of a message.
func evaluationInvalid(at int, before int64, task evaluation.Task, err error) error {
	var format *evaluation.FormatError
	if !errors.As(err, &format) {
		return err
	}
	part := "label"
	if inText, _ := task.Columns(); format.Column == inText {
		part = "text"
	}
	field := fmt.Sprintf("texts[%d].%s", at, part)
	return refuse(codes.InvalidArgument, commentv1.ErrorReason_ERROR_REASON_EVALUATION_INVALID, field+": "+format.Description,
		rpcerr.WithField(field, rpcerr.ReasonOf(commentv1.ErrorReason_ERROR_REASON_EVALUATION_INVALID), format.Description),
		rpcerr.WithMetadata("texts_before", fmt.Sprint(before)))
}

func reportToProto(r evaluation.Report) *commentv1.EvaluateModelResponse {
	out := &commentv1.EvaluateModelResponse{
		N: r.N, Accuracy: r.Accuracy, MacroF1: r.MacroF1, MicroF1: r.MicroF1, MicroF1WithSentiment: r.MicroF1WithSentiment,
	}
	for _, c := range r.Classes {
		out.Classes = append(out.Classes, &commentv1.ClassEvaluation{
			Label: c.Label, Support: c.Support, Predicted: c.Predicted, Correct: c.Correct, Precision: c.Precision(), Recall: c.Recall(), F1: c.F1(),
		})
	}
	for _, c := range r.Confusion {
		out.Confusion = append(out.Confusion, &commentv1.ConfusionCell{Label: c.Label, Predicted: c.Predicted, Count: c.Count})
	}
	return out
}
