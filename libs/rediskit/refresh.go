package rediskit

import (
	"context"
	"errors"
	"net"

	"github.com/redis/go-redis/v9"
)

// refresh makes a client of a Redis Cluster look who serves what as soon as a server fails: the library does so by itself for single
// commands, but for pipelines only when a server answers that it is not the one.
type refresh struct {
	cluster *redis.ClusterClient
}

// DialHook changes nothing.
func (refresh) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		return next(ctx, network, address)
	}
}

// ProcessHook looks after a failure.
func (r refresh) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		r.look(ctx, err)
		return err
	}
}

// ProcessPipelineHook looks after a failure.
func (r refresh) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		r.look(ctx, err)
		for _, c := range cmds {
			if c.Err() != nil {
				r.look(ctx, c.Err())
				break
			}
		}
		return err
	}
}

// look finds out who serves what, in the background and not too often, unless the failure was an answer of a server that serves.
func (r refresh) look(ctx context.Context, err error) {
	var answer redis.Error
	if err == nil || errors.As(err, &answer) && !redis.HasErrorPrefix(err, "CLUSTERDOWN") && !redis.HasErrorPrefix(err, "READONLY") {
		return
	}
	r.cluster.ReloadState(ctx)
}
