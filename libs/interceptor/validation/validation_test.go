package validation_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/testkit/echo"
)

func newStep(t testing.TB) *validation.Interceptor {
	t.Helper()
	i, err := validation.New()
	if err != nil {
		t.Fatal(err)
	}
	if err := i.Warm(echo.Descriptor()); err != nil {
		t.Fatal(err)
	}
	return i
}

func TestSoundRequestsPass(t *testing.T) {
	i := newStep(t)
	resp, err := i.Unary()(t.Context(), echo.New("text", 0, 10).Message, nil, func(_ context.Context, req any) (any, error) { return "done", nil })
	if resp != "done" || err != nil {
		t.Errorf("got %v, %v", resp, err)
	}
}

func TestEveryFaultIsNamed(t *testing.T) {
	i := newStep(t)
	m := echo.New("", 3, 11)
	m.AddItem(-1, strings.Repeat("n", 21))
	_, err := i.Unary()(t.Context(), m.Message, nil, func(context.Context, any) (any, error) {
		t.Error("the handler ran")
		return nil, nil
	})
	e, ok := rpcerr.FromError(err)
	if !ok || e.Code != codes.InvalidArgument || e.Reason != validation.Reason {
		t.Fatalf("got %v", err)
	}
	want := map[string]string{"text": "STRING_MIN_LEN", "items[1].score": "INT32_GTE_LTE", "items[2].score": "INT32_GTE_LTE", "items[2].note": "STRING_MAX_LEN"}
	if len(e.Fields) != len(want) {
		t.Errorf("fields %v", e.Fields)
	}
	for _, f := range e.Fields {
		if want[f.Field] != f.Reason || !strings.Contains(f.Description, " ") {
			t.Errorf("field %+v, want reason %q", f, want[f.Field])
		}
	}
	if !strings.Contains(e.Message, "text: ") || !strings.Contains(e.Message, "3 more") {
		t.Errorf("message %q", e.Message)
	}
}

func TestTheListOfFaultsIsBounded(t *testing.T) {
	m := echo.New("t")
	for range 5000 {
		m.AddItem(99, "")
	}
	err := newStep(t).Check(m.Message)
	if n := len(rpcerr.Fields(err)); n == 0 || n > 50 {
		t.Errorf("%d fields", n)
	}
	if st := mustStatus(t, err); proto.Size(st) > 8<<10 {
		t.Errorf("the answer has %d bytes", proto.Size(st))
	}
}

func mustStatus(t *testing.T, err error) proto.Message {
	t.Helper()
	e, ok := rpcerr.FromError(err)
	if !ok {
		t.Fatal(err)
	}
	return e.GRPCStatus().Proto()
}

// stream delivers messages to a handler.
type stream struct {
	grpc.ServerStream
	messages []echo.Message
}

func (s *stream) RecvMsg(m any) error {
	if len(s.messages) == 0 {
		return io.EOF
	}
	proto.Merge(m.(proto.Message), s.messages[0].Message)
	s.messages = s.messages[1:]
	return nil
}

func TestEveryMessageOfAStreamIsChecked(t *testing.T) {
	received := 0
	err := newStep(t).Stream()(nil, &stream{messages: []echo.Message{echo.New("a"), echo.New("b", 5), echo.New("c", 50)}}, nil, func(_ any, ss grpc.ServerStream) error {
		for {
			if err := ss.RecvMsg(echo.Empty().Message); err != nil {
				return err
			}
			received++
		}
	})
	if received != 2 || rpcerr.Reason(err) != validation.Reason {
		t.Errorf("received %d messages, then %v", received, err)
	}
	err = newStep(t).Stream()(nil, &stream{}, nil, func(_ any, ss grpc.ServerStream) error { return ss.RecvMsg(echo.Empty().Message) })
	if !errors.Is(err, io.EOF) {
		t.Errorf("the end of a stream: %v", err)
	}
}

func TestNoMessage(t *testing.T) {
	if err := newStep(t).Check("text"); err == nil || rpcerr.Reason(err) != "" {
		t.Errorf("got %v", err)
	}
}

func BenchmarkCheck(b *testing.B) {
	i := newStep(b)
	for _, n := range []int32{1, 10} {
		m := echo.New("some text")
		for s := range n {
			m.AddItem(s, "a note")
		}
		b.Run(fmt.Sprintf("items=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := i.Check(m.Message); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
