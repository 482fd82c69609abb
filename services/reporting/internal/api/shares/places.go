package shares

import (
	"context"
	"sync"
	"time"
)

const (
	// madeAtOnce is how many reports of links a process makes or writes at the same time: what is open to the world takes little from those who log in.
	madeAtOnce = 4
	// madeOfOne is how many of them may be of one organisation: what it has made for slow reports is no reason to let others wait.
	madeOfOne = 2
	// longestWait is how long one waits for a place to make a report.
	longestWait = 5 * time.Second
)

// places are those at which reports of links are made.
type places struct {
	all chan struct{}
	mu  sync.Mutex
	of  map[string]*room
}

// room are the places of one organisation; users are those who are in it or wait for it.
type room struct {
	taken chan struct{}
	users int
}

func newPlaces() *places {
	return &places{all: make(chan struct{}, madeAtOnce), of: map[string]*room{}}
}

// take takes a place, which leave gives back; false where none comes free in time.
func (p *places) take(ctx context.Context, organization string) (leave func(), ok bool) {
	ctx, cancel := context.WithTimeout(ctx, longestWait)
	defer cancel()
	r := p.enter(organization)
	// One's own first: who waits for it holds none of those of all.
	for n, taken := range []chan struct{}{r.taken, p.all} {
		select {
		case taken <- struct{}{}:
		case <-ctx.Done():
			if n > 0 {
				<-r.taken
			}
			p.exit(organization, r)
			return nil, false
		}
	}
	return func() {
		<-p.all
		<-r.taken
		p.exit(organization, r)
	}, true
}

func (p *places) enter(organization string) *room {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.of[organization]
	if r == nil {
		r = &room{taken: make(chan struct{}, madeOfOne)}
		p.of[organization] = r
	}
	r.users++
	return r
}

func (p *places) exit(organization string, r *room) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.users--; r.users == 0 {
		delete(p.of, organization)
	}
}
