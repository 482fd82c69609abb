package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/rpcserver"
	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/services/segmentation/internal/peers"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/store/sqlite"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// callers are by their secret: two administrators of acme and one of another organisation, one who sees what is Osh's only, one who
// sees what is the south's, one who may not see who persons are, one who sees lights only, one who sets their policy, one who is an employee, and another service.
var callers = map[string]authn.Principal{
	"admin":   {ID: "boss", Organization: "acme", Roles: []string{"all"}},
	"deputy":  {ID: "deputy", Organization: "acme", Roles: []string{"all"}},
	"other":   {ID: "stranger", Organization: "other", Roles: []string{"all"}},
	"osh":     {ID: "osh", Organization: "acme", Roles: []string{"all"}, Units: map[string][]string{"location": {"osh"}}},
	"south":   {ID: "south", Organization: "acme", Roles: []string{"all"}, Units: map[string][]string{"region": {"south"}}},
	"blind":   {ID: "blind", Organization: "acme", Roles: []string{"blind"}},
	"lights":  {ID: "lights", Organization: "acme", Roles: []string{"lights"}},
	"editor":  {ID: "editor", Organization: "acme", Roles: []string{"editor"}},
	"ann":     {ID: "ann", Organization: "acme", Roles: []string{"lights"}, Units: map[string][]string{"employee": {"ann"}}},
	"service": {ID: "service", Roles: []string{authn.RoleService}},
}

type letIn struct{}

func (letIn) Authenticate(_ context.Context, c authn.Credential) (authn.Principal, error) {
	if p, ok := callers[c.Token]; ok {
		return p, nil
	}
	return authn.Principal{}, authn.ErrInvalid
}

// vault keeps keys in memory. Safe for concurrent use.
type vault struct {
	mu   sync.Mutex
	keys map[string]seal.Key
}

// Lease implements seal.Vault.
func (v *vault) Lease(_ context.Context, n int) (out []seal.Key, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for range n {
		k := seal.NewKey(noon)
		v.keys[k.ID] = k
		out = append(out, k)
	}
	return out, nil
}

// Get implements seal.Vault.
func (v *vault) Get(_ context.Context, ids []string) (out []seal.Key, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, id := range ids {
		if k, ok := v.keys[id]; ok {
			out = append(out, k)
		}
	}
	return out, nil
}

// Destroy implements seal.Vault.
func (v *vault) Destroy(_ context.Context, ids []string) (int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, id := range ids {
		delete(v.keys, id)
	}
	return len(ids), nil
}

// PseudonymKey implements seal.Vault.
func (*vault) PseudonymKey(context.Context, string) ([]byte, error) {
	return make([]byte, sha256.Size), nil
}

// told is a store whose outbox holds what a test says.
type told struct {
	store.Store
	mu     sync.Mutex
	events []store.Event
	signal chan struct{}
}

// tell tells an event.
func (o *told) tell(e store.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	e.Position = int64(len(o.events) + 1)
	o.events = append(o.events, e)
	close(o.signal)
	o.signal = make(chan struct{})
}

// OutboxEvents implements store.Outbox.
func (o *told) OutboxEvents(_ context.Context, organization string, after int64, limit int) (out []store.Event, head store.Head, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	head.Last = int64(len(o.events))
	for _, e := range o.events {
		if organization != "" && e.Organization != organization {
			continue
		}
		head.Position = e.Position
		if e.Position > after && len(out) < limit {
			out = append(out, e)
		}
	}
	return out, head, nil
}

// Told implements store.Outbox.
func (o *told) Told() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.signal
}

// followers answer as they are told.
type followers struct {
	store store.Store
	err   error
}

// Replay implements Followers.
func (f *followers) Replay(ctx context.Context, organization string, id int64) (store.DeadLetter, error) {
	d, err := f.store.GetDeadLetter(ctx, organization, id)
	if err = errors.Join(err, f.err); err != nil {
		return d, err
	}
	return d, f.store.DropDeadLetter(ctx, organization, id)
}

// OfSurveys implements Followers.
func (*followers) OfSurveys() []string { return []string{"lights", "cases"} }

// fixture is the service behind the real server, with a store in a folder of the test.
type fixture struct {
	clock     *testkit.Clock
	store     *told
	followers *followers
	server    *rpcserver.Server
	keys      *vault
	keeper    *seal.Keeper
	api       *Server
	addresses *addressBook
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "segmentation.db"))
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{
		clock: testkit.NewClock(noon), store: &told{Store: db, signal: make(chan struct{})}, followers: &followers{store: db},
		keys: &vault{keys: map[string]seal.Key{}}, addresses: &addressBook{holders: map[string]peers.Holder{}},
	}
	f.keeper = seal.NewKeeper(f.keys, seal.KeeperOptions{Lease: 1, Now: f.clock.Now})
	f.server, err = rpcserver.New(rpcserver.DefaultConfig(), rpcserver.Deps{
		Logger: slog.New(slog.DiscardHandler), Keys: letIn{},
		Roles: map[string][]string{
			"all": {"*"}, "blind": {"*", "!segmentation.persons.view"}, "lights": {"segmentation.events.watch", "segmentation.lights.*"},
			"editor": {"segmentation.lights.*", "segmentation.lightpolicy.*"}, authn.RoleService: {"*"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Options{
		Store: f.store, Followers: f.followers, Keeper: f.keeper, Catalog: visits{}, Addresses: f.addresses, PublicURL: "https://app.example",
		Location: time.UTC, PageTTL: time.Hour, Now: f.clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	f.api = s
	s.Register(f.server)
	if err := f.server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(f.server.Drain(context.Background()), f.keeper.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	})
	return f
}

// as calls as somebody.
func (f *fixture) as(who string) grpc.ClientConnInterface {
	return rpcclient.WithKey(f.server.InProcess(), who, "")
}

// refused fails unless err has the code, the reason and, if it is not empty, names the field.
func refused(t *testing.T, what string, err error, code codes.Code, reason, field string) {
	t.Helper()
	var fields []string
	for _, v := range rpcerr.Fields(err) {
		fields = append(fields, v.Field)
	}
	if rpcerr.Code(err) != code || rpcerr.Reason(err) != reason || field != "" && !slices.Contains(fields, field) {
		t.Errorf("%s: got %v %s %v (%v), want %v %s %s", what, rpcerr.Code(err), rpcerr.Reason(err), fields, err, code, reason, field)
	}
}
