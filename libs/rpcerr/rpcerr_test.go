package rpcerr_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/otklik/otklik/libs/rpcerr"
)

var errCause = errors.New("secret cause")

func full() *rpcerr.Error {
	return rpcerr.New(codes.InvalidArgument, "BAD_SCORE", "the score is out of scale",
		rpcerr.WithDomain("survey"), rpcerr.WithMetadata("scale", "nps"),
		rpcerr.WithField("response.answers[2].score", "OUT_OF_RANGE", "must be 0 to 10"),
		rpcerr.WithQuota("organization:acme", "1,000 submissions are stored"),
		rpcerr.WithFields(rpcerr.FieldViolation{Field: "x", Description: "y"}),
		rpcerr.WithRetryAfter(1500*time.Millisecond), rpcerr.WithCause(errCause))
}

func TestStatusRoundTrip(t *testing.T) {
	want := full()
	err := want.GRPCStatus().Err()
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("the cause is told to the caller: %v", err)
	}
	got, ok := rpcerr.FromError(err)
	if !ok {
		t.Fatal("no error in the status")
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(rpcerr.Error{})); diff != "" {
		t.Error(diff)
	}
}

func TestReadersSeeWrappedErrors(t *testing.T) {
	for name, err := range map[string]error{
		"error":  fmt.Errorf("submit: %w", full()),
		"status": fmt.Errorf("call survey: %w", full().GRPCStatus().Err()),
	} {
		t.Run(name, func(t *testing.T) {
			if got := rpcerr.Reason(err); got != "BAD_SCORE" {
				t.Errorf("reason %q", got)
			}
			if got := rpcerr.Code(err); got != codes.InvalidArgument {
				t.Errorf("code %v", got)
			}
			if got := rpcerr.Fields(err); len(got) != 2 || got[0].Field != "response.answers[2].score" {
				t.Errorf("fields %v", got)
			}
			if got := rpcerr.RetryAfter(err); got != 1500*time.Millisecond {
				t.Errorf("retry after %v", got)
			}
		})
	}
	if !errors.Is(full(), errCause) {
		t.Error("the cause is lost")
	}
}

func TestReadersOfOtherErrors(t *testing.T) {
	for _, err := range []error{nil, errCause} {
		if rpcerr.Reason(err) != "" || rpcerr.Fields(err) != nil || rpcerr.RetryAfter(err) != 0 {
			t.Errorf("%v: something was read from nothing", err)
		}
	}
	if rpcerr.Code(nil) != codes.OK || rpcerr.Code(errCause) != codes.Unknown {
		t.Error("codes of nil and of an unknown error")
	}
	if _, ok := rpcerr.FromError(status.New(codes.OK, "").Err()); ok {
		t.Error("an OK status is no error")
	}
}

func TestErrorInfoAndRetryInfoAreNeverMissing(t *testing.T) {
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		got := rpcerr.FromStatus((&rpcerr.Error{Code: code, Message: "m"}).GRPCStatus())
		if got.Reason != rpcerr.CodeName(code) || got.Domain != rpcerr.DefaultDomain {
			t.Errorf("%v: reason %q, domain %q", code, got.Reason, got.Domain)
		}
		if has, want := got.RetryAfter > 0, rpcerr.NeedsRetryInfo(code); has != want {
			t.Errorf("%v: has retry advice: %v, want %v", code, has, want)
		}
	}
}

func TestInvalidUTF8DoesNotLoseTheAnswer(t *testing.T) {
	st := rpcerr.New(codes.NotFound, "X", "m", rpcerr.WithMetadata("k", "\xff")).GRPCStatus()
	if st.Code() != codes.NotFound || st.Message() != "m" {
		t.Errorf("got %v", st)
	}
}

func TestOKIsNoCodeForErrors(t *testing.T) {
	if st := (&rpcerr.Error{}).GRPCStatus(); st.Code() != codes.Unknown {
		t.Errorf("code %v", st.Code())
	}
}
