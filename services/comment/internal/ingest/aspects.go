package ingest

import (
	"context"
	"fmt"
	"sync"

	"github.com/otklik/otklik/libs/lru"
	"github.com/otklik/otklik/services/comment/internal/aspect"
	"github.com/otklik/otklik/services/comment/internal/store"
)

// rememberedOwn is of how many organisations the own aspects are remembered.
const rememberedOwn = 1000

// OwnAspects are an organisation's own aspects under their version; Custom is nil when it has none.
type OwnAspects struct {
	Version int64
	Custom  *aspect.Custom
}

// AspectBook remembers the aspects of organisations while their version is the same. Safe for concurrent use.
type AspectBook struct {
	store store.Aspects
	mu    sync.Mutex
	known *lru.Cache[string, OwnAspects]
}

// NewAspectBook makes a book.
func NewAspectBook(s store.Aspects) *AspectBook {
	return &AspectBook{store: s, known: lru.New[string, OwnAspects](rememberedOwn, nil)}
}

// Of are the aspects of an organisation as they are now.
func (b *AspectBook) Of(ctx context.Context, organization string) (OwnAspects, error) {
	version, err := b.store.AspectsVersion(ctx, organization)
	if err != nil {
		return OwnAspects{}, err
	}
	b.mu.Lock()
	own, ok := b.known.Get(organization)
	b.mu.Unlock()
	if ok && own.Version == version {
		return own, nil
	}
	if own, err = b.compile(ctx, organization, version); err != nil {
		return OwnAspects{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.known.Put(organization, own)
	return own, nil
}

// compile reads the aspects. Should they change meanwhile, they are compiled again under their new version by whoever asks next.
func (b *AspectBook) compile(ctx context.Context, organization string, version int64) (OwnAspects, error) {
	list, err := b.store.ListAspects(ctx, organization)
	if err != nil || len(list) == 0 {
		return OwnAspects{Version: version}, err
	}
	own := make([]aspect.Own, len(list))
	for i, a := range list {
		own[i] = aspect.Own{ID: a.ID, Phrases: a.Phrases}
	}
	custom, err := aspect.NewCustom(own)
	if err != nil {
		return OwnAspects{}, fmt.Errorf("read the own aspects of %s: %w", organization, err)
	}
	return OwnAspects{Version: version, Custom: custom}, nil
}
