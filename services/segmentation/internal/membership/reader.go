package membership

import (
	"context"
	"sync"
	"time"
)

// fresh is for how long contacts that were read are asked for what could be.
const fresh = time.Minute

// Reader reads organisations' contacts for those who ask what rules hold of, and keeps them for a minute.
type Reader struct {
	store Store
	now   func() time.Time

	mu   sync.Mutex
	held map[string]*held
}

// held are the contacts of an organisation, or will be when mu is free.
type held struct {
	mu     sync.Mutex
	people *People
}

// NewReader makes a reader.
func NewReader(s Store, now func() time.Time) *Reader {
	return &Reader{store: s, now: now, held: map[string]*held{}}
}

// People returns an organisation's contacts as they were a minute ago at most. Whoever asks while they are being read waits for them.
func (r *Reader) People(ctx context.Context, organization string) (*People, error) {
	h := r.of(organization)
	h.mu.Lock()
	defer h.mu.Unlock()
	now := r.now()
	if h.people != nil && now.Sub(h.people.AsOf) < fresh {
		return h.people, nil
	}
	people, err := Load(ctx, r.store, organization, now)
	if err != nil {
		return nil, err
	}
	h.people = people
	time.AfterFunc(fresh, func() { r.drop(h) })
	return people, nil
}

func (r *Reader) of(organization string) *held {
	r.mu.Lock()
	defer r.mu.Unlock()
	h := r.held[organization]
	if h == nil {
		h = &held{}
		r.held[organization] = h
	}
	return h
}

// drop gives the memory of contacts back that are not fresh any more.
func (r *Reader) drop(h *held) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.people == nil || r.now().Sub(h.people.AsOf) < fresh {
		return
	}
	h.people = nil
}

// Fields returns what rules may ask of an organisation's contacts now.
func (r *Reader) Fields(ctx context.Context, organization string) (*Fields, error) {
	declared, err := r.store.ListAttributes(ctx, organization)
	if err != nil {
		return nil, err
	}
	return FieldsOf(declared)
}
