package seal

import "container/list"

// lru remembers what was used last, up to a number. Not safe for concurrent use.
type lru[K comparable, V any] struct {
	max     int
	order   *list.List
	entries map[K]*list.Element
	// evicted is called with each entry that leaves.
	evicted func(K, V)
}

type lruEntry[K comparable, V any] struct {
	key   K
	value V
}

func newLRU[K comparable, V any](most int, evicted func(K, V)) *lru[K, V] {
	return &lru[K, V]{max: most, order: list.New(), entries: map[K]*list.Element{}, evicted: evicted}
}

func (l *lru[K, V]) get(key K) (V, bool) {
	e, ok := l.entries[key]
	if !ok {
		var none V
		return none, false
	}
	l.order.MoveToFront(e)
	return e.Value.(*lruEntry[K, V]).value, true
}

func (l *lru[K, V]) put(key K, value V) {
	l.remove(key)
	l.entries[key] = l.order.PushFront(&lruEntry[K, V]{key, value})
	if len(l.entries) > l.max {
		l.remove(l.order.Back().Value.(*lruEntry[K, V]).key)
	}
}

func (l *lru[K, V]) remove(key K) {
	e, ok := l.entries[key]
	if !ok {
		return
	}
	l.order.Remove(e)
	delete(l.entries, key)
	if l.evicted != nil {
		l.evicted(key, e.Value.(*lruEntry[K, V]).value)
	}
}
