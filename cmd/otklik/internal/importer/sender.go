package importer

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/otklik/otklik/libs/rpcerr"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

const (
	// callTimeout bounds one call. An interruption does not cut a call short: its outcome would not be known.
	callTimeout = 30 * time.Second
	// firstBackoff and lastBackoff bound the waits between tries.
	firstBackoff = 200 * time.Millisecond
	lastBackoff  = 10 * time.Second
)

// sender submits batches and tries again while the server is unavailable or overloaded. Safe for concurrent use.
type sender struct {
	client    surveyv1.SurveyServiceClient
	converter *Converter
	retryFor  time.Duration
	sleep     func(context.Context, time.Duration) error
	now       func() time.Time
}

// send submits the rows of a batch that are to be sent and notes what became of each. An error means that the outcome of some is not known.
// A nil sender sends nothing: a dry run.
func (s *sender) send(ctx context.Context, b *batch) error {
	if s == nil {
		return nil
	}
	pending := b.send
	var failedSince time.Time
	for attempt := 0; len(pending) > 0; attempt++ {
		again, err := s.try(ctx, b, pending)
		if err == nil {
			pending = again.rows
			err = again.cause
			if len(pending) == 0 {
				return nil
			}
		}
		if !retryable(err) {
			return s.failure(b, pending, err)
		}
		if failedSince.IsZero() {
			failedSince = s.now()
		}
		if s.now().Sub(failedSince) >= s.retryFor {
			return s.failure(b, pending, err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := s.sleep(ctx, backoff(attempt, rpcerr.RetryAfter(err))); err != nil {
			return err
		}
	}
	return nil
}

func (s *sender) failure(b *batch, pending []int, err error) error {
	return fmt.Errorf("send rows %d to %d: %w", b.rows[pending[0]].Row, b.rows[pending[len(pending)-1]].Row, err)
}

// retry holds the rows that the server may take later, and why it did not now.
type retry struct {
	rows  []int
	cause error
}

func (s *sender) try(ctx context.Context, b *batch, pending []int) (retry, error) {
	if ctx.Err() != nil {
		return retry{}, ctx.Err()
	}
	request := &surveyv1.BatchSubmitResponsesRequest{Parent: s.converter.parent, Requests: make([]*surveyv1.SubmitResponseRequest, len(pending))}
	for i, at := range pending {
		request.Requests[i] = b.rows[at].Request
	}
	call, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	response, err := s.client.BatchSubmitResponses(call, request)
	if err != nil {
		return retry{rows: pending}, err
	}
	results := response.GetResults()
	if len(results) != len(pending) {
		return retry{}, fmt.Errorf("the server returned %d outcomes for %d responses", len(results), len(pending))
	}
	var again retry
	for i, at := range pending {
		if err := s.note(b, at, results[i]); err != nil {
			again.rows, again.cause = append(again.rows, at), err
		}
	}
	return again, nil
}

// note stores the outcome of a row; the error of one that can be tried again is returned.
func (s *sender) note(b *batch, at int, result *surveyv1.BatchSubmitResponsesResponse_Result) error {
	switch outcome := result.GetOutcome().(type) {
	case *surveyv1.BatchSubmitResponsesResponse_Result_Accepted:
		b.outcomes[at] = outcomeAccepted
		if outcome.Accepted.GetReplayed() {
			b.outcomes[at] = outcomeReplayed
		}
	case *surveyv1.BatchSubmitResponsesResponse_Result_Error:
		err := status.ErrorProto(outcome.Error)
		if retryable(err) {
			return err
		}
		b.outcomes[at] = outcomeRefused
		row := b.rows[at]
		row.Refused = true
		row.Problems = append(row.Problems, s.problems(row, err)...)
	default:
		return status.Error(codes.Unavailable, "the server returned an empty outcome")
	}
	return nil
}

// answerPath finds the answer in the path of a violation.
var answerPath = regexp.MustCompile(`(?:^|\.)response\.answers\[(\d+)\]`)

// problems puts a refusal by the server into the report's terms, a line for each field at fault.
func (s *sender) problems(row *Row, err error) []RowProblem {
	e, ok := rpcerr.FromError(err)
	if !ok {
		return []RowProblem{{Reason: "UNKNOWN", Message: err.Error()}}
	}
	reason := e.Reason
	if reason == "" {
		reason = rpcerr.CodeName(e.Code)
	}
	if len(e.Fields) == 0 {
		return []RowProblem{{Target: "response_id", Value: row.Request.GetResponseId(), Reason: Reason(reason), Message: e.Message}}
	}
	var out []RowProblem
	for _, f := range e.Fields {
		p := RowProblem{Target: f.Field, Reason: Reason(f.Reason), Message: f.Description}
		if p.Reason == "" {
			p.Reason = Reason(reason)
		}
		if m := answerPath.FindStringSubmatch(f.Field); m != nil {
			if i, err := strconv.Atoi(m[1]); err == nil && i < len(row.answered) {
				q := s.converter.questions[row.answered[i]]
				p.Target, p.Column = q.id, q.names[0]
			}
		}
		out = append(out, p)
	}
	return out
}

// retryable tells whether a call that failed may succeed later. All calls of an import can be repeated.
func retryable(err error) bool {
	switch rpcerr.Code(err) {
	case codes.Unavailable, codes.ResourceExhausted, codes.DeadlineExceeded, codes.Aborted:
		return true
	default:
		return false
	}
}

// backoff is the wait before the next try: at least what the server advises, growing, with a random part so that senders spread.
func backoff(attempt int, advised time.Duration) time.Duration {
	wait := lastBackoff
	if attempt < 10 {
		wait = min(lastBackoff, firstBackoff<<attempt)
	}
	wait = wait/2 + rand.N(wait/2+1)              //nolint:gosec // Spreads senders over time; nobody gains by guessing it.
	return max(wait, advised+rand.N(advised/4+1)) //nolint:gosec // As above.
}
