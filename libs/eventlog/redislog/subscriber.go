package redislog

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/metric"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/libs/rediskit"
)

// SubscriberOptions are what a Subscriber works with.
type SubscriberOptions[E any] struct {
	// Prefix begins all keys.
	Prefix string
	// Group is what follows the log together: each event is followed by one member of each group.
	Group string
	// Instance names the process among the members; no two that are alive may share one.
	Instance string
	// Refill is the log itself, of a partition of so many, from which is read what Redis does not hold.
	Refill func(partition, count int) eventlog.Source[E]
	// Logger, Meters and Now may be nil.
	Logger *slog.Logger
	Meters metric.MeterProvider
	Now    func() time.Time
}

// Subscriber follows the partitions of a log that fall to this process. Make it with NewSubscriber and run it once at a time.
type Subscriber[E any] struct {
	client      redis.UniversalClient
	config      Config
	codec       Codec[E]
	options     SubscriberOptions[E]
	keys        keys
	scripts     scripts
	leases      *rediskit.Leases
	instruments *subscriberInstruments
	logger      *slog.Logger
}

// Subscriber is an eventlog.Log.
var _ eventlog.Log[int] = (*Subscriber[int])(nil)

// NewSubscriber makes a subscriber.
func NewSubscriber[E any](client redis.UniversalClient, config Config, codec Codec[E], options SubscriberOptions[E]) (*Subscriber[E], error) {
	if err := errors.Join(config.check(), codec.check(), checkName("group", options.Group), checkName("instance", options.Instance)); err != nil {
		return nil, err
	}
	if options.Refill == nil {
		return nil, errors.New("check options: there is no Refill")
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	instruments, err := newSubscriberInstruments(metersOr(options.Meters), codec.Log, options.Group, config.Partitions, options.Now)
	if err != nil {
		return nil, err
	}
	return &Subscriber[E]{
		client: client, config: config, codec: codec, options: options, keys: keys{prefix: options.Prefix, log: codec.Log},
		scripts: newScripts(), leases: rediskit.NewLeases(client, config.Lease), instruments: instruments,
		logger: loggerOr(options.Logger).With("log", codec.Log, "group", options.Group),
	}, nil
}

// Partitions is the number of partitions.
func (s *Subscriber[E]) Partitions() int { return s.config.Partitions }

// Run calls follow for each partition that falls to this process, as eventlog.Log says. While Redis is out of order nothing falls to anybody,
// and Run goes on when it is back. It returns an error when the log is divided into another number of partitions.
func (s *Subscriber[E]) Run(ctx context.Context, follow func(ctx context.Context, partition int, source eventlog.Source[E])) error {
	m := newMember(s, follow)
	return m.run(ctx)
}
