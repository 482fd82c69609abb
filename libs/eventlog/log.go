package eventlog

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcerr"
)

// ErrAhead tells that a log ends before the position from which it was to be followed: it is another log than before, such as one that was
// restored from a backup. A Source that knows wraps it; one behind gRPC says OUT_OF_RANGE instead. Ahead knows both.
var ErrAhead = errors.New("the log ends before this position")

// Ahead tells whether a source refused to be followed because its log ends before the position.
func Ahead(err error) bool {
	return err != nil && (errors.Is(err, ErrAhead) || rpcerr.Code(err) == codes.OutOfRange)
}

// ErrTaken tells that the partition fell to another process, or is yet to be given out anew: the context of whoever follows it ends soon.
var ErrTaken = errors.New("the partition is no longer ours")

// Log is a log that is divided into partitions, which the processes that follow it share. Order is kept within a partition.
type Log[E any] interface {
	// Partitions is the number of partitions.
	Partitions() int
	// Run calls follow for each partition that falls to this process, each in a goroutine of its own, until ctx ends; then it returns nil,
	// after every follow has returned. The context of follow ends when the partition falls to another process or ctx ends; follow should
	// return only then, and soon: the partition is not given away before. What follow applies after the partition was lost must fail by itself
	// (the sink's own check of its position), since a process that is stopped learns too late that it lost it.
	// An error is one that will not pass, such as another number of partitions.
	Run(ctx context.Context, follow func(ctx context.Context, partition int, source Source[E])) error
}

// Publisher brings a log to where its followers read it.
type Publisher[E any] interface {
	// Run publishes what the source holds and what comes until ctx ends, and then returns nil. Several processes may run it for the same log.
	// An error is one that will not pass.
	Run(ctx context.Context, source Source[E]) error
}

// Committed is what a Stream may implement in addition, to be told when what it delivered is safe with the sink.
type Committed interface {
	// Committed is called after the sink has committed everything up to position. It may be called from another goroutine than Recv.
	Committed(position int64)
}

// Whole is a log that is not divided and always falls to this process.
func Whole[E any](source Source[E]) Log[E] { return whole[E]{source} }

type whole[E any] struct{ source Source[E] }

// Partitions is one.
func (whole[E]) Partitions() int { return 1 }

// Run follows the source in the caller's stead.
func (w whole[E]) Run(ctx context.Context, follow func(ctx context.Context, partition int, source Source[E])) error {
	follow(ctx, 0, w.source)
	return nil
}
