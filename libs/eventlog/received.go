package eventlog

import "google.golang.org/protobuf/types/known/timestamppb"

// Message is what a service sends of its log at a time.
type Message[E any] interface {
	// GetEvents returns the events.
	GetEvents() []E
	// GetHeadPosition returns the position of the newest event of the log.
	GetHeadPosition() int64
}

// Received makes a Stream of that of a call. Messages that tell the time up to which the log was sent, as GetAsOfTime, are as of that.
func Received[E any, M Message[E]](from interface{ Recv() (M, error) }) Stream[E] {
	return received[E, M]{from}
}

type received[E any, M Message[E]] struct {
	from interface{ Recv() (M, error) }
}

// Recv waits for the next message.
func (r received[E, M]) Recv() (Batch[E], error) {
	m, err := r.from.Recv()
	if err != nil {
		return Batch[E]{}, err
	}
	b := Batch[E]{Events: m.GetEvents(), Head: m.GetHeadPosition()}
	if timed, ok := any(m).(interface{ GetAsOfTime() *timestamppb.Timestamp }); ok && timed.GetAsOfTime() != nil {
		b.AsOf = timed.GetAsOfTime().AsTime()
	}
	return b, nil
}
