package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/pause"
	"github.com/otklik/otklik/libs/rpcerr"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

const (
	// maxTries is how often in a row a stream is opened again without a response coming.
	maxTries = 8
	// firstBackoff and lastBackoff bound the waits between tries.
	firstBackoff = 200 * time.Millisecond
	lastBackoff  = 10 * time.Second
	// flushEvery is how many responses are written between two flushes.
	flushEvery = 1000
)

// Options says what is exported.
type Options struct {
	// Client streams the responses.
	Client surveyv1.SurveyServiceClient
	// Survey is the resource name.
	Survey string
	// After is the position behind which to begin.
	After int64
	// Period bounds count_time; nil means all time.
	Period *typev1.Period
	// Writer takes the responses.
	Writer Writer
	// Progress is told now and then how many responses were written; nil is told nothing.
	Progress func(written int64)

	// sleep is replaced by tests.
	sleep func(context.Context, time.Duration) error
}

// Result tells how far an export came, also when it failed.
type Result struct {
	// Written counts the responses written by this run.
	Written int64
	// Position is that of the last response written; Options.After when there was none.
	Position int64
}

// Run writes all responses that were accepted before it began. When the stream is cut off it is opened again behind the last response. What was
// written is flushed in any case.
func Run(ctx context.Context, o Options) (Result, error) {
	if o.sleep == nil {
		o.sleep = pause.For
	}
	result := Result{Position: o.After}
	for try := 0; ; try++ {
		before := result.Position
		err := o.stream(ctx, &result)
		if err == nil {
			return result, o.flush(result)
		}
		if result.Position > before {
			try = 0
		}
		if !again(err) || try >= maxTries || ctx.Err() != nil {
			return result, errors.Join(fmt.Errorf("stream responses: %w", err), o.flush(result))
		}
		wait := min(lastBackoff, firstBackoff<<try)
		wait = max(rpcerr.RetryAfter(err), wait/2+rand.N(wait/2)) //nolint:gosec // Spreads tries over time; nobody gains by guessing it.
		if err := o.sleep(ctx, wait); err != nil {
			return result, errors.Join(err, o.flush(result))
		}
	}
}

func (o *Options) stream(ctx context.Context, result *Result) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := o.Client.StreamResponses(ctx, &surveyv1.StreamResponsesRequest{Parent: o.Survey, AfterPosition: result.Position, Period: o.Period})
	if err != nil {
		return err
	}
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := o.Writer.Write(m); err != nil {
			return &writeError{err}
		}
		result.Written++
		result.Position = m.GetPosition()
		if result.Written%flushEvery == 0 {
			if err := o.flush(*result); err != nil {
				return &writeError{err}
			}
		}
	}
}

func (o *Options) flush(result Result) error {
	if o.Progress != nil {
		o.Progress(result.Written)
	}
	return o.Writer.Flush()
}

// writeError marks failures of this side, which trying again does not mend.
type writeError struct{ error }

func (e *writeError) Unwrap() error { return e.error }

func again(err error) bool {
	var w *writeError
	if errors.As(err, &w) {
		return false
	}
	switch rpcerr.Code(err) {
	case codes.Unavailable, codes.ResourceExhausted, codes.Aborted, codes.DeadlineExceeded:
		return true
	default:
		return false
	}
}
