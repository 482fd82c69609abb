package authn_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/testkit"
)

// source knows whom secrets prove, and can be away, slow and wrong.
type source struct {
	mu    sync.Mutex
	known map[[sha256.Size]byte]authn.Principal
	fault error
	asked int
	// hold, unless nil, is waited for before an answer.
	hold chan struct{}
}

func newSource(secrets ...string) *source {
	s := &source{known: map[[sha256.Size]byte]authn.Principal{}}
	for _, secret := range secrets {
		s.set(secret, authn.Principal{ID: "key of " + secret, Organization: "org1", Roles: []string{"app"}})
	}
	return s
}

func (s *source) set(secret string, p authn.Principal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[sha256.Sum256([]byte(secret))] = p
}

func (s *source) revoke(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.known, sha256.Sum256([]byte(secret)))
}

func (s *source) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = err
}

func (s *source) times() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func (s *source) lookup(ctx context.Context, hash [sha256.Size]byte) (authn.Principal, error) {
	s.mu.Lock()
	s.asked++
	p, ok := s.known[hash]
	fault, hold := s.fault, s.hold
	s.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return authn.Principal{}, ctx.Err()
		}
	}
	if fault != nil {
		return authn.Principal{}, fault
	}
	if !ok {
		return authn.Principal{}, rpcerr.New(codes.Unauthenticated, "TOKEN_UNKNOWN", "the access service's own words")
	}
	return p, nil
}

var errAway = rpcerr.New(codes.Unavailable, "AWAY", "away")

// resolving is a resolver over a source with a clock that stands still.
type resolving struct {
	*source
	resolver *authn.Resolver
	clock    *testkit.Clock
}

func resolve(t testing.TB, options authn.CacheOptions, secrets ...string) *resolving {
	t.Helper()
	r := &resolving{source: newSource(secrets...), clock: testkit.NewClock(time.Unix(1e9, 0))}
	options.Now = r.clock.Now
	r.resolver = authn.NewResolver(r.lookup, nil, options)
	return r
}

func (r *resolving) call(t testing.TB, token string) (authn.Principal, error) {
	t.Helper()
	return r.resolver.Authenticate(t.Context(), authn.Credential{Token: token})
}

// eventually waits for a question that is asked in the background.
func (r *resolving) eventually(t *testing.T, times int) {
	t.Helper()
	testkit.Eventually(t, 10*time.Second, func() error {
		if n := r.times(); n != times {
			return fmt.Errorf("asked %d times, want %d", n, times)
		}
		return nil
	})
}

func TestAnswersAreRemembered(t *testing.T) {
	r := resolve(t, authn.CacheOptions{}, "a")
	for i := range 100 {
		p, err := r.call(t, "a")
		if err != nil || p.ID != "key of a" {
			t.Fatalf("call %d: %+v, %v", i, p, err)
		}
	}
	if n := r.times(); n != 1 {
		t.Errorf("asked %d times", n)
	}
	// One that comes often is asked for ahead of time, in the background.
	r.clock.Advance(3 * time.Second)
	if _, err := r.call(t, "a"); err != nil {
		t.Fatal(err)
	}
	r.eventually(t, 2)
}

func TestRevocationHoldsAfterFiveSeconds(t *testing.T) {
	for name, silence := range map[string]time.Duration{"at once": 5 * time.Second, "after a long silence": 50 * time.Second} {
		t.Run(name, func(t *testing.T) {
			r := resolve(t, authn.CacheOptions{}, "a")
			if _, err := r.call(t, "a"); err != nil {
				t.Fatal(err)
			}
			r.revoke("a")
			r.clock.Advance(silence)
			if _, err := r.call(t, "a"); !errors.Is(err, authn.ErrInvalid) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestExpiryHoldsAtOnce(t *testing.T) {
	r := resolve(t, authn.CacheOptions{})
	r.set("a", authn.Principal{ID: "a", Expires: r.clock.Now().Add(time.Second)})
	if _, err := r.call(t, "a"); err != nil {
		t.Fatal(err)
	}
	r.clock.Advance(time.Second)
	if _, err := r.call(t, "a"); !errors.Is(err, authn.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

// TestOldAnswersServeWhileNobodyCanBeAsked also shows that nobody waits then.
func TestOldAnswersServeWhileNobodyCanBeAsked(t *testing.T) {
	r := resolve(t, authn.CacheOptions{}, "a")
	if _, err := r.call(t, "a"); err != nil {
		t.Fatal(err)
	}
	r.fail(errAway)
	for age := time.Duration(0); age < 55*time.Second; age += 5 * time.Second {
		r.clock.Advance(5 * time.Second)
		if _, err := r.call(t, "a"); err != nil {
			t.Fatalf("after %v: %v", age, err)
		}
	}
	r.clock.Advance(5 * time.Second)
	if _, err := r.call(t, "a"); rpcerr.Code(err) != codes.Unavailable {
		t.Errorf("after a minute: %v", err)
	}
	if _, err := r.call(t, "b"); rpcerr.Code(err) != codes.Unavailable {
		t.Errorf("one that was never known: %v", err)
	}
	r.fail(nil)
	r.revoke("a")
	if _, err := r.call(t, "a"); !errors.Is(err, authn.ErrInvalid) {
		t.Errorf("when it can be asked again: %v", err)
	}
}

func TestNobodyWaitsWhileTheSourceIsAway(t *testing.T) {
	r := resolve(t, authn.CacheOptions{}, "a")
	if _, err := r.call(t, "a"); err != nil {
		t.Fatal(err)
	}
	r.fail(errAway)
	r.clock.Advance(6 * time.Second)
	if _, err := r.call(t, "a"); err != nil {
		t.Fatal(err)
	}
	// From now on the source hangs: a caller who waited would wait for ever.
	r.mu.Lock()
	r.hold = make(chan struct{})
	r.mu.Unlock()
	defer close(r.hold)
	for range 3 {
		if _, err := r.call(t, "a"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFaultsOtherThanAbsenceAreNoAnswer(t *testing.T) {
	for _, code := range []codes.Code{codes.Internal, codes.PermissionDenied, codes.Unimplemented} {
		r := resolve(t, authn.CacheOptions{}, "a")
		if _, err := r.call(t, "a"); err != nil {
			t.Fatal(err)
		}
		r.fail(rpcerr.New(code, "X", "x"))
		r.clock.Advance(6 * time.Second)
		if _, err := r.call(t, "a"); rpcerr.Code(err) != codes.Unavailable {
			t.Errorf("%v: got %v", code, err)
		}
	}
}

func TestRefusalsAreRememberedAndBounded(t *testing.T) {
	r := resolve(t, authn.CacheOptions{Refusals: 10}, "a")
	if _, err := r.call(t, "a"); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if _, err := r.call(t, "x"); !errors.Is(err, authn.ErrInvalid) {
			t.Fatalf("got %v", err)
		}
	}
	if n := r.times(); n != 2 {
		t.Errorf("asked %d times, want once for each secret", n)
	}
	// A key that is made now works when the refusal is old.
	r.set("x", authn.Principal{ID: "x"})
	r.clock.Advance(5 * time.Second)
	if _, err := r.call(t, "x"); err != nil {
		t.Errorf("a new key: %v", err)
	}
	// Random tokens do not push out what is known.
	before := r.times()
	for i := range 1000 {
		if _, err := r.call(t, fmt.Sprint("random ", i)); !errors.Is(err, authn.ErrInvalid) {
			t.Fatal(err)
		}
	}
	if known, refused := authn.Remembered(r.resolver); known != 2 || refused != 10 {
		t.Errorf("%d are remembered and %d refused, want 2 and 10", known, refused)
	}
	if n := r.times() - before; n != 1000 {
		t.Errorf("asked %d times", n)
	}
}

func TestKnownAreBounded(t *testing.T) {
	r := resolve(t, authn.CacheOptions{Entries: 3}, "a", "b", "c", "d")
	for _, secret := range []string{"a", "b", "c", "a", "d"} {
		if _, err := r.call(t, secret); err != nil {
			t.Fatal(err)
		}
	}
	if n := r.times(); n != 4 {
		t.Fatalf("asked %d times", n)
	}
	// b was used the longest time ago.
	for secret, want := range map[string]int{"a": 4, "c": 4, "d": 4} {
		if _, err := r.call(t, secret); err != nil || r.times() != want {
			t.Errorf("%s: asked %d times, %v", secret, r.times(), err)
		}
	}
	if _, err := r.call(t, "b"); err != nil || r.times() != 5 {
		t.Errorf("b: asked %d times, %v", r.times(), err)
	}
}

// TestRefusalsAreTheSame compares all that the caller of a refused call can see.
func TestRefusalsAreTheSame(t *testing.T) {
	r := resolve(t, authn.CacheOptions{}, "revoked")
	r.set("ended", authn.Principal{ID: "e", Expires: r.clock.Now()})
	if _, err := r.call(t, "revoked"); err != nil {
		t.Fatal(err)
	}
	r.revoke("revoked")
	r.clock.Advance(5 * time.Second)
	ring, err := authn.NewKeyring([]authn.Key{key("a", "secret-a", "org1", "app")})
	if err != nil {
		t.Fatal(err)
	}
	subjects := authn.NewSubjects(verifier{}, func(context.Context, authn.Subject) (authn.Principal, error) {
		return authn.Principal{}, rpcerr.New(codes.Unauthenticated, "MEMBER_UNKNOWN", "no such member")
	}, authn.CacheOptions{})
	chain := authn.Chain{ring, subjects, r.resolver}
	for _, token := range []string{"unknown", "revoked", "ended", "\x00", "a.b", "a.b.c", "wrong.signature.x", "otk_", "member.unknown.here"} {
		_, err := chain.Authenticate(t.Context(), authn.Credential{Token: token})
		e, ok := rpcerr.FromError(err)
		if !ok || e.Code != codes.Unauthenticated || e.Reason != authn.ErrInvalid.Reason || e.Message != authn.ErrInvalid.Message || len(e.Metadata) != 0 {
			t.Errorf("%q: %+v", token, err)
		}
	}
	if _, err := chain.Authenticate(t.Context(), authn.Credential{}); !errors.Is(err, authn.ErrMissing) {
		t.Errorf("no token: %v", err)
	}
	if p, err := chain.Authenticate(t.Context(), authn.Credential{Token: "secret-a"}); err != nil || p.ID != "a" {
		t.Errorf("the first of the chain: %+v, %v", p, err)
	}
}

// verifier takes tokens of the form `member.NAME.x` for signed.
type verifier struct{}

func (verifier) VerifyToken(_ context.Context, token string) (authn.Subject, error) {
	var name string
	if n, _ := fmt.Sscanf(token, "member.%s", &name); n == 1 {
		return authn.Subject{Issuer: "i", ID: name, Organization: "org1", Expires: time.Unix(2e9, 0)}, nil
	}
	if token == "away.away.away" {
		return authn.Subject{}, errAway
	}
	return authn.Subject{}, rpcerr.New(codes.Unauthenticated, "SIGNATURE", "wrong")
}

func TestSubjectsAreLookedUpOnce(t *testing.T) {
	asked := 0
	subjects := authn.NewSubjects(verifier{}, func(_ context.Context, s authn.Subject) (authn.Principal, error) {
		asked++
		return authn.Principal{ID: "members/" + s.ID, Organization: s.Organization}, nil
	}, authn.CacheOptions{})
	for range 3 {
		p, err := subjects.Authenticate(t.Context(), authn.Credential{Token: "member.ann.x"})
		if err != nil || p.ID != "members/ann.x" || !p.Expires.Equal(time.Unix(2e9, 0)) {
			t.Fatalf("got %+v, %v", p, err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	if _, err := subjects.Authenticate(t.Context(), authn.Credential{Token: "away.away.away"}); rpcerr.Code(err) != codes.Unavailable {
		t.Errorf("the provider is away: %v", err)
	}
	// One that cannot tell ends the search: the next must not call the token unknown.
	chain := authn.Chain{subjects, newKeyring(t)}
	if _, err := chain.Authenticate(t.Context(), authn.Credential{Token: "away.away.away"}); rpcerr.Code(err) != codes.Unavailable {
		t.Errorf("in a chain: %v", err)
	}
}

func newKeyring(t testing.TB) *authn.Keyring {
	t.Helper()
	ring, err := authn.NewKeyring([]authn.Key{key("a", "secret-a", "org1", "app")})
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func TestDevelopmentStandsForCallersWithoutCredentials(t *testing.T) {
	d := authn.Development{Authenticator: newKeyring(t), Principal: authn.Principal{ID: "developer", Roles: []string{"admin"}}}
	for token, want := range map[string]string{"": "developer", "secret-a": "a"} {
		if p, err := d.Authenticate(t.Context(), authn.Credential{Token: token}); err != nil || p.ID != want {
			t.Errorf("%q: %+v, %v", token, p, err)
		}
	}
	if _, err := d.Authenticate(t.Context(), authn.Credential{Token: "x"}); !errors.Is(err, authn.ErrInvalid) {
		t.Errorf("a wrong token: %v", err)
	}
}

func BenchmarkResolver(b *testing.B) {
	r := authn.NewResolver(newSource("a").lookup, nil, authn.CacheOptions{})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Authenticate(b.Context(), authn.Credential{Token: "a"}); err != nil {
			b.Fatal(err)
		}
	}
}
