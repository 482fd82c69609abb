package command

import (
	"fmt"
	"io"
	"time"
)

const (
	// drawInterval is how often progress is drawn on a terminal.
	drawInterval = 200 * time.Millisecond
	// lineInterval is how often a line is written where there is no terminal.
	lineInterval = 5 * time.Second
)

// ticker tells how many things were done: in place on a terminal, otherwise as a line now and then.
type ticker struct {
	env      Env
	out      io.Writer
	verb     string
	terminal bool
	started  time.Time
	last     time.Time
	drawn    bool
}

func newTicker(env Env, out io.Writer, verb string) *ticker {
	now := env.Now()
	return &ticker{env: env, out: out, verb: verb, terminal: env.IsTerminal(out), started: now, last: now}
}

func (t *ticker) tick(done int64) {
	now := t.env.Now()
	wait := lineInterval
	if t.terminal {
		wait = drawInterval
	}
	if now.Sub(t.last) < wait {
		return
	}
	t.last = now
	line := fmt.Sprintf("%s %d, %.0f a second", t.verb, done, float64(done)/now.Sub(t.started).Seconds())
	if t.terminal {
		t.drawn = true
		fmt.Fprintf(t.out, "\r\x1b[K%s", line)
		return
	}
	fmt.Fprintln(t.out, line)
}

// end clears what was drawn.
func (t *ticker) end() {
	if t.drawn {
		fmt.Fprint(t.out, "\r\x1b[K")
	}
}
