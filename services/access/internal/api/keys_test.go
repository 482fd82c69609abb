package api_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

func publishable() *accessv1.ApiKey {
	return &accessv1.ApiKey{
		DisplayName: "Shop", Kind: accessv1.ApiKey_KIND_PUBLISHABLE, Surveys: []string{"surveys/visit"}, Origins: []string{"https://shop.example"},
		Rate: 50, DeviceRate: 6,
	}
}

func secretKey(roles ...string) *accessv1.ApiKey {
	return &accessv1.ApiKey{DisplayName: "Till", Kind: accessv1.ApiKey_KIND_SECRET, Roles: roles}
}

func (f *fixture) createKey(t testing.TB, key *accessv1.ApiKey) (*accessv1.ApiKey, string) {
	t.Helper()
	out, err := f.access.CreateApiKey(t.Context(), &accessv1.CreateApiKeyRequest{ApiKey: key})
	if err != nil {
		t.Fatal(err)
	}
	return out.GetApiKey(), out.GetSecret()
}

func (f *fixture) getKey(t testing.TB, name string) *accessv1.ApiKey {
	t.Helper()
	out, err := f.access.GetApiKey(t.Context(), &accessv1.GetApiKeyRequest{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return out.GetApiKey()
}

func TestPublishableKey(t *testing.T) {
	f := newFixture(t)
	in := publishable()
	in.ExpireTime = timestamppb.New(start.Add(time.Hour))
	key, secret := f.createKey(t, in)
	if !strings.HasPrefix(secret, "otp_") || key.GetSecrets()[0].GetHint() != secret[len(secret)-4:] || key.GetRoles()[0] != "app" {
		t.Fatalf("%v, %s", key, secret)
	}
	if strings.Contains(fmt.Sprint(key, f.getKey(t, key.GetName())), secret) {
		t.Fatal("the secret is told with the key")
	}
	p := f.proves(t, secret)
	want := &accessv1.Principal{
		Kind: accessv1.Principal_KIND_APP, Id: key.GetName(), Organization: acme, Roles: []string{"app"}, Surveys: []string{"surveys/visit"},
		Origins: []string{"https://shop.example"}, Rate: 50, DeviceRate: 6, DisplayName: "Shop", ExpireTime: in.GetExpireTime(),
	}
	if !proto.Equal(p, want) {
		t.Fatalf("got  %v\nwant %v", p, want)
	}
	f.clock.Advance(time.Hour)
	f.provesNobody(t, secret)
}

func TestSecretKeyActs(t *testing.T) {
	f := newFixture(t)
	in := secretKey("viewer")
	in.Units = &typev1.Units{Locations: []string{"Osh"}}
	_, secret := f.createKey(t, in)
	if !strings.HasPrefix(secret, "ots_") {
		t.Fatal(secret)
	}
	caller, err := f.as(secret).GetCaller(t.Context(), &accessv1.GetCallerRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(caller.GetPermissions(), " "); got != "access.caller.get access.sessions.create access.sessions.end survey.surveys.get survey.surveys.list" {
		t.Errorf("permissions %s", got)
	}
	if p := caller.GetPrincipal(); p.GetOrganization() != acme || p.GetUnits().GetLocations()[0] != "Osh" || p.GetKind() != accessv1.Principal_KIND_MACHINE {
		t.Errorf("%v", p)
	}
	_, err = f.as(secret).ListApiKeys(t.Context(), &accessv1.ListApiKeysRequest{})
	if code := codeOf(err); code != codes.PermissionDenied {
		t.Errorf("a viewer lists keys: %v", err)
	}
}

func TestCreateKeyRefuses(t *testing.T) {
	f := newFixture(t)
	with := func(key *accessv1.ApiKey, change func(*accessv1.ApiKey)) *accessv1.ApiKey {
		change(key)
		return key
	}
	const invalid, denied = codes.InvalidArgument, codes.PermissionDenied
	for name, c := range map[string]struct {
		key           *accessv1.ApiKey
		code          codes.Code
		reason, field string
	}{
		"no such role":             {secretKey("viewer", "emperor"), invalid, "ROLE_UNKNOWN", "api_key.roles[1]"},
		"service":                  {secretKey("service"), invalid, "ROLE_UNKNOWN", "api_key.roles[0]"},
		"respondent":               {secretKey("respondent"), invalid, "ROLE_UNKNOWN", "api_key.roles[0]"},
		"publishable with a role":  {with(publishable(), func(k *accessv1.ApiKey) { k.Roles = []string{"app", "viewer"} }), invalid, "ROLE_UNKNOWN", "api_key.roles[1]"},
		"no role":                  {secretKey(), invalid, "FIELD_INVALID", "api_key.roles"},
		"both sides of a target":   {secretKey("target_owner", "definition_editor"), invalid, "ROLES_CONFLICT", "api_key.roles[1]"},
		"target owner and admin":   {secretKey("admin", "target_owner"), invalid, "ROLES_CONFLICT", "api_key.roles[0]"},
		"manager of nothing":       {secretKey("manager"), invalid, "UNITS_REQUIRED", "api_key.units"},
		"staff of nothing":         {with(secretKey("staff"), func(k *accessv1.ApiKey) { k.Units = &typev1.Units{} }), invalid, "UNITS_REQUIRED", "api_key.units"},
		"ended":                    {with(secretKey("viewer"), func(k *accessv1.ApiKey) { k.ExpireTime = timestamppb.New(start) }), invalid, "FIELD_INVALID", "api_key.expire_time"},
		"no time":                  {with(secretKey("viewer"), func(k *accessv1.ApiKey) { k.ExpireTime = &timestamppb.Timestamp{Nanos: -1} }), invalid, "FIELD_INVALID", "api_key.expire_time"},
		"secret key in a browser":  {with(secretKey("viewer"), func(k *accessv1.ApiKey) { k.Origins = []string{"https://a.b"} }), invalid, "FIELD_INVALID", "api_key.origins"},
		"port that goes unsaid":    {with(publishable(), func(k *accessv1.ApiKey) { k.Origins = []string{"https://a.b:443"} }), invalid, "FIELD_INVALID", "api_key.origins[0]"},
		"origin with a path":       {with(publishable(), func(k *accessv1.ApiKey) { k.Origins = []string{"https://a.b/c"} }), invalid, "VALIDATION_FAILED", "api_key.origins[0]"},
		"name of two lines":        {with(secretKey("viewer"), func(k *accessv1.ApiKey) { k.DisplayName = "a\nb" }), invalid, "FIELD_INVALID", "api_key.display_name"},
		"unit with a NUL":          {with(secretKey("viewer"), func(k *accessv1.ApiKey) { k.Units = &typev1.Units{Regions: []string{"a", "b\x00"}} }), invalid, "FIELD_INVALID", "api_key.units.regions[1]"},
		"rate that is no number":   {with(secretKey("viewer"), func(k *accessv1.ApiKey) { k.Rate = math.NaN() }), invalid, "VALIDATION_FAILED", "api_key.rate"},
		"endless rate":             {with(secretKey("viewer"), func(k *accessv1.ApiKey) { k.DeviceRate = math.Inf(1) }), invalid, "VALIDATION_FAILED", "api_key.device_rate"},
		"no kind":                  {with(secretKey("viewer"), func(k *accessv1.ApiKey) { k.Kind = 0 }), invalid, "VALIDATION_FAILED", "api_key.kind"},
		"survey of another's name": {with(publishable(), func(k *accessv1.ApiKey) { k.Surveys = []string{"visit"} }), invalid, "VALIDATION_FAILED", "api_key.surveys[0]"},
	} {
		_, err := f.access.CreateApiKey(t.Context(), &accessv1.CreateApiKeyRequest{ApiKey: c.key})
		wantError(t, name, err, c.code, c.reason, c.field)
	}
	// Who may make keys, but not define scores, gives nobody what the own roles do not give.
	_, err := f.as(secretOf("hr")).CreateApiKey(t.Context(), &accessv1.CreateApiKeyRequest{ApiKey: secretKey("viewer", "definition_editor")})
	wantError(t, "escalation", err, denied, "ESCALATION", "api_key.roles[1]")
	if list, err := f.access.ListApiKeys(t.Context(), &accessv1.ListApiKeysRequest{}); err != nil || len(list.GetApiKeys()) != 0 {
		t.Errorf("%v, %v", list, err)
	}
	req := &accessv1.CreateApiKeyRequest{ApiKeyId: "till", ApiKey: secretKey("viewer")}
	if _, err := f.access.CreateApiKey(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	_, err = f.access.CreateApiKey(t.Context(), req)
	wantError(t, "twice", err, codes.AlreadyExists, "ALREADY_EXISTS", "api_key_id")
	if _, err := f.other.CreateApiKey(t.Context(), req); err != nil {
		t.Errorf("another organisation: %v", err)
	}
}

func TestListKeys(t *testing.T) {
	f := newFixture(t)
	var want []string
	for range 5 {
		key, _ := f.createKey(t, secretKey("viewer"))
		want = append([]string{key.GetName()}, want...)
		f.clock.Advance(time.Second)
	}
	var got []string
	req := &accessv1.ListApiKeysRequest{PageSize: 2}
	for {
		page, err := f.access.ListApiKeys(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range page.GetApiKeys() {
			got = append(got, k.GetName())
		}
		if page.GetNextPageToken() == "" {
			break
		}
		req.PageToken = page.GetNextPageToken()
		_, err = f.other.ListApiKeys(t.Context(), req)
		wantError(t, "token of another organisation", err, codes.InvalidArgument, "PAGE_TOKEN_MISMATCH", "page_token")
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if list, err := f.other.ListApiKeys(t.Context(), &accessv1.ListApiKeysRequest{}); err != nil || len(list.GetApiKeys()) != 0 {
		t.Errorf("of another organisation: %v, %v", list, err)
	}
	_, err := f.access.ListApiKeys(t.Context(), &accessv1.ListApiKeysRequest{PageToken: "junk"})
	wantError(t, "damaged token", err, codes.InvalidArgument, "PAGE_TOKEN_MALFORMED", "page_token")
}

func TestUpdateKey(t *testing.T) {
	f := newFixture(t)
	key, secret := f.createKey(t, secretKey("viewer"))
	update := func(in *accessv1.ApiKey, paths ...string) (*accessv1.ApiKey, error) {
		in.Name = key.GetName()
		out, err := f.access.UpdateApiKey(t.Context(), &accessv1.UpdateApiKeyRequest{ApiKey: in, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths}})
		return out.GetApiKey(), err
	}
	got, err := update(&accessv1.ApiKey{DisplayName: "New", Roles: []string{"manager"}, Units: &typev1.Units{Locations: []string{"Osh"}}})
	if err != nil || got.GetDisplayName() != "New" || got.GetEtag() == key.GetEtag() {
		t.Fatalf("%v, %v", got, err)
	}
	if p := f.proves(t, secret); p.GetRoles()[0] != "manager" || p.GetUnits().GetLocations()[0] != "Osh" {
		t.Fatalf("%v", p)
	}
	// Only what the mask names changes, and it can be emptied.
	got, err = update(&accessv1.ApiKey{DisplayName: "Ignored", Rate: 5, Surveys: []string{"surveys/a"}}, "rate", "surveys")
	if err != nil || got.GetDisplayName() != "New" || got.GetRate() != 5 {
		t.Fatalf("%v, %v", got, err)
	}
	if got, err = update(&accessv1.ApiKey{}, "surveys", "rate"); err != nil || len(got.GetSurveys()) != 0 || got.GetRate() != 0 {
		t.Fatalf("%v, %v", got, err)
	}
	for name, c := range map[string]struct {
		in            *accessv1.ApiKey
		paths         []string
		code          codes.Code
		reason, field string
	}{
		"units away from a manager": {&accessv1.ApiKey{}, []string{"units"}, codes.InvalidArgument, "UNITS_REQUIRED", "api_key.units"},
		"no name":                   {&accessv1.ApiKey{}, []string{"display_name"}, codes.InvalidArgument, "VALIDATION_FAILED", "api_key.display_name"},
		"kind":                      {publishable(), []string{"display_name", "kind"}, codes.InvalidArgument, "VALIDATION_FAILED", "update_mask.paths[1]"},
		"role unknown":              {secretKey("x"), []string{"roles"}, codes.InvalidArgument, "ROLE_UNKNOWN", "api_key.roles[0]"},
		"old etag":                  {&accessv1.ApiKey{Etag: key.GetEtag(), Rate: 1}, nil, codes.Aborted, "ETAG_MISMATCH", "api_key.etag"},
		"past end": {&accessv1.ApiKey{ExpireTime: timestamppb.New(start.Add(-time.Hour))}, nil,
			codes.InvalidArgument, "FIELD_INVALID", "api_key.expire_time"},
	} {
		_, err := update(c.in, c.paths...)
		wantError(t, name, err, c.code, c.reason, c.field)
	}
	if _, err = update(&accessv1.ApiKey{Etag: got.GetEtag(), Rate: 1}); err != nil {
		t.Errorf("with the etag: %v", err)
	}
	// A key that has ended can be called otherwise, and be given more time.
	if _, err = update(&accessv1.ApiKey{ExpireTime: timestamppb.New(start.Add(time.Minute))}); err != nil {
		t.Fatal(err)
	}
	f.clock.Advance(time.Hour)
	f.provesNobody(t, secret)
	if got, err = update(&accessv1.ApiKey{DisplayName: "Old"}); err != nil || got.GetExpireTime() == nil {
		t.Fatalf("%v, %v", got, err)
	}
	if _, err = update(&accessv1.ApiKey{}, "expire_time"); err != nil {
		t.Fatal(err)
	}
	f.proves(t, secret)
	_, err = f.other.UpdateApiKey(t.Context(), &accessv1.UpdateApiKeyRequest{ApiKey: &accessv1.ApiKey{Name: key.GetName(), Rate: 3}})
	wantError(t, "of another organisation", err, codes.NotFound, "API_KEY_NOT_FOUND", "")
	_, err = f.access.UpdateApiKey(t.Context(), &accessv1.UpdateApiKeyRequest{ApiKey: &accessv1.ApiKey{Name: "keys/1"}})
	wantError(t, "malformed name", err, codes.InvalidArgument, "VALIDATION_FAILED", "api_key.name")
}

func TestUpdatePublishableKey(t *testing.T) {
	f := newFixture(t)
	key, secret := f.createKey(t, publishable())
	key.Origins = []string{"https://a.example", "http://localhost:8080"}
	got, err := f.access.UpdateApiKey(t.Context(), &accessv1.UpdateApiKeyRequest{ApiKey: key, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"*"}}})
	if err != nil || len(got.GetApiKey().GetOrigins()) != 2 {
		t.Fatalf("%v, %v", got, err)
	}
	if p := f.proves(t, secret); len(p.GetRoles()) != 1 || p.GetRoles()[0] != "app" {
		t.Errorf("%v", p)
	}
	_, err = f.access.UpdateApiKey(t.Context(), &accessv1.UpdateApiKeyRequest{ApiKey: &accessv1.ApiKey{Name: key.GetName(), Roles: []string{"admin"}}})
	wantError(t, "make it powerful", err, codes.InvalidArgument, "ROLE_UNKNOWN", "api_key.roles[0]")
}

// TestRotateKey: who uses a key has the overlap to learn the new secret.
func TestRotateKey(t *testing.T) {
	f := newFixture(t)
	key, first := f.createKey(t, secretKey("viewer"))
	rotate := func(overlap *durationpb.Duration) (*accessv1.ApiKey, string) {
		t.Helper()
		out, err := f.access.RotateApiKey(t.Context(), &accessv1.RotateApiKeyRequest{Name: key.GetName(), Overlap: overlap})
		if err != nil {
			t.Fatal(err)
		}
		return out.GetApiKey(), out.GetSecret()
	}
	rotated, second := rotate(nil)
	if len(rotated.GetSecrets()) != 2 || rotated.GetEtag() == key.GetEtag() || rotated.GetSecrets()[0].GetHint() != second[len(second)-4:] {
		t.Fatalf("%v", rotated)
	}
	if end := f.proves(t, first).GetExpireTime().AsTime(); !end.Equal(start.Add(24 * time.Hour)) {
		t.Errorf("the first secret ends at %v", end)
	}
	f.proves(t, second)
	f.clock.Advance(24 * time.Hour)
	f.provesNobody(t, first)
	f.proves(t, second)
	if got := f.getKey(t, key.GetName()).GetSecrets(); len(got) != 1 {
		t.Errorf("secrets that work: %v", got)
	}
	_, third := rotate(durationpb.New(0))
	f.provesNobody(t, second)
	f.proves(t, third)

	_, err := f.other.RotateApiKey(t.Context(), &accessv1.RotateApiKeyRequest{Name: key.GetName()})
	wantError(t, "of another organisation", err, codes.NotFound, "API_KEY_NOT_FOUND", "")
	_, err = f.access.RotateApiKey(t.Context(), &accessv1.RotateApiKeyRequest{Name: key.GetName(), Overlap: durationpb.New(91 * 24 * time.Hour)})
	wantError(t, "long overlap", err, codes.InvalidArgument, "VALIDATION_FAILED", "overlap")
	for range 9 {
		rotate(nil)
	}
	_, err = f.access.RotateApiKey(t.Context(), &accessv1.RotateApiKeyRequest{Name: key.GetName()})
	wantError(t, "too many secrets", err, codes.FailedPrecondition, "FIELD_INVALID", "overlap")
	rotate(durationpb.New(0))

	powerful, _ := f.createKey(t, secretKey("definition_editor"))
	_, err = f.as(secretOf("hr")).RotateApiKey(t.Context(), &accessv1.RotateApiKeyRequest{Name: powerful.GetName()})
	wantError(t, "get the secret of a key that may do more", err, codes.PermissionDenied, "ESCALATION", "name")
}

func TestRevokeKey(t *testing.T) {
	f := newFixture(t)
	key, secret := f.createKey(t, secretKey("viewer"))
	if _, err := f.as(secret).GetCaller(t.Context(), &accessv1.GetCallerRequest{}); err != nil {
		t.Fatal(err)
	}
	_, err := f.other.RevokeApiKey(t.Context(), &accessv1.RevokeApiKeyRequest{Name: key.GetName()})
	wantError(t, "of another organisation", err, codes.NotFound, "API_KEY_NOT_FOUND", "")
	for range 2 {
		out, err := f.access.RevokeApiKey(t.Context(), &accessv1.RevokeApiKeyRequest{Name: key.GetName()})
		if err != nil || !out.GetApiKey().GetRevokeTime().AsTime().Equal(start) || len(out.GetApiKey().GetSecrets()) != 0 {
			t.Fatalf("%v, %v", out, err)
		}
		f.clock.Advance(time.Second)
	}
	f.provesNobody(t, secret)
	if _, err := f.as(secret).GetCaller(t.Context(), &accessv1.GetCallerRequest{}); codeOf(err) != codes.Unauthenticated {
		t.Errorf("a revoked key calls: %v", err)
	}
	_, err = f.access.UpdateApiKey(t.Context(), &accessv1.UpdateApiKeyRequest{ApiKey: &accessv1.ApiKey{Name: key.GetName(), Rate: 3}})
	wantError(t, "update", err, codes.FailedPrecondition, "API_KEY_REVOKED", "api_key.name")
	_, err = f.access.RotateApiKey(t.Context(), &accessv1.RotateApiKeyRequest{Name: key.GetName()})
	wantError(t, "rotate", err, codes.FailedPrecondition, "API_KEY_REVOKED", "name")
}
