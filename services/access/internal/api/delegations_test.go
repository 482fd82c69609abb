package api_test

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/otklik/otklik/libs/rpcclient"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/services/access/internal/store"
)

// delegate makes a token on behalf of somebody of acme.
func (f *fixture) delegate(t testing.TB, principal string, lifetime time.Duration) (string, error) {
	t.Helper()
	answer, err := f.credentials.CreateDelegatedToken(rpcclient.WithOrganization(t.Context(), acme), &accessv1.CreateDelegatedTokenRequest{
		Principal: principal, Resource: "reportSchedules/weekly", Lifetime: durationpb.New(lifetime),
	})
	return answer.GetToken(), err
}

// TestDelegatedTokens: a service acts on behalf of a member with what the member may do when it acts, and no longer than the token lasts.
func TestDelegatedTokens(t *testing.T) {
	f := newFixture(t)
	m := f.createMember(t, &accessv1.Member{DisplayName: "Ann", Subject: "s1", Roles: []string{"manager"}, Units: &typev1.Units{Locations: []string{"Osh"}}})
	token, err := f.delegate(t, m.GetName(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	p := f.proves(t, token)
	if p.GetKind() != accessv1.Principal_KIND_PERSON || p.GetId() != m.GetName() || p.GetOrganization() != acme || p.GetUnits().GetLocations()[0] != "Osh" ||
		p.GetDisplayName() != "Ann (on behalf, for reportSchedules/weekly)" || !p.GetExpireTime().AsTime().Equal(start.Add(time.Minute)) {
		t.Fatalf("%v", p)
	}
	m.Units.Locations = []string{"Naryn"}
	if _, err := f.updateMember(t, m, "units"); err != nil {
		t.Fatal(err)
	}
	if p := f.proves(t, token); p.GetUnits().GetLocations()[0] != "Naryn" {
		t.Errorf("%v", p)
	}
	f.clock.Advance(time.Minute)
	f.provesNobody(t, token)

	if token, err = f.delegate(t, m.GetName(), time.Hour); err != nil {
		t.Fatal(err)
	}
	if _, err := f.access.DeleteMember(t.Context(), &accessv1.DeleteMemberRequest{Name: m.GetName()}); err != nil {
		t.Fatal(err)
	}
	f.provesNobody(t, token)
	_, err = f.delegate(t, m.GetName(), time.Hour)
	wantError(t, "removed member", err, codes.FailedPrecondition, "PRINCIPAL_GONE", "principal")
}

// TestDelegatedTokensOfKeys: a key that is revoked or has ended cannot be acted for, nor can an app's.
func TestDelegatedTokensOfKeys(t *testing.T) {
	f := newFixture(t)
	key, _ := f.createKey(t, secretKey("viewer"))
	token, err := f.delegate(t, key.GetName(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if p := f.proves(t, token); p.GetKind() != accessv1.Principal_KIND_MACHINE || p.GetRoles()[0] != "viewer" {
		t.Errorf("%v", p)
	}
	// It is none of the key's secrets, of which people are told.
	if got := f.getKey(t, key.GetName()); len(got.GetSecrets()) != 1 {
		t.Errorf("%v", got.GetSecrets())
	}
	if _, err := f.access.RevokeApiKey(t.Context(), &accessv1.RevokeApiKeyRequest{Name: key.GetName()}); err != nil {
		t.Fatal(err)
	}
	f.provesNobody(t, token)
	_, err = f.delegate(t, key.GetName(), time.Hour)
	wantError(t, "revoked key", err, codes.FailedPrecondition, "PRINCIPAL_GONE", "principal")

	app, _ := f.createKey(t, &accessv1.ApiKey{DisplayName: "Shop", Kind: accessv1.ApiKey_KIND_PUBLISHABLE})
	_, err = f.delegate(t, app.GetName(), time.Hour)
	wantError(t, "key of an app", err, codes.FailedPrecondition, "PRINCIPAL_GONE", "principal")

	// Keys of the configuration are acted for as long as they are there; the services' own never.
	if token, err = f.delegate(t, acme, time.Hour); err != nil {
		t.Fatal(err)
	}
	if p := f.proves(t, token); p.GetId() != acme || p.GetRoles()[0] != "admin" {
		t.Errorf("%v", p)
	}
	for _, name := range []string{"service", globex, "unknown", "members/nobody", "apiKeys/nothing"} {
		_, err = f.delegate(t, name, time.Hour)
		wantError(t, name, err, codes.FailedPrecondition, "PRINCIPAL_GONE", "principal")
	}
	_, err = f.delegate(t, acme, 2*time.Hour)
	wantError(t, "too long", err, codes.InvalidArgument, "VALIDATION_FAILED", "lifetime")
	_, err = f.credentials.CreateDelegatedToken(t.Context(), &accessv1.CreateDelegatedTokenRequest{Principal: acme, Resource: "x"})
	wantError(t, "no organisation", err, codes.InvalidArgument, "ORGANIZATION_REQUIRED", "")
}

// TestDelegationIsForServices: nobody else makes such tokens, whatever his roles, not even with one of them.
func TestDelegationIsForServices(t *testing.T) {
	f := newFixture(t)
	delegated, err := f.delegate(t, acme, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	_, secret := f.createKey(t, secretKey("admin"))
	for _, token := range []string{secretOf(acme), secret, delegated} {
		client := accessv1.NewCredentialServiceClient(withKey(f, token))
		_, err := client.CreateDelegatedToken(t.Context(), &accessv1.CreateDelegatedTokenRequest{Principal: acme, Resource: "x"})
		wantError(t, "delegate", err, codes.PermissionDenied, "PERMISSION_DENIED", "")
	}
	// Nor does one begin a session.
	if _, err := f.as(delegated).CreateSession(t.Context(), &accessv1.CreateSessionRequest{}); codeOf(err) != codes.FailedPrecondition {
		t.Errorf("%v", err)
	}
}

// TestDelegationIsRemembered: the audit log tells on whose behalf a service acts, and for what.
func TestDelegationIsRemembered(t *testing.T) {
	f := newFixture(t)
	m := f.createMember(t, &accessv1.Member{DisplayName: "Ann", Subject: "s1", Roles: []string{"viewer"}})
	if _, err := f.delegate(t, m.GetName(), time.Minute); err != nil {
		t.Fatal(err)
	}
	entries, err := f.store.ListAudit(t.Context(), store.AuditQuery{Organization: acme, Actor: m.GetName(), Limit: 10, Newest: true})
	if err != nil || len(entries) != 1 {
		t.Fatalf("%v, %v", entries, err)
	}
	e := entries[0]
	if e.Resource != "reportSchedules/weekly" || !strings.HasPrefix(e.ActorName, "Ann (on behalf") || e.Permission != "access.credentials.delegate" ||
		e.Method != "otklik.access.v1.CredentialService/CreateDelegatedToken" {
		t.Errorf("%+v", e)
	}
}
