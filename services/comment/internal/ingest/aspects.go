package ingest

import (
	"context"
	"sync"

	"github.com/otklik/otklik/libs/lru"
	"github.com/otklik/otklik/services/comment/internal/store"
)

// rememberedOwn is of how many organisations the own aspects are remembered.
const rememberedOwn = 1000

// ownAspects remembers the aspects of organisations while their version is the same. Safe for concurrent use.
type ownAspects struct {
	store store.Aspects
	mu    sync.Mutex
	known *lru.Cache[string, OwnAspects]
}

func newOwnAspects(s store.Aspects) *ownAspects {
	return &ownAspects{store: s, known: lru.New[string, OwnAspects](rememberedOwn, nil)}
}

// of are the aspects of an organisation as they are now.
func (o *ownAspects) of(ctx context.Context, organization string) (OwnAspects, error) {
	version, err := o.store.AspectsVersion(ctx, organization)
	if err != nil {
		return OwnAspects{}, err
	}
	o.mu.Lock()
	own, ok := o.known.Get(organization)
	o.mu.Unlock()
	if ok && own.Version == version {
		return own, nil
	}
	own = OwnAspects{Version: version}
	if own.Aspects, err = o.store.ListAspects(ctx, organization); err != nil {
		return OwnAspects{}, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.known.Put(organization, own)
	return own, nil
}
