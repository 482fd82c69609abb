// Package lru remembers what was used last.
package lru

import "container/list"

// Cache holds entries up to a number, and gives up the least recently used first. Not safe for concurrent use.
type Cache[K comparable, V any] struct {
	most    int
	order   *list.List
	entries map[K]*list.Element
	removed func(K, V)
}

type entry[K comparable, V any] struct {
	key   K
	value V
}

// New makes a cache. removed, unless nil, is called with each entry that leaves, one that another takes the place of included.
func New[K comparable, V any](most int, removed func(K, V)) *Cache[K, V] {
	return &Cache[K, V]{most: most, order: list.New(), entries: make(map[K]*list.Element), removed: removed}
}

// Len is how many entries there are.
func (c *Cache[K, V]) Len() int { return len(c.entries) }

// Get returns an entry, which is used thereby.
func (c *Cache[K, V]) Get(key K) (V, bool) {
	e, ok := c.entries[key]
	if !ok {
		var none V
		return none, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*entry[K, V]).value, true
}

// Put remembers an entry in place of the one of the same key.
func (c *Cache[K, V]) Put(key K, value V) {
	c.Remove(key)
	c.entries[key] = c.order.PushFront(&entry[K, V]{key, value})
	if len(c.entries) > c.most {
		c.Remove(c.order.Back().Value.(*entry[K, V]).key)
	}
}

// Remove forgets an entry, if there is one.
func (c *Cache[K, V]) Remove(key K) {
	e, ok := c.entries[key]
	if !ok {
		return
	}
	c.order.Remove(e)
	delete(c.entries, key)
	if c.removed != nil {
		c.removed(key, e.Value.(*entry[K, V]).value)
	}
}
