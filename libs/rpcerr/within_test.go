package rpcerr_test

import (
	"errors"
	"io"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcerr"
)

func TestUnder(t *testing.T) {
	e := rpcerr.New(codes.InvalidArgument, "X", "name: is empty", rpcerr.WithField("name", "EMPTY", "is empty"))
	var below *rpcerr.Error
	if !errors.As(rpcerr.Under("case", e), &below) {
		t.Fatal("no error")
	}
	if below.Message != "case.name: is empty" || below.Fields[0].Field != "case.name" {
		t.Errorf("got %q of %q", below.Message, below.Fields[0].Field)
	}
	if e.Message != "name: is empty" || e.Fields[0].Field != "name" {
		t.Error("the error itself has changed")
	}
	if got := rpcerr.Under("case", io.EOF); !errors.Is(got, io.EOF) {
		t.Errorf("another error became %v", got)
	}
}

type reason string

func (r reason) String() string { return string(r) }

func TestReasonOf(t *testing.T) {
	if got := rpcerr.ReasonOf(reason("ERROR_REASON_ETAG_MISMATCH")); got != "ETAG_MISMATCH" {
		t.Errorf("got %q", got)
	}
}
