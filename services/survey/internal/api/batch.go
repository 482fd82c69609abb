package api

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/libs/rpcerr"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/services/survey/internal/lifecycle"
	"github.com/otklik/otklik/services/survey/internal/store"
)

// BatchSubmitResponses stores responses, each with an outcome of its own. The good ones are stored in one transaction.
func (s *surveyServer) BatchSubmitResponses(ctx context.Context, req *surveyv1.BatchSubmitResponsesRequest) (*surveyv1.BatchSubmitResponsesResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	survey, err := parseSurvey(req.GetParent())
	if err != nil {
		return nil, err
	}
	// An unknown survey refuses the batch, not each of its items. The status is asked for once: a batch arrives at one moment.
	status, err := s.store.Status(ctx, org, survey)
	if err != nil {
		return nil, aboutParent(surveyError(survey, err))
	}
	b := batch{Server: s.Server, org: org, survey: survey, status: status, results: make([]*surveyv1.BatchSubmitResponsesResponse_Result, len(req.GetRequests()))}
	for i, item := range req.GetRequests() {
		if item == nil { // only a caller in this process can send one
			item = &surveyv1.SubmitResponseRequest{}
		}
		b.results[i] = &surveyv1.BatchSubmitResponsesResponse_Result{ResponseId: item.GetResponseId()}
		if err := b.prepare(ctx, i, req.GetParent(), item); err != nil {
			return nil, err
		}
	}
	if err := b.store(ctx); err != nil {
		return nil, err
	}
	return &surveyv1.BatchSubmitResponsesResponse{Results: b.results}, nil
}

// batch is a batch on its way: the outcomes known so far, and the items still to be stored.
type batch struct {
	*Server
	org, survey string
	status      lifecycle.Status
	results     []*surveyv1.BatchSubmitResponsesResponse_Result
	// index, records and messages belong to the items to be stored.
	index    []int
	records  []store.NewSubmission
	messages []*surveyv1.Response
}

// prepare decides about one item or queues it to be stored. Its error fails the whole batch.
func (b *batch) prepare(ctx context.Context, i int, parent string, item *surveyv1.SubmitResponseRequest) error {
	if item.GetParent() != "" && item.GetParent() != parent {
		return b.refuse(i, validation.Malformed("parent", "PARENT_MISMATCH", "must be empty or that of the batch"))
	}
	item.Parent = parent
	if err := b.rules.Check(item); err != nil {
		return b.refuse(i, err)
	}
	if err := bindResponse(ctx, item); err != nil {
		return b.refuse(i, err)
	}
	in, err := newResponse(b.survey, item.GetResponseId(), item.GetResponse())
	if err != nil {
		return err
	}
	if refusal := b.judgeResponse(ctx, b.org, b.survey, b.status, &in, b.now()); refusal != nil {
		protected, err := b.protected(ctx)
		if err != nil {
			return err
		}
		first, err := b.recall(ctx, b.org, b.survey, store.KindResponse, in.record, refusal, protected)
		if err != nil {
			return b.refuse(i, err)
		}
		return b.decide(i, first, in.message)
	}
	in.record.Trace = traceparent(ctx)
	b.index, b.records, b.messages = append(b.index, i), append(b.records, in.record), append(b.messages, in.message)
	return nil
}

// store stores the queued items.
func (b *batch) store(ctx context.Context) error {
	if len(b.records) == 0 {
		return nil
	}
	outcomes, err := b.Server.store.Accept(ctx, b.org, b.survey, store.KindResponse, b.records)
	if err != nil {
		return storeError(err)
	}
	for j := range outcomes {
		o := outcome{Outcome: outcomes[j]}
		if o.repeated() {
			if o.untold, err = b.protected(ctx); err != nil {
				return err
			}
		}
		if err := b.decide(b.index[j], o, b.messages[j]); err != nil {
			return err
		}
	}
	return nil
}

// protected tells whether nothing may be told of what the survey holds.
func (b *batch) protected(ctx context.Context) (bool, error) {
	asked, err := b.forms.employees(ctx, b.org, b.survey, b.status.Revision)
	return asked, storeError(err)
}

// decide notes the outcome of an item that is stored, now or before.
func (b *batch) decide(i int, o outcome, sent *surveyv1.Response) error {
	accepted, err := acceptedResponse(o, sent)
	if err != nil {
		return b.refuse(i, err)
	}
	b.results[i].Outcome = &surveyv1.BatchSubmitResponsesResponse_Result_Accepted{Accepted: accepted}
	return nil
}

// refuse notes that an item is refused. A fault of the server (of the store, say) is not the item's: it fails the batch, which can be sent
// again.
func (b *batch) refuse(i int, err error) error {
	var known *rpcerr.Error
	if !errors.As(err, &known) || !blamesCaller(known.Code) {
		return err
	}
	b.results[i].Outcome = &surveyv1.BatchSubmitResponsesResponse_Result_Error{Error: known.GRPCStatus().Proto()}
	return nil
}

// blamesCaller tells whether an error of this code says something about the item.
func blamesCaller(code codes.Code) bool {
	switch code {
	case codes.InvalidArgument, codes.NotFound, codes.AlreadyExists, codes.FailedPrecondition, codes.PermissionDenied, codes.ResourceExhausted:
		return true
	default:
		return false
	}
}
