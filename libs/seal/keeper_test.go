package seal

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/otklik/otklik/libs/rpcerr"
)

// shelf is a vault in memory, the other side of the Keeper.
type shelf struct {
	mu     sync.Mutex
	keys   map[string]Key
	names  map[string][]byte
	leases atomic.Int32
	gets   atomic.Int32
	away   atomic.Bool
}

var errAway = errors.New("the vault is away")

func newShelf() *shelf { return &shelf{keys: map[string]Key{}, names: map[string][]byte{}} }

func (s *shelf) Lease(_ context.Context, n int) ([]Key, error) {
	s.leases.Add(1)
	if s.away.Load() {
		return nil, errAway
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Key
	for range n {
		k := NewKey(someMoment)
		s.keys[k.ID] = k
		out = append(out, k)
	}
	return out, nil
}

func (s *shelf) Get(_ context.Context, ids []string) ([]Key, error) {
	s.gets.Add(1)
	if s.away.Load() {
		return nil, errAway
	}
	if len(ids) == 0 || len(ids) > GetMax {
		return nil, fmt.Errorf("asked for %d keys", len(ids))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Key
	for _, id := range ids {
		if k, ok := s.keys[id]; ok {
			out = append(out, k)
		}
	}
	return out, nil
}

func (s *shelf) Destroy(_ context.Context, ids []string) (int, error) {
	if s.away.Load() {
		return 0, errAway
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.keys)
	maps.DeleteFunc(s.keys, func(id string, _ Key) bool { return slices.Contains(ids, id) })
	return before - len(s.keys), nil
}

func (s *shelf) PseudonymKey(_ context.Context, organization string) ([]byte, error) {
	if s.away.Load() {
		return nil, errAway
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.names[organization] == nil {
		s.names[organization] = random(KeyBytes)
	}
	return s.names[organization], nil
}

// clock is a clock that tests turn.
type clock struct{ nano atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(0, c.nano.Load()) }
func (c *clock) advance(d time.Duration) { c.nano.Add(int64(d)) }

func keeper(t *testing.T, v Vault, o KeeperOptions) *Keeper {
	t.Helper()
	k := NewKeeper(v, o)
	t.Cleanup(func() {
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	})
	return k
}

func keyFor(t *testing.T, k *Keeper, person string) Key {
	t.Helper()
	key, err := k.KeyFor(t.Context(), person)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestEachPersonHasAKeyOfItsOwn(t *testing.T) {
	v := newShelf()
	k := keeper(t, v, KeeperOptions{Lease: 64})
	owners := map[string]string{}
	for i := range 1000 {
		person := fmt.Sprint("p_", i)
		key := keyFor(t, k, person)
		if other, ok := owners[key.ID]; ok {
			t.Fatalf("%s and %s share a key", person, other)
		}
		owners[key.ID] = person
		if again := keyFor(t, k, person); again.ID != key.ID {
			t.Fatalf("%s got a second key at once", person)
		}
	}
	if gets := v.gets.Load(); gets != 0 {
		t.Errorf("the vault was asked %d times for keys that are held", gets)
	}
}

func TestConcurrentPersons(t *testing.T) {
	k := keeper(t, newShelf(), KeeperOptions{Lease: 16})
	var owners sync.Map
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for i := range 300 {
				person := fmt.Sprint("p_", i)
				key, err := k.KeyFor(t.Context(), person)
				if err != nil {
					t.Error(err)
					return
				}
				if owner, ok := owners.LoadOrStore(key.ID, person); ok && owner != person {
					t.Errorf("%s and %s share a key", person, owner)
				}
			}
		})
	}
	group.Wait()
}

// TestVaultAway: submissions go on with what was leased, then get an error that says when to come again, and go on when the vault is back.
func TestVaultAway(t *testing.T) {
	v := newShelf()
	k := keeper(t, v, KeeperOptions{Lease: 10})
	keyFor(t, k, "first")
	v.away.Store(true)
	served := 0
	var err error
	for i := range 100 {
		if _, err = k.KeyFor(t.Context(), fmt.Sprint("p_", i)); err != nil {
			break
		}
		served++
	}
	if served < 9 || served > 30 {
		t.Errorf("%d persons were served by leases of 10", served)
	}
	if status.Code(mapped(err)) != codes.Unavailable || rpcerr.RetryAfter(err) <= 0 {
		t.Fatalf("dry: %v, want UNAVAILABLE with retry advice", err)
	}
	v.away.Store(false)
	keyFor(t, k, "after")
}

// mapped is the error that a caller would see.
func mapped(err error) error {
	var e *rpcerr.Error
	if errors.As(err, &e) {
		return e.GRPCStatus().Err()
	}
	return err
}

// TestDestroyedAtOnceHere: the process that destroyed a key neither opens nor seals with it any more.
func TestDestroyedAtOnceHere(t *testing.T) {
	k := keeper(t, newShelf(), KeeperOptions{})
	key := keyFor(t, k, "ann")
	sealed := seal(t, key, []byte("text"), []byte("row"))
	if text, err := k.Open(t.Context(), sealed, []byte("row")); err != nil || string(text) != "text" {
		t.Fatalf("%q, %v", text, err)
	}
	if n, err := k.Destroy(t.Context(), []string{key.ID, "unknown"}); n != 1 || err != nil {
		t.Fatalf("destroyed %d, %v", n, err)
	}
	if _, err := k.Open(t.Context(), sealed, []byte("row")); !errors.Is(err, ErrDestroyed) {
		t.Errorf("open: %v, want ErrDestroyed", err)
	}
	if again := keyFor(t, k, "ann"); again.ID == key.ID {
		t.Error("a new text would be sealed with the destroyed key")
	}
}

// TestDestroyedSoonElsewhere: another process forgets the key within the time promised, for opening and for sealing.
func TestDestroyedSoonElsewhere(t *testing.T) {
	v, c := newShelf(), &clock{}
	here, there := keeper(t, v, KeeperOptions{}), keeper(t, v, KeeperOptions{Now: c.now})
	key := keyFor(t, there, "ann")
	sealed := seal(t, key, []byte("text"), nil)
	if _, err := there.Open(t.Context(), sealed, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := here.Destroy(t.Context(), []string{key.ID}); err != nil {
		t.Fatal(err)
	}
	c.advance(DefaultFresh)
	if _, err := there.Open(t.Context(), sealed, nil); !errors.Is(err, ErrDestroyed) {
		t.Errorf("open: %v, want ErrDestroyed", err)
	}
	if again := keyFor(t, there, "ann"); again.ID == key.ID {
		t.Error("a new text would be sealed with the destroyed key")
	}
}

// TestKeptWhileItExists: a person keeps the key over the time in which it is not looked at; while the vault is away another takes its place.
func TestKeptWhileItExists(t *testing.T) {
	v, c := newShelf(), &clock{}
	k := keeper(t, v, KeeperOptions{Now: c.now})
	key := keyFor(t, k, "ann")
	c.advance(time.Minute)
	if again := keyFor(t, k, "ann"); again.ID != key.ID {
		t.Error("the key exists and was replaced")
	}
	v.away.Store(true)
	c.advance(time.Minute)
	if again := keyFor(t, k, "ann"); again.ID == key.ID {
		t.Error("a key was used that nobody looked at")
	}
}

func TestKeysInParts(t *testing.T) {
	v := newShelf()
	k := keeper(t, v, KeeperOptions{Lease: 10, Fetched: 100})
	keys, err := v.Lease(t.Context(), 2500)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, key := range keys {
		ids = append(ids, key.ID, key.ID)
	}
	found, err := k.Keys(t.Context(), append(ids, "unknown"))
	if err != nil || len(found) != 2500 {
		t.Fatalf("%d keys, %v", len(found), err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if n := k.fetched.Len(); n > 100 {
		t.Errorf("%d keys are remembered, want at most 100", n)
	}
}

// TestBoundedMemory: persons come and go, what is remembered stays bounded.
func TestBoundedMemory(t *testing.T) {
	k := keeper(t, newShelf(), KeeperOptions{Lease: 50, Persons: 20})
	for i := range 500 {
		keyFor(t, k, fmt.Sprint("p_", i))
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.persons.Len() != 20 || len(k.owners) != 20 {
		t.Errorf("%d persons and %d owners are remembered, want 20", k.persons.Len(), len(k.owners))
	}
}

func TestPseudonymsOfOrganisations(t *testing.T) {
	v := newShelf()
	k, other := keeper(t, v, KeeperOptions{}), keeper(t, v, KeeperOptions{})
	pseudonym := func(k *Keeper, organization, respondent string) string {
		p, err := k.Pseudonym(t.Context(), organization, respondent)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if pseudonym(k, "acme", "ann") != pseudonym(other, "acme", "ann") {
		t.Error("two processes give one person two pseudonyms")
	}
	if pseudonym(k, "acme", "ann") == pseudonym(k, "globex", "ann") {
		t.Error("two organisations share a pseudonym")
	}
	v.away.Store(true)
	pseudonym(k, "acme", "bob")
	if _, err := k.Pseudonym(t.Context(), "initech", "bob"); !errors.Is(err, ErrUnavailable) {
		t.Errorf("unknown organisation while away: %v", err)
	}
}

func TestClosedKeeper(t *testing.T) {
	k := NewKeeper(newShelf(), KeeperOptions{Lease: 1})
	for range 2 {
		if err := k.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := k.KeyFor(t.Context(), "ann"); !errors.Is(err, ErrKeeperClosed) {
		t.Errorf("after close: %v", err)
	}
}
