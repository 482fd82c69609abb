package authn

import (
	"context"
	"errors"
	"sync"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/lru"
	"github.com/otklik/otklik/libs/rpcerr"
)

// CacheOptions are how answers to who somebody is are remembered. The zero value is sound.
type CacheOptions struct {
	// Fresh is how long an answer is good without asking again, so that it is also how long a revoked credential goes on to work; 0 is 5 s.
	Fresh time.Duration
	// Stale is how old an answer may be while nobody can be asked; 0 is a minute.
	Stale time.Duration
	// Timeout bounds the wait for an answer; 0 is 2 s.
	Timeout time.Duration
	// Entries and Refusals bound the remembered answers and refusals; 0 is 100,000 and 10,000. Refusals have room of their own, so that who tries
	// random tokens does not push out what is known.
	Entries, Refusals int
	// Strangers bounds the questions under way about what is not known yet; up to 32 times as many wait, further ones are refused. It keeps who tries
	// random tokens from occupying the source, and this process. 0 is 64.
	Strangers int
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

func (o CacheOptions) orDefaults() CacheOptions {
	if o.Fresh <= 0 {
		o.Fresh = 5 * time.Second
	}
	if o.Stale <= 0 {
		o.Stale = time.Minute
	}
	if o.Timeout <= 0 {
		o.Timeout = 2 * time.Second
	}
	if o.Entries <= 0 {
		o.Entries = 100_000
	}
	if o.Refusals <= 0 {
		o.Refusals = 10_000
	}
	if o.Strangers <= 0 {
		o.Strangers = 64
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// cache remembers whom keys of a kind stand for, as a source elsewhere knows it. Answers that are about to get old are looked up again in the
// background, so that callers who come often never wait. Where the source is away, the old answers serve for a while.
type cache[K comparable] struct {
	options CacheOptions
	// ask asks the source.
	ask func(context.Context, K) (Principal, error)
	// strangers has an item for each question under way about a key that is not known.
	strangers chan struct{}

	mu sync.Mutex
	// refused holds the keys that stand for nobody.
	known, refused *lru.Cache[K, *entry]
	flights        map[K]*flight
	// crowd is how many flights are about keys that are not known.
	crowd int
	// awayUntil is until when the source is taken for away: nobody waits for it who has an old answer.
	awayUntil time.Time
}

// entry is an answer. It does not change once it is in the cache, but for noted.
type entry struct {
	principal Principal
	// at is when the question was asked: what was true then may have ended since.
	at time.Time
	// noted is when the use was noted last.
	noted time.Time
}

// flight is a question under way, whose answer all wait for who ask the same.
type flight struct {
	done chan struct{}
	// stranger tells that the key is not known.
	stranger  bool
	principal Principal
	err       error
}

func newCache[K comparable](options CacheOptions, ask func(context.Context, K) (Principal, error)) *cache[K] {
	options = options.orDefaults()
	return &cache[K]{
		options: options, ask: ask, strangers: make(chan struct{}, options.Strangers),
		known: lru.New[K, *entry](options.Entries, nil), refused: lru.New[K, *entry](options.Refusals, nil), flights: make(map[K]*flight),
	}
}

// errUnavailable is told where nobody could be asked and no answer is remembered.
func errUnavailable(cause error) error {
	return rpcerr.New(codes.Unavailable, "CREDENTIALS_UNAVAILABLE", "the credentials cannot be checked at present", rpcerr.WithCause(cause))
}

// find returns whom key stands for. noteUse tells that the answer has served and its use was not noted for a second.
func (c *cache[K]) find(ctx context.Context, key K) (p Principal, noteUse bool, err error) {
	now := c.options.Now()
	c.mu.Lock()
	e, isKnown := c.known.Get(key)
	if isKnown {
		age := now.Sub(e.at)
		away := now.Before(c.awayUntil)
		if age < c.options.Fresh || (away && age < c.options.Stale) {
			if age >= c.options.Fresh/2 {
				c.begin(ctx, key, true)
			}
			p, noteUse = e.serve(now)
			c.mu.Unlock()
			return p, noteUse, nil
		}
	} else if r, ok := c.refused.Get(key); ok && now.Sub(r.at) < c.options.Fresh {
		c.mu.Unlock()
		return Principal{}, false, ErrInvalid
	}
	f := c.begin(ctx, key, isKnown)
	c.mu.Unlock()

	select {
	case <-f.done:
	case <-ctx.Done():
		return Principal{}, false, ctx.Err()
	}
	if f.err == nil {
		return f.principal, true, nil
	}
	if rpcerr.Code(f.err) == codes.Unauthenticated {
		return Principal{}, false, ErrInvalid
	}
	if isKnown && now.Sub(e.at) < c.options.Stale && isAway(f.err) {
		return e.principal, false, nil
	}
	return Principal{}, false, errUnavailable(f.err)
}

// serve returns the answer, and whether its use should be noted. Called with the cache's mu held.
func (e *entry) serve(now time.Time) (Principal, bool) {
	if now.Sub(e.noted) < time.Second {
		return e.principal, false
	}
	e.noted = now
	return e.principal, true
}

// begin asks the source unless that is under way. Called with mu held.
func (c *cache[K]) begin(ctx context.Context, key K, known bool) *flight {
	if f, ok := c.flights[key]; ok {
		return f
	}
	f := &flight{done: make(chan struct{}), stranger: !known}
	if f.stranger {
		// Who asked may leave without waiting for the answer, so that the calls in flight bound nothing here.
		if c.crowd >= crowdFactor*c.options.Strangers {
			f.err = errCrowded
			close(f.done)
			return f
		}
		c.crowd++
	}
	c.flights[key] = f
	// Who asked first may leave; the others wait on.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.options.Timeout)
	at := c.options.Now()
	go func() {
		defer cancel()
		if known {
			f.principal, f.err = c.ask(ctx, key)
		} else {
			f.principal, f.err = c.askOfStranger(ctx, key)
		}
		c.end(key, f, at)
		close(f.done)
	}()
	return f
}

// crowdFactor is how many wait for each question under way about a key that is not known.
const crowdFactor = 32

// errCrowded is no sign that the source is away.
var errCrowded = errors.New("too many unknown credentials are being looked up")

// askOfStranger asks about a key that is not known, in turn.
func (c *cache[K]) askOfStranger(ctx context.Context, key K) (Principal, error) {
	select {
	case c.strangers <- struct{}{}:
		defer func() { <-c.strangers }()
		if ctx.Err() != nil {
			return Principal{}, errCrowded
		}
		return c.ask(ctx, key)
	case <-ctx.Done():
		return Principal{}, errCrowded
	}
}

// end remembers the answer to a question that was asked at that time.
func (c *cache[K]) end(key K, f *flight, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.flights, key)
	if f.stranger {
		c.crowd--
	}
	switch {
	case f.err == nil:
		c.awayUntil = time.Time{}
		c.refused.Remove(key)
		c.known.Put(key, &entry{principal: f.principal, at: at, noted: at})
	case rpcerr.Code(f.err) == codes.Unauthenticated:
		c.awayUntil = time.Time{}
		c.known.Remove(key)
		c.refused.Put(key, &entry{at: at})
	case isAway(f.err):
		// As long as an answer would be good: old answers are taken for no longer once the source is back.
		c.awayUntil = c.options.Now().Add(c.options.Fresh)
	}
}

// isAway tells whether the source could not be asked, or did not answer in time. Anything else is an answer, although none that helps.
func isAway(err error) bool {
	code := rpcerr.Code(err)
	return code == codes.Unavailable || code == codes.DeadlineExceeded || code == codes.ResourceExhausted
}
