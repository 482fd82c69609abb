package audit_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/otklik/otklik/libs/interceptor/audit"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/testkit/echo"
)

// wire is the other end of a stream: it brings one request and counts what goes out.
type wire struct {
	grpc.ServerStream
	ctx    context.Context
	refuse error
	empty  bool
	sent   int
}

func (w *wire) Context() context.Context { return w.ctx }

func (w *wire) RecvMsg(m any) error {
	if w.empty {
		return io.EOF
	}
	(echo.Message{Message: m.(*dynamicpb.Message)}).SetText("surveys/a")
	return nil
}

func (w *wire) SendMsg(any) error {
	w.sent++
	return nil
}

// refusing stands for the steps between, which refuse a request as it is received.
type refusing struct {
	grpc.ServerStream
	err error
}

func (r refusing) RecvMsg(m any) error {
	if err := r.ServerStream.RecvMsg(m); err != nil {
		return err
	}
	return r.err
}

// playStream makes a streaming call through both steps.
func playStream(r *audit.Recorder, method string, w *wire, handler func(grpc.ServerStream) error) error {
	refusals, begin := r.Steps()
	info := &grpc.StreamServerInfo{FullMethod: method}
	return refusals.Stream()(nil, w, info, func(srv any, ss grpc.ServerStream) error {
		return begin.Stream()(srv, refusing{ss, w.refuse}, info, func(_ any, ss grpc.ServerStream) error { return handler(ss) })
	})
}

// answering receives a request and sends two answers.
func answering(ss grpc.ServerStream) error {
	if err := ss.RecvMsg(echo.Empty().Message); err != nil {
		return err
	}
	return errors.Join(ss.SendMsg(nil), ss.SendMsg(nil))
}

func TestStreams(t *testing.T) {
	for _, tc := range []struct {
		name     string
		method   string
		wire     wire
		handler  func(grpc.ServerStream) error
		fault    error
		code     codes.Code
		sent     int
		outcomes []audit.Outcome
	}{
		{name: "about persons", method: "/s/personal", sent: 2, outcomes: []audit.Outcome{audit.Started, audit.Succeeded}},
		{name: "a change", method: "/s/change", sent: 2, outcomes: []audit.Outcome{audit.Started, audit.Succeeded}},
		{name: "of which refusals are remembered", method: "/s/plain", sent: 2},
		{name: "about persons, not remembered", method: "/s/personal", fault: errLog, code: codes.Unavailable},
		{name: "of which refusals are remembered, without the log", method: "/s/plain", fault: errLog, sent: 2},
		{name: "fails midway", method: "/s/personal", handler: func(ss grpc.ServerStream) error {
			return errors.Join(answering(ss), errNotFound)
		}, code: codes.NotFound, sent: 2, outcomes: []audit.Outcome{audit.Started, audit.Failed}},
		{name: "refused by the handler", method: "/s/personal", handler: func(ss grpc.ServerStream) error {
			_ = ss.RecvMsg(echo.Empty().Message)
			return errDenied
		}, code: codes.PermissionDenied, outcomes: []audit.Outcome{audit.Started, audit.Denied}},
		{name: "refused for its request", method: "/s/personal", wire: wire{refuse: errDenied}, code: codes.PermissionDenied, outcomes: []audit.Outcome{audit.Denied}},
		{name: "malformed", method: "/s/personal", wire: wire{refuse: rpcerr.New(codes.InvalidArgument, "X", "x")}, code: codes.InvalidArgument},
		{name: "answered without asking", method: "/s/personal", handler: func(ss grpc.ServerStream) error { return ss.SendMsg(nil) }, sent: 1, outcomes: []audit.Outcome{audit.Started, audit.Succeeded}},
		{name: "answered without asking, not remembered", method: "/s/personal", handler: func(ss grpc.ServerStream) error { return ss.SendMsg(nil) }, fault: errLog, code: codes.Unavailable},
		{name: "a handler that does not mind, not remembered", method: "/s/personal", handler: func(ss grpc.ServerStream) error {
			_ = answering(ss)
			return nil
		}, fault: errLog, code: codes.Unavailable},
		{name: "done without a word", method: "/s/change", handler: func(grpc.ServerStream) error { return nil }, outcomes: []audit.Outcome{audit.Started, audit.Succeeded}},
		{name: "nothing asked", method: "/s/change", wire: wire{empty: true}, code: codes.Internal},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := &log{fault: tc.fault}
			r := newRecorder(l, audit.Options{})
			tc.wire.ctx = as(t)
			if tc.handler == nil {
				tc.handler = answering
			}
			err := playStream(r, tc.method, &tc.wire, tc.handler)
			if code := rpcerr.Code(err); code != tc.code && (tc.code != codes.Internal || code != codes.Unknown) {
				t.Errorf("got %v", err)
			}
			if tc.wire.sent != tc.sent {
				t.Errorf("%d answers went out, want %d", tc.wire.sent, tc.sent)
			}
			if err := r.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			got := l.told()
			if len(got) != len(tc.outcomes) {
				t.Fatalf("got %+v", got)
			}
			for i, e := range got {
				if e.Outcome != tc.outcomes[i] || (i == 1 && e.Start != 1) {
					t.Errorf("entry %d: %+v", i, e)
				}
			}
			if len(got) > 0 && tc.wire.refuse == nil && tc.sent == 2 && got[0].Resource != "surveys/a" {
				t.Errorf("it does not tell on what: %+v", got[0])
			}
		})
	}
}
