package rediskit

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// Call is one run of a script. All of its keys must be in one hash slot.
type Call struct {
	Script *redis.Script
	Keys   []string
	Args   []any
	// Result and Err are set by RunScripts; an answer of nothing is a nil Result, not an error.
	Result any
	Err    error
}

// RunScripts runs scripts in one round trip to each server, in the order given for each of them. A script that the server does not hold is sent again with
// its text, after the others. Each call has its own error; the one returned joins them all, as a convenience.
func RunScripts(ctx context.Context, client redis.UniversalClient, calls ...*Call) error {
	send(ctx, client, calls, func(p redis.Pipeliner, c *Call) *redis.Cmd { return c.Script.EvalSha(ctx, p, c.Keys, c.Args...) })
	var unknown []*Call
	for _, c := range calls {
		if redis.HasErrorPrefix(c.Err, "NOSCRIPT") {
			unknown = append(unknown, c)
		}
	}
	if len(unknown) > 0 {
		send(ctx, client, unknown, func(p redis.Pipeliner, c *Call) *redis.Cmd { return c.Script.Eval(ctx, p, c.Keys, c.Args...) })
	}
	var errs []error
	for _, c := range calls {
		if c.Err != nil {
			errs = append(errs, c.Err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("run script: %w", err)
	}
	return nil
}

func send(ctx context.Context, client redis.UniversalClient, calls []*Call, run func(redis.Pipeliner, *Call) *redis.Cmd) {
	commands := make([]*redis.Cmd, len(calls))
	pipe := client.Pipeline()
	for i, c := range calls {
		commands[i] = run(pipe, c)
	}
	_, _ = pipe.Exec(ctx) // each command has its own error
	for i, c := range calls {
		c.Result, c.Err = commands[i].Result()
		if isNil(c.Err) {
			c.Err = nil
		}
	}
}
