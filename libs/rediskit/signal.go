package rediskit

import (
	"context"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/otklik/otklik/libs/pause"
)

// notifyTimeout bounds the wait for Redis of one who only tells others that there is news.
const notifyTimeout = 250 * time.Millisecond

// Signal wakes other processes up: it says that there is news, not what. A call may be lost when Redis is; listeners look by themselves once
// in a while, so that a loss slows and never falsifies. Safe for concurrent use.
type Signal struct {
	client  redis.UniversalClient
	channel string
	breaker *breaker
	logger  *slog.Logger
}

// NewSignal makes a signal with a name.
func NewSignal(client *Client, name string, logger *slog.Logger) *Signal {
	return &Signal{client: client, channel: client.Key("signal", name), breaker: newBreaker(time.Now), logger: logger}
}

// Notify wakes whoever listens, this process included. It does not wait for Redis while that is out of order.
func (s *Signal) Notify(ctx context.Context) {
	if !s.breaker.allow() {
		return
	}
	callCtx, cancel := context.WithTimeout(ctx, notifyTimeout)
	defer cancel()
	err := s.client.Publish(callCtx, s.channel, "").Err()
	s.breaker.report(ctx, err, s.logger, "signals")
}

// Listen calls wake once at the beginning, at each signal, and whenever the connection was lost and made again, because signals may have been
// lost meanwhile, until ctx ends. Signals that come while wake runs become one more call.
func (s *Signal) Listen(ctx context.Context, wake func()) {
	woken := make(chan struct{}, 1)
	woken <- struct{}{}
	go s.receive(ctx, woken)
	for {
		select {
		case <-woken:
			wake()
		case <-ctx.Done():
			return
		}
	}
}

func (s *Signal) receive(ctx context.Context, woken chan<- struct{}) {
	subscription := s.client.Subscribe(ctx, s.channel)
	stop := context.AfterFunc(ctx, func() { _ = subscription.Close() })
	defer stop()
	defer subscription.Close() //nolint:errcheck // it has served
	for ctx.Err() == nil {
		// Whatever arrives is a reason to look: a signal, or the confirmation of a subscription, made anew by the client itself.
		_, err := subscription.Receive(ctx)
		if err != nil {
			_ = pause.For(ctx, listenPause) // ctx is looked at above
			continue
		}
		select {
		case woken <- struct{}{}:
		default:
		}
	}
}

// listenPause is between attempts to listen again.
const listenPause = 200 * time.Millisecond
