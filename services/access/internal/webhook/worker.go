package webhook

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// Queue keeps webhooks and deliveries; see package store, which says more.
type Queue interface {
	// GetWebhook returns a webhook.
	GetWebhook(ctx context.Context, organization, id string) (Webhook, error)
	// DueWebhooks returns enabled webhooks after one of them to which something is to be sent now, in the order of their names.
	DueWebhooks(ctx context.Context, after Ref, now time.Time, limit int) ([]Ref, error)
	// ClaimDeliveries takes deliveries that are due: nobody else gets them until the time until. Their attempts are counted.
	ClaimDeliveries(ctx context.Context, w Ref, now, until time.Time, limit int) ([]Delivery, error)
	// FinishDelivery notes what came of a claimed delivery.
	FinishDelivery(ctx context.Context, o Outcome) error
	// EnqueueEvents makes deliveries of occurrences for the enabled webhooks that want them, once for each.
	EnqueueEvents(ctx context.Context, occurrences []Occurrence) error
	// SweepDeliveries forgets what was delivered and what failed before these times, at most limit, and tells how many.
	SweepDeliveries(ctx context.Context, delivered, failed time.Time, limit int) (int, error)
	// ListSealed returns webhooks after one of them, in the order of their names.
	ListSealed(ctx context.Context, after Ref, limit int) ([]Webhook, error)
	// ReplaceSealed puts other sealed texts of the same secrets in place of those of w.
	ReplaceSealed(ctx context.Context, w Webhook, secret, oldSecret []byte) error
}

// Sealer seals secrets at rest (libs/seal.Ring).
type Sealer interface {
	Seal(plaintext, associated []byte) ([]byte, error)
	Open(sealed, associated []byte) ([]byte, error)
}

// Bounds of a worker.
const (
	// DefaultConcurrency is how many messages are on their way to one address at a time.
	DefaultConcurrency = 4
	// greatestConcurrency is how many are on their way at all.
	greatestConcurrency = 64
	// lease is how long a delivery is this process's: longer than any attempt.
	lease = time.Minute
	// pollPause is the time between two looks at the queue.
	pollPause = time.Second
	// sweepPause is the time between two sweeps.
	sweepPause = 10 * time.Minute
	// sweepLimit is how much is forgotten at a time.
	sweepLimit = 500
	// keepDelivered and keepFailed are how long deliveries can be looked at.
	keepDelivered, keepFailed = 7 * 24 * time.Hour, 30 * 24 * time.Hour
	// noteTimeout bounds the noting of an outcome, also when the process is told to stop.
	noteTimeout = 10 * time.Second
)

// Options of NewWorker.
type Options struct {
	// Queue and Sealer are required.
	Queue     Queue
	Sealer    Sealer
	Addresses Addresses
	// Concurrency is how many messages are on their way to one address at a time; 0 means DefaultConcurrency.
	Concurrency int
	// Timeout bounds an attempt; 0 means DefaultTimeout. It must be less than 45 seconds.
	Timeout time.Duration
	// Roots are the authorities that addresses are trusted by; nil means the machine's.
	Roots  *x509.CertPool
	Logger *slog.Logger
	// Noted is called with what came of each attempt, once it is noted; nil when nobody counts.
	Noted func(ctx context.Context, o Outcome)
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Worker sends what is due. Several processes may work on one queue.
type Worker struct {
	Options
	client *http.Client
	wake   chan struct{}
	// served is the webhook to which something was sent last: the turn is that of those after it. Run's alone.
	served Ref

	mu sync.Mutex
	// busy is how many messages are on their way, to each webhook and altogether.
	busy  map[Ref]int
	total int
	sends sync.WaitGroup
}

// NewWorker makes a worker.
func NewWorker(o Options) (*Worker, error) {
	if o.Queue == nil || o.Sealer == nil {
		return nil, errors.New("make worker of webhooks: Queue and Sealer are needed")
	}
	if o.Concurrency == 0 {
		o.Concurrency = DefaultConcurrency
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Timeout < 0 || o.Timeout > lease*3/4 || o.Concurrency < 0 {
		return nil, errors.New("make worker of webhooks: the timeout or the concurrency is out of bounds")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Worker{
		Options: o, client: newClient(o.Addresses, o.Timeout, o.Roots, nil), wake: make(chan struct{}, 1), busy: make(map[Ref]int),
	}, nil
}

// Emit tells the organisation's webhooks that something happened. Telling the same again does nothing. When it returns nil the messages are on
// their way for good.
func (w *Worker) Emit(ctx context.Context, organization string, event Event, resource string) error {
	err := w.Queue.EnqueueEvents(ctx, []Occurrence{{Organization: organization, Event: event, Resource: resource, Time: w.Now()}})
	w.Wake()
	return err
}

// Wake makes the worker look at the queue at once.
func (w *Worker) Wake() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Run sends what is due until ctx ends; then it waits for what is on its way, at most for the time of an attempt.
func (w *Worker) Run(ctx context.Context) error {
	defer w.sends.Wait()
	poll := time.NewTicker(pollPause)
	defer poll.Stop()
	sweep := time.NewTicker(sweepPause)
	defer sweep.Stop()
	for {
		if err := w.round(ctx); err != nil && ctx.Err() == nil {
			w.Logger.WarnContext(ctx, "webhooks cannot be looked up", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-sweep.C:
			if err := w.keepHouse(ctx); err != nil && ctx.Err() == nil {
				w.Logger.WarnContext(ctx, "deliveries of webhooks cannot be tidied up", slog.Any("error", err))
			}
		case <-w.wake:
		case <-poll.C:
		}
	}
}

// round begins to send what is due, as far as the bounds allow. Webhooks take turns, so that some whose addresses take their time, or which cannot be
// read, keep none of the others waiting for ever.
func (w *Worker) round(ctx context.Context) error {
	due, err := w.Queue.DueWebhooks(ctx, w.served, w.Now(), greatestConcurrency)
	if err != nil {
		return err
	}
	if free := greatestConcurrency - len(due); free > 0 && w.served != (Ref{}) {
		first, err := w.Queue.DueWebhooks(ctx, Ref{}, w.Now(), free)
		if err != nil {
			return err
		}
		due = append(due, first...)
	}
	var faults error
	for _, ref := range due {
		faults = errors.Join(faults, w.begin(ctx, ref))
	}
	return faults
}

func (w *Worker) begin(ctx context.Context, ref Ref) error {
	free := w.reserve(ref)
	used := 0
	defer func() { w.release(ref, free-used) }()
	if free == 0 {
		return nil
	}
	hook, err := w.Queue.GetWebhook(ctx, ref.Organization, ref.ID)
	if err != nil || hook.Disabled {
		return err
	}
	now := w.Now()
	claimed, err := w.Queue.ClaimDeliveries(ctx, ref, now, now.Add(lease), free)
	if err != nil {
		return err
	}
	for _, d := range claimed {
		used++
		w.served = ref
		w.sends.Go(func() {
			defer w.Wake()
			defer w.release(ref, 1)
			w.send(ctx, hook, d)
		})
	}
	return nil
}

// reserve takes as many places for messages to a webhook as there are.
func (w *Worker) reserve(ref Ref) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	free := max(min(w.Concurrency-w.busy[ref], greatestConcurrency-w.total), 0)
	w.busy[ref] += free
	w.total += free
	return free
}

func (w *Worker) release(ref Ref, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.total -= n
	if w.busy[ref] -= n; w.busy[ref] <= 0 {
		delete(w.busy, ref)
	}
}

// send makes one attempt and notes what came of it. An attempt that has begun is ended and noted also when the process is told to stop.
func (w *Worker) send(ctx context.Context, hook Webhook, d Delivery) {
	ctx = context.WithoutCancel(ctx)
	outcome := w.attempt(ctx, hook, d)
	note, cancel := context.WithTimeout(ctx, noteTimeout)
	defer cancel()
	if err := w.Queue.FinishDelivery(note, outcome); err != nil {
		// It is sent again when the lease ends.
		w.Logger.WarnContext(ctx, "what came of a delivery cannot be noted", slog.String("webhook", hook.ID), slog.String("delivery", d.ID), slog.Any("error", err))
		return
	}
	if w.Noted != nil {
		w.Noted(ctx, outcome)
	}
}

func (w *Worker) attempt(ctx context.Context, hook Webhook, d Delivery) Outcome {
	out := Outcome{Delivery: d}
	a := w.post(ctx, hook, d)
	out.Time, out.Result, out.Succeeded, out.Gone = w.Now(), a.result, a.taken, a.gone
	pause, again := nextPause(d.Attempts, a.wait)
	switch {
	case a.taken:
		out.State = Delivered
	case a.gone || !again:
		out.State = Failed
	default:
		out.State, out.NextTime = Pending, out.Time.Add(pause)
	}
	return out
}

func (w *Worker) post(ctx context.Context, hook Webhook, d Delivery) answer {
	secrets, err := w.secrets(hook)
	if err != nil {
		w.Logger.ErrorContext(ctx, "the secret of a webhook cannot be read", slog.String("webhook", hook.ID), slog.Any("error", err))
		return answer{result: "the secret of the webhook cannot be read"}
	}
	body, err := d.body()
	if err != nil {
		return answer{result: "the message could not be written"}
	}
	// What was allowed when the webhook was made need not be so any more.
	if err := w.Addresses.Check(hook.URL); err != nil {
		return answer{result: "the address is not allowed: " + err.Error()}
	}
	ctx, cancel := context.WithTimeout(ctx, w.Timeout)
	defer cancel()
	return post(ctx, w.client, hook.URL, d.ID, body, secrets, w.Now())
}
