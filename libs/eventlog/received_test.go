package eventlog_test

import (
	"errors"
	"io"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/eventlog"
)

// message is one of a call's stream.
type message struct {
	events []string
	head   int64
}

func (m message) GetEvents() []string    { return m.events }
func (m message) GetHeadPosition() int64 { return m.head }

// timedMessage is one that tells up to when it reaches.
type timedMessage struct {
	message
	asOf *timestamppb.Timestamp
}

func (m timedMessage) GetAsOfTime() *timestamppb.Timestamp { return m.asOf }

// call is a stream of messages.
type call[M any] struct{ messages []M }

func (c *call[M]) Recv() (m M, err error) {
	if len(c.messages) == 0 {
		return m, io.EOF
	}
	m, c.messages = c.messages[0], c.messages[1:]
	return m, nil
}

func TestReceived(t *testing.T) {
	t.Parallel()
	s := eventlog.Received(&call[message]{messages: []message{{events: []string{"a", "b"}, head: 7}}})
	if b, err := s.Recv(); err != nil || len(b.Events) != 2 || b.Head != 7 || !b.AsOf.IsZero() {
		t.Errorf("%+v, %v", b, err)
	}
	if b, err := s.Recv(); !errors.Is(err, io.EOF) || b.Events != nil {
		t.Errorf("at the end: %+v, %v", b, err)
	}
	at := time.Date(2026, 5, 14, 12, 0, 0, 0, time.UTC)
	timed := eventlog.Received(&call[timedMessage]{messages: []timedMessage{{}, {asOf: timestamppb.New(at)}}})
	if b, err := timed.Recv(); err != nil || !b.AsOf.IsZero() {
		t.Errorf("one that does not say: %+v, %v", b, err)
	}
	if b, err := timed.Recv(); err != nil || !b.AsOf.Equal(at) {
		t.Errorf("one that says: %+v, %v", b, err)
	}
}
