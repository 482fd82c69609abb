package api_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/rpcserver"
	"github.com/otklik/otklik/libs/testkit"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	_ "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1" // its permissions are given by roles
	_ "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"  // and its
	"github.com/otklik/otklik/services/access/internal/api"
	"github.com/otklik/otklik/services/access/internal/store"
	"github.com/otklik/otklik/services/access/internal/store/sqlite"
)

// fixture is an access service behind the real server, called in process, with a store in a folder of the test and a clock turned by hand. The
// server knows its callers as the suite does: by static keys, by tokens of a provider, and by what the service itself keeps.
type fixture struct {
	clock  *testkit.Clock
	store  store.Store
	api    *api.Server
	server *rpcserver.Server
	// access acts for an administrator of the organisation acme, other for one of another organisation, credentials for the role service.
	access, other accessv1.AccessServiceClient
	credentials   accessv1.CredentialServiceClient
}

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const (
	acme   = "acme"
	globex = "globex"
)

func newFixture(t testing.TB, change ...func(*api.Options)) *fixture {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "access.db"))
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{clock: testkit.NewClock(start), store: db}
	o := api.Options{Store: db, Roles: roles{}, SessionLifetime: 12 * time.Hour, Now: f.clock.Now}
	ring := keyring(t)
	o.Static = ring.Named
	for _, c := range change {
		c(&o)
	}
	if f.api, err = api.New(o); err != nil {
		t.Fatal(err)
	}
	f.server = f.serve(t, ring)
	t.Cleanup(func() {
		if err := f.server.Drain(context.Background()); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	f.access, f.other = f.as(secretOf(acme)), f.as(secretOf(globex))
	f.credentials = accessv1.NewCredentialServiceClient(rpcclient.WithKey(f.server.InProcess(), secretOf("service"), ""))
	return f
}

// as calls with a token.
func (f *fixture) as(token string) accessv1.AccessServiceClient {
	return accessv1.NewAccessServiceClient(withKey(f, token))
}

// withKey is a connection whose calls carry a token.
func withKey(f *fixture, token string) grpc.ClientConnInterface {
	return rpcclient.WithKey(f.server.InProcess(), token, "")
}

func secretOf(id string) string { return "secret-of-" + id }

// keyring has the static keys of the tests.
func keyring(t testing.TB) *authn.Keyring {
	t.Helper()
	keys := []authn.Key{
		{ID: acme, SHA256: authn.HashKey(secretOf(acme)), Organization: acme, Roles: []string{"admin"}},
		{ID: globex, SHA256: authn.HashKey(secretOf(globex)), Organization: globex, Roles: []string{"admin"}},
		{ID: "hr", SHA256: authn.HashKey(secretOf("hr")), Organization: acme, Roles: []string{"key_keeper"}},
		{ID: "service", SHA256: authn.HashKey(secretOf("service")), Roles: []string{authn.RoleService}},
	}
	ring, err := authn.NewKeyring(keys)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// serve starts a server with the standard interceptors.
func (f *fixture) serve(t testing.TB, ring *authn.Keyring) *rpcserver.Server {
	t.Helper()
	// Nothing is remembered for longer than a moment: what the tests look at is what the service says.
	options := authn.CacheOptions{Fresh: time.Nanosecond, Stale: time.Nanosecond}
	s, err := rpcserver.New(rpcserver.DefaultConfig(), rpcserver.Deps{
		Logger: slog.New(slog.DiscardHandler), Roles: grants,
		Keys: authn.Chain{ring, authn.NewSubjects(provider{}, f.resolveSubject, options), authn.NewResolver(f.resolveToken, nil, options)},
	})
	if err != nil {
		t.Fatal(err)
	}
	f.api.Register(s)
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	return s
}

// grants are roles like those of the suite, with one that it does not have.
var grants = authz.Roles{
	"app":               {"survey.responses.submit", "access.caller.get"},
	"respondent":        {"survey.responses.submit", "access.caller.get"},
	"viewer":            {"survey.surveys.get", "survey.surveys.list", "access.caller.get", "access.sessions.*"},
	"staff":             {"survey.surveys.get", "access.caller.get", "access.sessions.*"},
	"manager":           {"survey.surveys.get", "survey.responses.list", "access.caller.get", "access.sessions.*"},
	"target_owner":      {"survey.surveys.get", "!!scoring.definitions.create", "access.caller.get"},
	"definition_editor": {"scoring.definitions.*", "access.caller.get"},
	"admin":             {"*", "!survey.events.*", "!access.credentials.*"},
	"key_keeper":        {"access.*", "!access.credentials.*", "survey.surveys.*"},
	authn.RoleService:   {"*"},
}

// roles answers by grants.
type roles struct{}

func (roles) Known(role string) bool { return grants[role] != nil }

func (roles) Permissions(held []string) []string {
	found := map[string]bool{}
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				rule, err := authz.ReadRule(methods.Get(j))
				if err == nil && rule.Permission != "" && grants.Holds(authn.Principal{Roles: held}, rule.Permission) {
					found[rule.Permission] = true
				}
			}
		}
		return true
	})
	return slices.Sorted(maps.Keys(found))
}

// provider is one whose tokens nobody signs: all are good, and for acme.
type provider struct{}

func idToken(subject, email, name string) string {
	payload, _ := json.Marshal(map[string]string{"sub": subject, "email": email, "name": name}) // texts can be written
	return "e30." + base64.RawURLEncoding.EncodeToString(payload) + ".c2ln"
}

func (provider) VerifyToken(_ context.Context, token string) (authn.Subject, error) {
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		return authn.Subject{}, err
	}
	var claims map[string]string
	if err := json.Unmarshal(payload, &claims); err != nil {
		return authn.Subject{}, err
	}
	return authn.Subject{Issuer: "https://id.test", ID: claims["sub"], Organization: acme, VerifiedEmail: claims["email"], Name: claims["name"]}, nil
}

func (f *fixture) resolveSubject(ctx context.Context, s authn.Subject) (authn.Principal, error) {
	answer, err := f.credentials.ResolveSubject(ctx, &accessv1.ResolveSubjectRequest{
		Organization: s.Organization, Subject: s.ID, VerifiedEmail: s.VerifiedEmail, DisplayName: s.Name,
	})
	return principal(answer.GetPrincipal()), err
}

func (f *fixture) resolveToken(ctx context.Context, digest [sha256.Size]byte) (authn.Principal, error) {
	answer, err := f.credentials.ResolveToken(ctx, &accessv1.ResolveTokenRequest{Sha256: digest[:]})
	return principal(answer.GetPrincipal()), err
}

func principal(p *accessv1.Principal) authn.Principal {
	out := authn.Principal{
		ID: p.GetId(), Name: p.GetDisplayName(), Organization: p.GetOrganization(), Roles: p.GetRoles(), Resources: p.GetSurveys(), Origins: p.GetOrigins(),
		Rate: p.GetRate(), DeviceRate: p.GetDeviceRate(), Bound: map[string]string{"invitation": p.GetInvitation(), "respondent": p.GetRespondent()},
	}
	switch p.GetKind() {
	case accessv1.Principal_KIND_PERSON:
		out.Kind = authn.KindPerson
	case accessv1.Principal_KIND_INVITATION:
		out.Kind = authn.KindInvitation
	case accessv1.Principal_KIND_APP:
		out.Kind = authn.KindApp
	}
	if len(p.GetUnits().GetLocations()) > 0 {
		out.Units = map[string][]string{"location": p.GetUnits().GetLocations()}
	}
	return out
}

// resolve asks whom a secret proves; the code is that of the refusal.
func (f *fixture) resolve(t testing.TB, secret string) (*accessv1.Principal, codes.Code) {
	t.Helper()
	digest := sha256.Sum256([]byte(secret))
	answer, err := f.credentials.ResolveToken(t.Context(), &accessv1.ResolveTokenRequest{Sha256: digest[:]})
	return answer.GetPrincipal(), rpcerr.Code(err)
}

// proves fails unless a secret proves somebody.
func (f *fixture) proves(t testing.TB, secret string) *accessv1.Principal {
	t.Helper()
	p, code := f.resolve(t, secret)
	if code != codes.OK {
		t.Fatalf("the secret proves nobody: %v", code)
	}
	return p
}

// provesNobody fails if a secret proves anybody.
func (f *fixture) provesNobody(t testing.TB, secret string) {
	t.Helper()
	if p, code := f.resolve(t, secret); code != codes.Unauthenticated {
		t.Fatalf("the secret proves %v; %v", p, code)
	}
}

// wantError fails unless err has the code, the reason and, if it is not empty, names the field.
func wantError(t testing.TB, what string, err error, code codes.Code, reason, field string) {
	t.Helper()
	var fields []string
	for _, f := range rpcerr.Fields(err) {
		fields = append(fields, f.Field)
	}
	if rpcerr.Code(err) != code || rpcerr.Reason(err) != reason || field != "" && !slices.Contains(fields, field) {
		t.Errorf("%s: got %v %s %v (%v), want %v %s %s", what, rpcerr.Code(err), rpcerr.Reason(err), fields, err, code, reason, field)
	}
}
