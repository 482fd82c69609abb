package redislog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/metric"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/libs/pause"
	"github.com/otklik/otklik/libs/rediskit"
)

// Options are what a Publisher works with.
type Options struct {
	// Prefix begins all keys.
	Prefix string
	// Instance names the process, for people.
	Instance string
	// Logger and Meters may be nil.
	Logger *slog.Logger
	Meters metric.MeterProvider
}

// Publisher copies a log into streams. Any number of processes may run one for the same log: one of them works, the others wait to take its
// place. It keeps nothing: where to go on is told by the streams. Make it with NewPublisher.
type Publisher[E any] struct {
	client      redis.UniversalClient
	config      Config
	codec       Codec[E]
	options     Options
	keys        keys
	scripts     scripts
	leases      *rediskit.Leases
	instruments *publisherInstruments
	trouble     *trouble
	logger      *slog.Logger
}

// Publisher is an eventlog.Publisher.
var _ eventlog.Publisher[int] = (*Publisher[int])(nil)

// NewPublisher makes a publisher.
func NewPublisher[E any](client redis.UniversalClient, config Config, codec Codec[E], options Options) (*Publisher[E], error) {
	if err := errors.Join(config.check(), codec.check(), checkName("instance", options.Instance)); err != nil {
		return nil, err
	}
	logger := loggerOr(options.Logger).With("log", codec.Log)
	instruments, err := newPublisherInstruments(metersOr(options.Meters), codec.Log, config.Partitions)
	if err != nil {
		return nil, err
	}
	return &Publisher[E]{
		client: client, config: config, codec: codec, options: options, keys: keys{prefix: options.Prefix, log: codec.Log},
		scripts: newScripts(), leases: rediskit.NewLeases(client, config.Lease), instruments: instruments, logger: logger,
		trouble: &trouble{logger: logger, what: "publishing of events", diagnose: diagnoseBy(client)},
	}, nil
}

const (
	// retryMin and retryMax bound the wait after a failure.
	retryMin = 20 * time.Millisecond
	retryMax = time.Second
)

// errNotLeader tells that another process publishes by now.
var errNotLeader = errors.New("another process publishes by now, or Redis was emptied")

// Run publishes until ctx ends and then returns nil. It returns an error when the log is divided into another number of partitions.
func (p *Publisher[E]) Run(ctx context.Context, source eventlog.Source[E]) error {
	// Asked at once, so that one who stands by learns it at the start. Whoever publishes asks again.
	if err := recordPartitions(ctx, p.client, p.scripts.partitions, p.keys, p.config.Partitions); errors.Is(err, ErrPartitions) {
		return err
	}
	for ctx.Err() == nil {
		lease := p.leases.New(p.keys.publisher(), p.options.Instance)
		unavailable := func(err error) {
			if err != nil {
				p.trouble.failed(ctx, err)
			}
		}
		err := p.leases.Hold(ctx, lease, unavailable, func(ctx context.Context) error { return p.lead(ctx, lease, source) })
		if errors.Is(err, ErrPartitions) {
			return err
		}
	}
	return nil
}

// lead publishes until the lease is lost, however often it must begin anew.
func (p *Publisher[E]) lead(ctx context.Context, lease *rediskit.Lease, source eventlog.Source[E]) error {
	p.logger.InfoContext(ctx, "publishing events")
	p.instruments.lead(true)
	defer p.instruments.lead(false)
	wait := retryMin
	for ctx.Err() == nil {
		s := newSession(p, lease, source)
		err := s.run(ctx)
		switch {
		case ctx.Err() != nil:
		case errors.Is(err, ErrPartitions), errors.Is(err, errNotLeader):
			return err
		default:
			p.trouble.failed(ctx, err)
			if s.published {
				wait = retryMin
			}
			_ = pause.For(ctx, wait) // the loop looks at ctx
			wait = min(2*wait, retryMax)
		}
	}
	if errors.Is(context.Cause(ctx), rediskit.ErrLeaseLost) {
		p.logger.WarnContext(ctx, "the right to publish was lost; whoever has it goes on")
	}
	return nil
}

// recordPartitions makes sure that the log is divided as it was before.
func recordPartitions(ctx context.Context, client redis.UniversalClient, script *redis.Script, k keys, partitions int) error {
	call := &rediskit.Call{Script: script, Keys: []string{k.partitions()}, Args: []any{partitions}}
	if err := rediskit.RunScripts(ctx, client, call); err != nil {
		return fmt.Errorf("record partitions: %w", err)
	}
	return checkPartitions(k, call.Result, partitions)
}

func checkPartitions(k keys, recorded any, partitions int) error {
	if text := fmt.Sprint(recorded); text != fmt.Sprint(partitions) {
		return fmt.Errorf("check events.partitions: %w: Redis holds the log %q in %s, the configuration says %d; set it to %s everywhere",
			ErrPartitions, k.log, text, partitions, text)
	}
	return nil
}
