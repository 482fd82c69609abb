package reports

import (
	"context"
	"sync"
)

// commonKey finds what reports have in common, in a context.
type commonKey struct{}

// common is what many reports for the same reader have in common, asked for once: what people call units, themes and surveys. It is for one batch alone, which
// tells of one moment.
type common struct {
	mu    sync.Mutex
	known map[string]func() (any, error)
}

// withCommon lets reports that are made with the context share what is the same for all of them.
func withCommon(ctx context.Context) context.Context {
	return context.WithValue(ctx, commonKey{}, &common{known: make(map[string]func() (any, error))})
}

// sharing tells whether other reports are made with the context.
func sharing(ctx context.Context) bool {
	_, ok := ctx.Value(commonKey{}).(*common)
	return ok
}

// once asks for what a key stands for, or takes what was answered to another report of the batch. An error is not kept: the next report asks again.
func once[T any](ctx context.Context, key string, ask func(ctx context.Context) (T, error)) (T, error) {
	s, ok := ctx.Value(commonKey{}).(*common)
	if !ok {
		return ask(ctx)
	}
	s.mu.Lock()
	get := s.known[key]
	if get == nil {
		get = sync.OnceValues(func() (any, error) { return ask(ctx) })
		s.known[key] = get
	}
	s.mu.Unlock()
	v, err := get()
	if err != nil {
		s.mu.Lock()
		delete(s.known, key)
		s.mu.Unlock()
		var none T
		return none, err
	}
	return v.(T), nil //nolint:forcetypeassert // each key is asked for with one type
}
