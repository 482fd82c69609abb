package api_test

import (
	"crypto/sha256"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/rpcerr"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
)

func codeOf(err error) codes.Code { return rpcerr.Code(err) }

// TestRefusalsAreAlike: who tries secrets does not learn whether one is unknown, revoked or has ended.
func TestRefusalsAreAlike(t *testing.T) {
	f := newFixture(t)
	revoked, revokedSecret := f.createKey(t, secretKey("viewer"))
	if _, err := f.access.RevokeApiKey(t.Context(), &accessv1.RevokeApiKeyRequest{Name: revoked.GetName()}); err != nil {
		t.Fatal(err)
	}
	ending := secretKey("viewer")
	ending.ExpireTime = timestamppb.New(start.Add(time.Minute))
	_, endedSecret := f.createKey(t, ending)
	f.clock.Advance(time.Hour)
	var refusals []string
	for _, secret := range []string{"ots_unknown", revokedSecret, endedSecret} {
		digest := sha256.Sum256([]byte(secret))
		_, err := f.credentials.ResolveToken(t.Context(), &accessv1.ResolveTokenRequest{Sha256: digest[:]})
		known, ok := rpcerr.FromError(err)
		if !ok || known.Domain != "access.otklik" {
			t.Fatalf("%v", err)
		}
		refusals = append(refusals, err.Error())
		_, err = f.as(secret).GetCaller(t.Context(), &accessv1.GetCallerRequest{})
		wantError(t, "call", err, codes.Unauthenticated, "CREDENTIALS_INVALID", "")
	}
	if refusals[0] != refusals[1] || refusals[0] != refusals[2] {
		t.Errorf("%q", refusals)
	}
}

// TestCredentialServiceIsInternal: nobody but the services asks whom digests prove.
func TestCredentialServiceIsInternal(t *testing.T) {
	f := newFixture(t)
	_, secret := f.createKey(t, secretKey("admin"))
	for _, token := range []string{secretOf(acme), secret} {
		client := accessv1.NewCredentialServiceClient(withKey(f, token))
		_, err := client.ResolveToken(t.Context(), &accessv1.ResolveTokenRequest{Sha256: make([]byte, 32)})
		wantError(t, "resolve", err, codes.PermissionDenied, "PERMISSION_DENIED", "")
	}
	_, err := f.credentials.ResolveToken(t.Context(), &accessv1.ResolveTokenRequest{Sha256: make([]byte, 31)})
	wantError(t, "short digest", err, codes.InvalidArgument, "VALIDATION_FAILED", "sha256")
}

func TestReportUse(t *testing.T) {
	f := newFixture(t)
	key, secret := f.createKey(t, secretKey("viewer"))
	if key.GetLastUseTime() != nil {
		t.Fatalf("%v", key)
	}
	report := func(at time.Time) {
		t.Helper()
		digest, unknown := sha256.Sum256([]byte(secret)), sha256.Sum256([]byte("unknown"))
		if _, err := f.credentials.ReportUse(t.Context(), &accessv1.ReportUseRequest{Uses: []*accessv1.ReportUseRequest_Use{
			{Sha256: unknown[:], Time: timestamppb.New(at)}, {Sha256: digest[:], Time: timestamppb.New(at)},
		}}); err != nil {
			t.Fatal(err)
		}
	}
	check := func(want time.Time) {
		t.Helper()
		got := f.getKey(t, key.GetName())
		if !got.GetLastUseTime().AsTime().Equal(want) || !got.GetSecrets()[0].GetLastUseTime().AsTime().Equal(want) || got.GetEtag() != key.GetEtag() {
			t.Fatalf("%v", got)
		}
	}
	report(start.Add(-time.Minute))
	check(start.Add(-time.Minute))
	report(start.Add(-time.Hour))
	check(start.Add(-time.Minute))
	// A process whose clock is ahead.
	report(start.Add(time.Hour))
	check(start)
}

// TestGetCaller of a static key, whose permissions are all but what is for services.
func TestGetCaller(t *testing.T) {
	f := newFixture(t)
	got, err := f.access.GetCaller(t.Context(), &accessv1.GetCallerRequest{})
	if err != nil || got.GetPrincipal().GetId() != acme || got.GetPrincipal().GetOrganization() != acme {
		t.Fatalf("%v, %v", got, err)
	}
	has := map[string]bool{}
	for i, p := range got.GetPermissions() {
		has[p] = true
		if i > 0 && got.GetPermissions()[i-1] >= p {
			t.Errorf("%s comes after %s", p, got.GetPermissions()[i-1])
		}
	}
	if !has["access.keys.create"] || !has["survey.responses.submit"] || !has["scoring.scores.query"] || has["access.credentials.resolve"] || has["survey.events.stream"] {
		t.Errorf("%v", got.GetPermissions())
	}
}
