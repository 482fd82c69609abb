package redislog_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// gate is a hook by which a client's process is stopped or cut off.
type gate struct {
	mu    sync.Mutex
	state gateState
	moved chan struct{}
}

type gateState int

const (
	open gateState = iota
	shut
	cut
)

var errCut = errors.New("the process is dead")

func (g *gate) set(s gateState) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.state = s
	if g.moved != nil {
		close(g.moved)
		g.moved = nil
	}
}

// pass waits while the gate is shut.
func (g *gate) pass() error {
	for {
		g.mu.Lock()
		switch g.state {
		case open:
			g.mu.Unlock()
			return nil
		case cut:
			g.mu.Unlock()
			return errCut
		}
		if g.moved == nil {
			g.moved = make(chan struct{})
		}
		moved := g.moved
		g.mu.Unlock()
		<-moved
	}
}

// DialHook lets connections be made.
func (g *gate) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

// ProcessHook stops commands before they are sent and before their answer is seen.
func (g *gate) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if err := g.pass(); err != nil {
			cmd.SetErr(err)
			return err
		}
		err := next(ctx, cmd)
		if gateErr := g.pass(); gateErr != nil {
			cmd.SetErr(gateErr)
			return gateErr
		}
		return err
	}
}

// ProcessPipelineHook does so for pipelines.
func (g *gate) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	fail := func(cmds []redis.Cmder, err error) error {
		for _, c := range cmds {
			c.SetErr(err)
		}
		return err
	}
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if err := g.pass(); err != nil {
			return fail(cmds, err)
		}
		err := next(ctx, cmds)
		if gateErr := g.pass(); gateErr != nil {
			return fail(cmds, gateErr)
		}
		return err
	}
}

// syncBuffer is a log that can be read while it is written.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write adds to the log.
func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func (s *syncBuffer) tail() string {
	lines := strings.Split(s.String(), "\n")
	return strings.Join(lines[max(0, len(lines)-60):], "\n")
}
