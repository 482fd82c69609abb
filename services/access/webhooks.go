package access

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"golang.org/x/sync/errgroup"

	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/access/internal/api"
	"github.com/otklik/otklik/services/access/internal/contact"
	"github.com/otklik/otklik/services/access/internal/webhook"
)

// Webhooks says how messages are sent to addresses of organisations.
type Webhooks struct {
	AllowPrivate bool          `koanf:"allow_private" doc:"Whether messages may go to addresses of private networks and of this machine, and over plain http. Whoever manages webhooks can then make the service call what only it can reach."`
	Timeout      time.Duration `koanf:"timeout" doc:"Time that an address has to take a message, up to 45s."`
	Concurrency  int           `koanf:"concurrency" doc:"How many messages are on their way to one address at a time, from each process."`
}

const (
	greatestHookTimeout     = 45 * time.Second
	greatestHookConcurrency = 64
)

func defaultWebhooks() Webhooks {
	return Webhooks{Timeout: webhook.DefaultTimeout, Concurrency: webhook.DefaultConcurrency}
}

func (w Webhooks) check() error {
	switch {
	case w.Timeout <= 0 || w.Timeout > greatestHookTimeout:
		return fmt.Errorf("check webhooks.timeout: %v is not between 0 and %v", w.Timeout, greatestHookTimeout)
	case w.Concurrency <= 0 || w.Concurrency > greatestHookConcurrency:
		return fmt.Errorf("check webhooks.concurrency: %d is not between 1 and %d", w.Concurrency, greatestHookConcurrency)
	}
	return nil
}

// hooks is what the service does with webhooks: it sends what is due, and hears of what happens.
type hooks struct {
	worker   *webhook.Worker
	rotation webhook.Rotation
	ring     *seal.Ring
	// followers hear of what happens in other services, those that there are.
	followers []*follower
}

func newHooks(config Webhooks, deps Deps, db backend, ring *seal.Ring, vault contact.Vault) (*hooks, error) {
	noted, err := countDeliveries(deps.Meters)
	if err != nil {
		return nil, err
	}
	worker, err := webhook.NewWorker(webhook.Options{
		Queue: db, Sealer: ring, Addresses: webhook.Addresses{AllowPrivate: config.AllowPrivate}, Concurrency: config.Concurrency, Timeout: config.Timeout,
		Logger: deps.Logger, Noted: noted, Now: deps.Now,
	})
	if err != nil {
		return nil, err
	}
	h := &hooks{worker: worker, ring: ring, rotation: webhook.Rotation{Queue: db, Ring: ring, KeyOf: seal.KeyID}}
	holder := deps.Instance
	if holder == "" {
		holder = rand.Text()
	}
	follow := func(log webhook.Log, open opener) {
		h.followers = append(h.followers, &follower{feed: db, log: log, open: open, told: worker.Wake, holder: holder, logger: deps.Logger, now: deps.Now})
	}
	if deps.Survey != nil {
		follow(webhook.Answers, answers(deps.Survey, deps.Now))
	}
	if deps.Scoring != nil {
		follow(webhook.Alerts, alerts(deps.Scoring, deps.Now))
	}
	if deps.Segmentation != nil {
		follow(webhook.Attention, attention(deps.Segmentation, vault, deps.Now))
	}
	if deps.Reporting != nil {
		follow(webhook.Deliveries, deliveries(deps.Reporting, deps.Now))
	}
	return h, nil
}

// calls is what the calls about webhooks need.
func (h *hooks) calls() api.Webhooks {
	return api.Webhooks{Sealer: h.ring, Addresses: h.worker.Addresses, Wake: h.worker.Wake}
}

// erased tells webhooks that an erasure is done.
func (h *hooks) erased(ctx context.Context, organization, erasure string) error {
	return h.worker.Emit(ctx, organization, webhook.PersonErased, erasure)
}

// run sends and listens until ctx ends.
func (h *hooks) run(ctx context.Context) error {
	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() error { return h.worker.Run(ctx) })
	for _, f := range h.followers {
		work.Go(func() error {
			f.run(ctx)
			return nil
		})
	}
	if err := work.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("send to webhooks: %w", err)
	}
	return nil
}

// countDeliveries counts what comes of attempts to send messages; nil meters count nothing.
func countDeliveries(meters metric.MeterProvider) (func(context.Context, webhook.Outcome), error) {
	if meters == nil {
		return nil, nil
	}
	counter, err := meters.Meter(meterScope).Int64Counter("otklik.webhooks.deliveries", metric.WithUnit("{message}"),
		metric.WithDescription("Attempts to send messages to webhooks, by outcome: delivered, retried (to be sent again) or failed (given up)."))
	if err != nil {
		return nil, fmt.Errorf("make instrument: %w", err)
	}
	// Shown from the start.
	for _, outcome := range []string{"delivered", "retried", "failed"} {
		counter.Add(context.Background(), 0, metric.WithAttributes(attribute.String("outcome", outcome)))
	}
	return func(ctx context.Context, o webhook.Outcome) {
		outcome := "retried"
		switch o.State {
		case webhook.Delivered:
			outcome = "delivered"
		case webhook.Failed:
			outcome = "failed"
		}
		counter.Add(ctx, 1, metric.WithAttributes(attribute.String("outcome", outcome)))
	}, nil
}
