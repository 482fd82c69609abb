package seal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/otklik/otklik/libs/lru"
)

// Defaults of KeeperOptions.
const (
	DefaultLease   = 1000
	DefaultPersons = 50_000
	DefaultFetched = 10_000
	// DefaultFresh is how long a key is used without looking whether it exists: a key that another process destroyed is gone from this one
	// after that.
	DefaultFresh = 10 * time.Second

	unavailableRetryAfter = 2 * time.Second
	// leaseTimeout bounds a lease that nobody waits for.
	leaseTimeout = 30 * time.Second
	// leasePause is the least time between leases that fail while there are keys left.
	leasePause = time.Second
	// maxOrganizations bounds the remembered keys for pseudonyms.
	maxOrganizations = 10_000
)

// KeeperOptions change how a Keeper works. The zero value means the defaults.
type KeeperOptions struct {
	// Lease is how many keys are leased at a time; the next are leased when half are left.
	Lease int
	// Persons is of how many persons the key is remembered that new texts are sealed with.
	Persons int
	// Fetched is how many keys are remembered that texts were opened with.
	Fetched int
	// Fresh is how long a key is used without looking whether it exists.
	Fresh time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

func (o KeeperOptions) withDefaults() KeeperOptions {
	for value, standard := range map[*int]int{&o.Lease: DefaultLease, &o.Persons: DefaultPersons, &o.Fetched: DefaultFetched} {
		if *value <= 0 {
			*value = standard
		}
	}
	if o.Fresh <= 0 {
		o.Fresh = DefaultFresh
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Keeper uses the keys of a vault so that a new text costs no call: keys are leased ahead. A person has a key in each process that seals for
// it, and another one after the process has forgotten it; the sealed text names the key. Safe for concurrent use.
type Keeper struct {
	vault Vault
	o     KeeperOptions
	// life ends with Close.
	life context.Context //nolint:containedctx // the life of leases in the background
	end  context.CancelFunc
	work sync.WaitGroup

	mu sync.Mutex
	// pool are keys that are leased and not used.
	pool []Key
	// lease is the lease under way, nil when there is none.
	lease *flight
	// nextLease is when a lease may begin that nobody waits for.
	nextLease time.Time
	// persons are the keys that new texts are sealed with; owners tells whose a key is.
	persons *lru.Cache[string, remembered]
	owners  map[string]string
	// fetched are keys that were asked for; an empty secret means that the key is destroyed.
	fetched *lru.Cache[string, remembered]
	// destroyed counts calls of Destroy, so that an answer from before is not remembered after.
	destroyed     int
	organizations *lru.Cache[string, []byte]
}

// remembered is a key as it was at a moment.
type remembered struct {
	key   Key
	since time.Time
}

// flight is a call that several wait for. err is written before done is closed.
type flight struct {
	done chan struct{}
	err  error
}

// NewKeeper makes a keeper, which begins to lease keys at once. Close it.
func NewKeeper(vault Vault, o KeeperOptions) *Keeper {
	k := &Keeper{vault: vault, o: o.withDefaults(), owners: map[string]string{}}
	k.life, k.end = context.WithCancel(context.Background())
	k.persons = lru.New(k.o.Persons, func(_ string, r remembered) { delete(k.owners, r.key.ID) })
	k.fetched = lru.New[string, remembered](k.o.Fetched, nil)
	k.organizations = lru.New[string, []byte](maxOrganizations, nil)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.beginLease()
	return k
}

// Close ends what goes on in the background. Keys that were leased and not used are never used. Safe to call twice.
func (k *Keeper) Close() error {
	k.mu.Lock()
	k.end()
	k.mu.Unlock()
	k.work.Wait()
	return nil
}

// Pseudonym is the pseudonym of a person in an organisation. Errors: ErrUnavailable, ctx's.
func (k *Keeper) Pseudonym(ctx context.Context, organization, respondent string) (string, error) {
	k.mu.Lock()
	key, ok := k.organizations.Get(organization)
	k.mu.Unlock()
	if !ok {
		var err error
		if key, err = k.vault.PseudonymKey(ctx, organization); err != nil {
			return "", unavailable(ctx, "get key for pseudonyms", err)
		}
		if len(key) != KeyBytes {
			return "", fmt.Errorf("get key for pseudonyms: %w: %d bytes", ErrKey, len(key))
		}
		k.mu.Lock()
		k.organizations.Put(organization, key)
		k.mu.Unlock()
	}
	return Pseudonym(key, respondent), nil
}

// KeyFor returns a key to seal a new text of a person with; person is the pseudonym. It is the same for the same person as long as it is
// remembered and exists. A key that was not looked at for KeeperOptions.Fresh is looked at; while the vault cannot be asked another one takes its place.
// Errors: ErrUnavailable when the vault cannot be asked and no leased key is left; ErrKeeperClosed; ctx's.
func (k *Keeper) KeyFor(ctx context.Context, person string) (Key, error) {
	k.mu.Lock()
	r, ok := k.persons.Get(person)
	k.mu.Unlock()
	if ok {
		if k.o.Now().Sub(r.since) < k.o.Fresh {
			return r.key, nil
		}
		if k.stillThere(ctx, person, r.key) {
			return r.key, nil
		}
		if err := ctx.Err(); err != nil {
			return Key{}, err
		}
	}
	return k.assign(ctx, person)
}

// stillThere looks whether a person's key exists, and remembers that it does.
func (k *Keeper) stillThere(ctx context.Context, person string, key Key) bool {
	k.mu.Lock()
	before := k.destroyed
	k.mu.Unlock()
	found, err := k.vault.Get(ctx, []string{key.ID})
	k.mu.Lock()
	defer k.mu.Unlock()
	current, ok := k.persons.Get(person)
	if !ok || current.key.ID != key.ID {
		// Destroyed by this process meanwhile, or replaced.
		return false
	}
	if err != nil || len(found) == 0 || k.destroyed != before {
		if ctx.Err() == nil {
			k.persons.Remove(person)
		}
		return false
	}
	k.persons.Put(person, remembered{key, k.o.Now()})
	k.owners[key.ID] = person
	return true
}

// assign gives a person a key that nobody has.
func (k *Keeper) assign(ctx context.Context, person string) (Key, error) {
	for {
		k.mu.Lock()
		if k.life.Err() != nil {
			k.mu.Unlock()
			return Key{}, ErrKeeperClosed
		}
		if r, ok := k.persons.Get(person); ok && k.o.Now().Sub(r.since) < k.o.Fresh {
			// A neighbour was faster.
			k.mu.Unlock()
			return r.key, nil
		}
		if n := len(k.pool); n > 0 {
			key := k.pool[n-1]
			k.pool[n-1] = Key{}
			k.pool = k.pool[:n-1]
			k.persons.Put(person, remembered{key, k.o.Now()})
			k.owners[key.ID] = person
			if len(k.pool) <= k.o.Lease/2 && !k.o.Now().Before(k.nextLease) {
				k.beginLease()
			}
			k.mu.Unlock()
			return key, nil
		}
		f := k.beginLease()
		k.mu.Unlock()
		select {
		case <-f.done:
			if f.err != nil {
				return Key{}, f.err
			}
		case <-ctx.Done():
			return Key{}, ctx.Err()
		}
	}
}

// beginLease leases keys in the background, unless that is under way. mu is held.
func (k *Keeper) beginLease() *flight {
	if k.lease != nil {
		return k.lease
	}
	f := &flight{done: make(chan struct{})}
	if k.life.Err() != nil {
		f.err = ErrKeeperClosed
		close(f.done)
		return f
	}
	k.lease = f
	k.work.Go(func() {
		ctx, cancel := context.WithTimeout(k.life, leaseTimeout)
		defer cancel()
		keys, err := k.vault.Lease(ctx, k.o.Lease)
		if err == nil && len(keys) == 0 {
			err = errors.New("the vault gave no key")
		}
		for _, key := range keys {
			err = errors.Join(err, key.Check())
		}
		k.mu.Lock()
		defer k.mu.Unlock()
		k.lease = nil
		switch {
		case k.life.Err() != nil:
			f.err = ErrKeeperClosed
		case err != nil:
			f.err = unavailable(k.life, "lease keys", err)
			k.nextLease = k.o.Now().Add(leasePause)
		default:
			k.pool = append(k.pool, keys...)
			k.nextLease = time.Time{}
		}
		close(f.done)
	})
	return f
}

// Open opens a text that was sealed with a key of the vault. Errors: ErrDestroyed; ErrMalformed, ErrOpen; ErrUnavailable; ctx's.
func (k *Keeper) Open(ctx context.Context, sealed, associated []byte) ([]byte, error) {
	id, err := KeyID(sealed)
	if err != nil {
		return nil, err
	}
	keys, err := k.Keys(ctx, []string{id})
	if err != nil {
		return nil, err
	}
	key, ok := keys[id]
	if !ok {
		return nil, ErrDestroyed
	}
	return Open(key, sealed, associated)
}

// Keys returns keys of any number by their identifiers, without those that are destroyed: fetch them together before many texts are opened. They
// may not be kept for longer than a call. Errors: ErrUnavailable; ctx's.
func (k *Keeper) Keys(ctx context.Context, ids []string) (map[string]Key, error) {
	found := make(map[string]Key, len(ids))
	var missing []string
	k.mu.Lock()
	now, before := k.o.Now(), k.destroyed
	for _, id := range ids {
		r, ok := k.recall(id, now)
		switch {
		case !ok:
			missing = append(missing, id)
		case len(r.key.Secret) > 0:
			found[id] = r.key
		}
	}
	k.mu.Unlock()
	slices.Sort(missing)
	missing = slices.Compact(missing)
	for part := range slices.Chunk(missing, GetMax) {
		keys, err := k.vault.Get(ctx, part)
		if err != nil {
			return nil, unavailable(ctx, "get keys", err)
		}
		k.mu.Lock()
		// What was asked before a key was destroyed must not bring it back.
		keep := k.destroyed == before
		if keep {
			for _, id := range part {
				k.fetched.Put(id, remembered{Key{ID: id}, now})
			}
		}
		for _, key := range keys {
			found[key.ID] = key
			if keep {
				k.fetched.Put(key.ID, remembered{key, now})
			}
		}
		k.mu.Unlock()
	}
	return found, nil
}

// recall returns a key that was seen not long ago. mu is held.
func (k *Keeper) recall(id string, now time.Time) (remembered, bool) {
	if r, ok := k.fetched.Get(id); ok {
		if now.Sub(r.since) < k.o.Fresh {
			return r, true
		}
		k.fetched.Remove(id)
	}
	if person, ok := k.owners[id]; ok {
		if r, ok := k.persons.Get(person); ok && r.key.ID == id && now.Sub(r.since) < k.o.Fresh {
			return r, true
		}
	}
	return remembered{}, false
}

// Destroy destroys keys of any number for ever and tells how many there were. This process uses none of them when it returns, others after
// KeeperOptions.Fresh. After an error some may be destroyed: repeat it. Errors: ErrUnavailable; ctx's.
func (k *Keeper) Destroy(ctx context.Context, ids []string) (int, error) {
	defer k.forget(ids)
	count := 0
	for part := range slices.Chunk(ids, GetMax) {
		n, err := k.vault.Destroy(ctx, part)
		if err != nil {
			return count, unavailable(ctx, "destroy keys", err)
		}
		count += n
	}
	return count, nil
}

// forget drops keys that were destroyed.
func (k *Keeper) forget(ids []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.destroyed++
	for _, id := range ids {
		k.fetched.Remove(id)
		if person, ok := k.owners[id]; ok {
			k.persons.Remove(person)
		}
	}
}

// unavailable explains an error of the vault; ends of ctx and ErrExchanged pass.
func unavailable(ctx context.Context, doing string, err error) error {
	if ended := ctx.Err(); ended != nil {
		return fmt.Errorf("%s: %w", doing, ended)
	}
	if errors.Is(err, ErrExchanged) {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return fmt.Errorf("%s: %w: %w", doing, ErrUnavailable, err)
}
