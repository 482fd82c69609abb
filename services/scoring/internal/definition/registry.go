package definition

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/otklik/otklik/libs/lru"
	"github.com/otklik/otklik/libs/near"
	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/questionnaire"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// Limits of an organisation's definitions.
const (
	// Most is how many it may have, those that are retired included.
	Most = 1000
	// remembered is how many versions are kept in memory, of all organisations.
	remembered = 4096
)

// Catalog is what must be known of surveys.
type Catalog interface {
	History(ctx context.Context, organization, survey string) (questionnaire.History, error)
	// Forget makes History ask anew: the survey may have been published a moment ago.
	Forget(organization, survey string)
}

// Registry joins what is built in with what organisations make. Safe for concurrent use.
type Registry struct {
	store   store.Definitions
	catalog Catalog
	now     func() time.Time
	builtIn []Definition

	mu sync.Mutex
	// versions are what was read; they never change.
	versions *lru.Cache[version, Definition]
}

// version names a version of an organisation's definition.
type version struct {
	organization string
	composite.Ref
}

// New makes a registry. now is the clock, nil means time.Now.
func New(s store.Definitions, catalog Catalog, now func() time.Time) *Registry {
	if now == nil {
		now = time.Now
	}
	return &Registry{store: s, catalog: catalog, now: now, builtIn: BuiltIn(), versions: lru.New[version, Definition](remembered, nil)}
}

// Find returns a version of a definition, the newest when the reference states none. *NotFoundError.
//
// One of the organisation's own comes before one that is built in: scores name it, and it was there before the product had one of its identifier.
func (r *Registry) Find(ctx context.Context, organization string, ref composite.Ref) (Definition, error) {
	stored, err := r.store.Definition(ctx, organization, ref.ID, int64(ref.Version))
	if errors.Is(err, store.ErrNotFound) {
		return r.findBuiltIn(ctx, organization, ref)
	}
	if err != nil {
		return Definition{}, err
	}
	d, err := decode(stored)
	if err != nil {
		return Definition{}, err
	}
	r.remember(organization, d)
	return d, nil
}

// findBuiltIn returns a definition that is built in.
func (r *Registry) findBuiltIn(ctx context.Context, organization string, ref composite.Ref) (Definition, error) {
	d, ok := r.builtInByID(ref.ID)
	switch {
	case !ok:
		return Definition{}, r.notFound(ctx, organization, ref)
	case ref.Version == 0:
		return d, nil
	}
	// The version may be one that the organisation's own definition of this identifier lacks.
	switch _, err := r.store.Definition(ctx, organization, ref.ID, 0); {
	case err == nil:
		return Definition{}, r.notFound(ctx, organization, ref)
	case !errors.Is(err, store.ErrNotFound):
		return Definition{}, err
	case ref.Version != d.Version:
		return Definition{}, &NotFoundError{Ref: ref, Newest: d.Version}
	}
	return d, nil
}

// fixed returns a version as Find does, but for what may change of the definition as a whole, from memory if possible.
func (r *Registry) fixed(ctx context.Context, organization string, ref composite.Ref) (Definition, error) {
	r.mu.Lock()
	d, ok := r.versions.Get(version{organization, ref})
	r.mu.Unlock()
	if ok {
		return d, nil
	}
	return r.Find(ctx, organization, ref)
}

func (r *Registry) remember(organization string, d Definition) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.versions.Put(version{organization, d.Ref()}, d)
}

func (r *Registry) builtInByID(id string) (Definition, bool) {
	for _, d := range r.builtIn {
		if d.ID == id {
			return d, true
		}
	}
	return Definition{}, false
}

// notFound says what there is not, and which name is near.
func (r *Registry) notFound(ctx context.Context, organization string, ref composite.Ref) error {
	e := &NotFoundError{Ref: ref}
	if ref.Version != 0 {
		newest, err := r.store.Definition(ctx, organization, ref.ID, 0)
		if err == nil {
			e.Newest = int(newest.Newest)
			return e
		}
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	own, err := r.store.ListDefinitions(ctx, organization, "", false, Most)
	if err != nil {
		return err
	}
	ids := make([]string, 0, len(r.builtIn)+len(own))
	for _, d := range r.builtIn {
		ids = append(ids, d.ID)
	}
	for _, d := range own {
		ids = append(ids, d.ID)
	}
	e.Nearest = near.Name(ref.ID, ids)
	return e
}

// builtInCursor begins the cursor of a page that begins among what is built in; no identifier begins with it.
const builtInCursor = "."

// List lists the newest versions: first what is built in, in its order, then the organisation's own by identifier, those that are retired only
// if asked. cursor is where the list goes on, empty at the beginning; next is empty at the end.
func (r *Registry) List(ctx context.Context, organization, cursor string, retired bool, limit int) (list []Definition, next string, err error) {
	after := cursor
	if id, isBuiltIn := strings.CutPrefix(cursor, builtInCursor); isBuiltIn || cursor == "" {
		after = ""
		begun := id == ""
		for _, d := range r.builtIn {
			if begun {
				if len(list) == limit {
					return list, builtInCursor + list[limit-1].ID, nil
				}
				list = append(list, d)
			}
			begun = begun || d.ID == id
		}
	}
	// One more than the page holds tells whether there is a next one.
	own, err := r.store.ListDefinitions(ctx, organization, after, retired, limit-len(list)+1)
	if err != nil {
		return nil, "", err
	}
	for _, s := range own {
		if len(list) == limit {
			return list, lastCursor(list), nil
		}
		d, err := decode(s)
		if err != nil {
			return nil, "", err
		}
		list = append(list, d)
	}
	return list, "", nil
}

// lastCursor goes on after the last definition of a page.
func lastCursor(list []Definition) string {
	last := list[len(list)-1]
	if last.BuiltIn {
		return builtInCursor + last.ID
	}
	return last.ID
}

// Versions lists the versions of a definition before a number (0 for all), the newest first, up to limit, each with what it changed; more tells
// whether there are earlier ones. *NotFoundError.
func (r *Registry) Versions(ctx context.Context, organization, id string, before, limit int) (list []Definition, more bool, err error) {
	// One more than the page holds is what the last one of the page changed.
	stored, err := r.store.DefinitionVersions(ctx, organization, id, int64(before), limit+1)
	if err != nil {
		return nil, false, err
	}
	if len(stored) == 0 && before == 0 {
		d, err := r.findBuiltIn(ctx, organization, composite.Ref{ID: id})
		if err != nil {
			return nil, false, err
		}
		return []Definition{d}, false, nil
	}
	for _, s := range stored {
		d, err := decode(s)
		if err != nil {
			return nil, false, err
		}
		list = append(list, d)
	}
	for i := range len(list) - 1 {
		if list[i].Changed, err = changed(list[i+1].Content, list[i].Content); err != nil {
			return nil, false, fmt.Errorf("list versions: %w", err)
		}
	}
	if len(list) > limit {
		return list[:limit], true, nil
	}
	return list, false, nil
}
