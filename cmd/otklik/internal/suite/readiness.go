package suite

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// readinessInterval is how often a process asks its services whether they can work, and how long they may take to say so.
const readinessInterval = 2 * time.Second

// check is something that a process depends on.
type check struct {
	name string
	// required tells that without it the process should get no calls. The rest are warnings: the process does what it can without.
	required bool
	// ask says what is wrong, and for people how to mend it.
	ask func(ctx context.Context) error
}

// findings are the outcomes of checks by name; nil is well.
type findings struct {
	required, warnings map[string]error
}

// ready tells whether the process should get calls.
func (f findings) ready() bool {
	return !slices.ContainsFunc(slices.Collect(maps.Values(f.required)), isWrong)
}

func isWrong(err error) bool { return err != nil }

// problems are the texts of what is wrong, by name.
func (f findings) problems() map[string]string {
	texts := make(map[string]string)
	for _, found := range []map[string]error{f.required, f.warnings} {
		for name, err := range found {
			if err != nil {
				texts[name] = err.Error()
			}
		}
	}
	return texts
}

// find asks all checks at once.
func find(ctx context.Context, checks []check) findings {
	f := findings{required: make(map[string]error), warnings: make(map[string]error)}
	var mu sync.Mutex
	var group sync.WaitGroup
	for _, c := range checks {
		group.Go(func() {
			err := c.ask(ctx)
			mu.Lock()
			defer mu.Unlock()
			if c.required {
				f.required[c.name] = err
			} else {
				f.warnings[c.name] = err
			}
		})
	}
	group.Wait()
	return f
}

// readiness asks what the process depends on.
func (p *process) readiness(ctx context.Context) findings {
	ctx, cancel := context.WithTimeout(ctx, readinessInterval)
	defer cancel()
	return find(ctx, p.checks)
}

// watchReadiness keeps what gRPC health says in step with what the process depends on, and logs what goes wrong and when it is mended.
func (p *process) watchReadiness(ctx context.Context) error {
	ticker := time.NewTicker(readinessInterval)
	defer ticker.Stop()
	known := make(map[string]string)
	for {
		found := p.readiness(ctx)
		if ctx.Err() != nil {
			return nil
		}
		p.server.SetServing(found.ready())
		problems := found.problems()
		for name, text := range problems {
			if known[name] != text {
				p.log.WarnContext(ctx, "something is wrong", "part", name, "ready", found.ready(), "error", text)
			}
		}
		for name := range known {
			if problems[name] == "" {
				p.log.InfoContext(ctx, "all is well again", "part", name, "ready", found.ready())
			}
		}
		known = problems
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}
