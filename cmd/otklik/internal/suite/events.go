package suite

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/libs/eventlog/redislog"
	"github.com/otklik/otklik/libs/rediskit"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// surveyEvents is how the survey service's events go through Redis.
func surveyEvents() redislog.Codec[*surveyv1.Event] {
	return redislog.Codec[*surveyv1.Event]{
		Log:    "survey",
		Encode: func(e *surveyv1.Event) ([]byte, error) { return proto.Marshal(e) },
		Decode: func(raw []byte) (*surveyv1.Event, error) {
			e := new(surveyv1.Event)
			if err := proto.Unmarshal(raw, e); err != nil {
				return nil, fmt.Errorf("decode event: %w", err)
			}
			return e, nil
		},
		Position: (*surveyv1.Event).GetPosition,
		Key:      (*surveyv1.Event).GetKey,
	}
}

// openRedis connects to Redis if there is one.
func (p *process) openRedis(ctx context.Context) error {
	if !p.config.Redis.Enabled() {
		return nil
	}
	client, err := rediskit.Open(ctx, p.config.Redis, p.log)
	if err != nil {
		return fmt.Errorf("connect to Redis: %w", err)
	}
	p.redis = client
	p.closers = append(p.closers, client.Close)
	p.checks = append(p.checks, check{name: "redis", ask: client.Check})
	return nil
}

// publisher brings the survey service's events to Redis.
func (p *process) publisher() (eventlog.Publisher[*surveyv1.Event], error) {
	published, err := redislog.NewPublisher(p.redis, p.config.Events, surveyEvents(), redislog.Options{
		Prefix: p.redis.Prefix(), Instance: p.instance, Logger: p.log, Meters: p.telemetry.Meters,
	})
	if err != nil {
		return nil, fmt.Errorf("publish events: %w", err)
	}
	return published, nil
}

// subscriber shares the survey service's events with the other replicas of a service. What Redis has lost is read from the survey service itself.
func (p *process) subscriber(group string, refill func(partition, count int) eventlog.Source[*surveyv1.Event]) (eventlog.Log[*surveyv1.Event], error) {
	subscribed, err := redislog.NewSubscriber(p.redis, p.config.Events, surveyEvents(), redislog.SubscriberOptions[*surveyv1.Event]{
		Prefix: p.redis.Prefix(), Group: group, Instance: p.instance, Refill: refill, Logger: p.log, Meters: p.telemetry.Meters,
	})
	if err != nil {
		return nil, fmt.Errorf("subscribe to events: %w", err)
	}
	return subscribed, nil
}
