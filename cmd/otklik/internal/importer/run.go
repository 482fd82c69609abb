package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/otklik/otklik/libs/pause"
	"github.com/otklik/otklik/libs/sheet"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// Defaults of Options.
const (
	DefaultBatchRows = 500
	DefaultInFlight  = 4
	DefaultRetryFor  = 2 * time.Minute
)

// MaxBatchRows is the API's limit for one call.
const MaxBatchRows = 1000

// maxBatchBytes keeps the request well below the 4 MiB that gRPC servers take by default.
const maxBatchBytes = 1 << 20

// windowPerSender bounds how many batches may wait behind a slow one, for each that can be in flight.
const windowPerSender = 4

// skippedRowsPerBatch bounds the rows of a batch of which nothing is sent, so that progress is seen in files of refused rows too.
const skippedRowsPerBatch = 10 * DefaultBatchRows

// ErrInterrupted tells that the context ended before the file did. What was acknowledged is stored; the same import goes on behind it.
var ErrInterrupted = errors.New("the import was interrupted")

// Options says how a file is imported.
type Options struct {
	// Client submits the responses; nil makes it a dry run.
	Client surveyv1.SurveyServiceClient
	// Source is the file, at its first row.
	Source *sheet.Source
	// Converter was made for the header of the file.
	Converter *Converter
	// BatchRows is how many responses go into one call, 1 to MaxBatchRows; 0 means DefaultBatchRows.
	BatchRows int
	// InFlight is how many calls are under way at a time; 0 means DefaultInFlight.
	InFlight int
	// RetryFor is how long a batch is tried again while the server is unavailable or overloaded; 0 means DefaultRetryFor.
	RetryFor time.Duration
	// Start is where an interrupted import left off; nil begins with the first row.
	Start *Checkpoint
	// Save keeps a checkpoint, about once a second and at an interruption; nil keeps none.
	Save func(Checkpoint) error
	// Report gets the problems of rows; nil drops them.
	Report *Report
	// Progress is told the counts after each batch; nil is told nothing.
	Progress func(Rows)

	// sleep is replaced by tests.
	sleep func(context.Context, time.Duration) error
	// now is replaced by tests.
	now func() time.Time
}

// batch is a run of rows, some of which are sent.
type batch struct {
	seq  int
	rows []*Row
	// send holds the positions of the rows that are sent.
	send     []int
	outcomes []outcome
	size     int
	err      error
}

// run is one import under way.
type run struct {
	Options
	sender *sender
	tally  tally
	done   int64
	saved  time.Time
	// window holds a token for each batch between the reader and the collector.
	window  chan struct{}
	readErr error
}

// Run imports a file. It returns a summary also when it fails: then err says why, and the summary what was done before. Errors: ErrInterrupted;
// those of the server, wrapped; those of the file. Refused rows are no error.
func Run(ctx context.Context, o Options) (*Summary, error) {
	r := newRun(o)
	started := r.now()
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	queue, collected := make(chan *batch), make(chan *batch)
	var senders sync.WaitGroup
	for range r.InFlight {
		senders.Go(func() {
			for b := range queue {
				b.err = r.sender.send(inner, b)
				collected <- b
			}
		})
	}
	go func() {
		r.readErr = r.read(inner, queue)
		close(queue)
		senders.Wait()
		close(collected)
	}()
	err := r.collect(collected, cancel)
	if err == nil {
		err = r.readErr
	}
	interrupted := ctx.Err() != nil
	if interrupted && (err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		err = ErrInterrupted
	}
	if err != nil {
		err = errors.Join(err, r.checkpoint())
	}
	s := r.tally.summary(o.Converter)
	s.DryRun = o.Client == nil
	s.Interrupted = err != nil
	if o.Start != nil {
		s.ResumedAfterRow = o.Start.Row
	}
	s.Seconds = r.now().Sub(started).Seconds()
	if s.Seconds > 0 {
		s.RowsPerSecond = float64(s.Rows.Read-s.ResumedAfterRow) / s.Seconds
	}
	return s, err
}

func newRun(o Options) *run {
	if o.BatchRows <= 0 || o.BatchRows > MaxBatchRows {
		o.BatchRows = DefaultBatchRows
	}
	if o.InFlight <= 0 {
		o.InFlight = DefaultInFlight
	}
	if o.RetryFor <= 0 {
		o.RetryFor = DefaultRetryFor
	}
	if o.sleep == nil {
		o.sleep = pause.For
	}
	if o.now == nil {
		o.now = time.Now
	}
	r := &run{Options: o, tally: newTally(o.Converter), window: make(chan struct{}, o.InFlight*windowPerSender), saved: o.now()}
	if o.Start != nil {
		r.tally, r.done = o.Start.Tally, o.Start.Row
	}
	if o.Client != nil {
		r.sender = &sender{client: o.Client, converter: o.Converter, retryFor: o.RetryFor, sleep: o.sleep, now: o.now}
	}
	return r
}

// read makes batches of the rows behind the checkpoint.
func (r *run) read(ctx context.Context, queue chan<- *batch) error {
	var b *batch
	known := int64(0)
	if r.Start != nil {
		known = r.Start.Row
	}
	seq := 0
	flush := func() error {
		if b == nil {
			return nil
		}
		select {
		case r.window <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		select {
		case queue <- b:
		case <-ctx.Done():
			return ctx.Err()
		}
		b = nil
		return nil
	}
	for {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		rec, err := r.Source.Next()
		if errors.Is(err, io.EOF) {
			return flush()
		}
		if err != nil {
			return errors.Join(fmt.Errorf("read the file: %w", err), flush())
		}
		if rec.Row <= known {
			continue
		}
		if b == nil {
			b = &batch{seq: seq}
			seq++
		}
		row := r.Converter.Convert(rec)
		b.add(&row)
		if len(b.send) >= r.BatchRows || b.size >= maxBatchBytes || len(b.rows) >= skippedRowsPerBatch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
}

func (b *batch) add(row *Row) {
	switch {
	case row.Refused:
		// A refused row is kept for the report only.
		row.Request, row.missing, row.answered = nil, nil, nil
		b.outcomes = append(b.outcomes, outcomeRefused)
	case row.Empty():
		b.outcomes = append(b.outcomes, outcomeEmpty)
	default:
		b.send = append(b.send, len(b.rows))
		b.outcomes = append(b.outcomes, outcomeAccepted)
		b.size += row.size()
	}
	b.rows = append(b.rows, row)
}

// Rough sizes on the wire, in bytes.
const (
	responseBytes = 256
	answerBytes   = 32
)

// size estimates the row's size on the wire.
func (r *Row) size() int {
	n := responseBytes
	for _, a := range r.Request.GetResponse().GetAnswers() {
		n += answerBytes + len(a.GetComment()) + len(a.GetFreeText())
		for _, option := range a.GetChoice().GetOptions() {
			n += len(option) + 2
		}
	}
	for _, v := range r.Request.GetResponse().GetContext().GetAttributes() {
		n += answerBytes + len(v)
	}
	return n
}

// collect counts batches in the order of the file, whatever the order in which they come back, so that everything before a checkpoint is
// known. After the first failure it only drains.
func (r *run) collect(collected <-chan *batch, cancel func()) error {
	waiting := map[int]*batch{}
	next := 0
	var failure error
	for b := range collected {
		waiting[b.seq] = b
		for ; waiting[next] != nil; next++ {
			b := waiting[next]
			delete(waiting, next)
			<-r.window
			if failure != nil {
				continue
			}
			if failure = b.err; failure == nil {
				failure = r.count(b)
			}
			if failure != nil {
				cancel()
			}
		}
	}
	return failure
}

func (r *run) count(b *batch) error {
	for i, row := range b.rows {
		r.tally.add(r.Converter, row, b.outcomes[i])
		r.done = row.Row
	}
	if r.Report != nil {
		if err := r.Report.Add(b.rows); err != nil {
			return err
		}
	}
	if r.Progress != nil {
		r.Progress(r.tally.Rows)
	}
	if now := r.now(); now.Sub(r.saved) >= checkpointInterval {
		r.saved = now
		return r.checkpoint()
	}
	return nil
}

// checkpoint saves how far the import has come.
func (r *run) checkpoint() error {
	if r.Save == nil {
		return nil
	}
	c := Checkpoint{Row: r.done, Tally: r.tally}
	if r.Report != nil {
		if err := r.Report.Sync(); err != nil {
			return err
		}
		c.ReportOffset, c.ReportCount = r.Report.Position()
	}
	return r.Save(c)
}
