package sqlite

import (
	"sync"

	"github.com/otklik/otklik/services/survey/internal/lifecycle"
)

// maxCachedStatuses bounds the cache; beyond, it starts again from nothing.
const maxCachedStatuses = 100_000

type surveyKey struct{ organization, survey string }

// statusCache keeps the statuses of surveys in memory. The rule that keeps it right: every change of a survey calls forget after its commit
// and before it is acknowledged, and what was read from the database is kept only if nothing was forgotten since before the reading.
type statusCache struct {
	mu      sync.RWMutex
	entries map[surveyKey]lifecycle.Status
	epoch   uint64
}

func newStatusCache() *statusCache {
	return &statusCache{entries: make(map[surveyKey]lifecycle.Status)}
}

// get returns the status, or the epoch to hand to put after reading it from the database.
func (c *statusCache) get(k surveyKey) (status lifecycle.Status, epoch uint64, ok bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	status, ok = c.entries[k]
	return status, c.epoch, ok
}

func (c *statusCache) put(k surveyKey, status lifecycle.Status, epoch uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.epoch != epoch {
		return
	}
	if len(c.entries) >= maxCachedStatuses {
		clear(c.entries)
	}
	c.entries[k] = status
}

func (c *statusCache) forget(k surveyKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.entries, k)
	c.epoch++
}
