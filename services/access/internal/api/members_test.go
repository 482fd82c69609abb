package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/otklik/otklik/libs/rpcerr"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

func (f *fixture) createMember(t testing.TB, m *accessv1.Member) *accessv1.Member {
	t.Helper()
	out, err := f.access.CreateMember(t.Context(), &accessv1.CreateMemberRequest{Member: m})
	if err != nil {
		t.Fatal(err)
	}
	return out.GetMember()
}

func (f *fixture) updateMember(t testing.TB, m *accessv1.Member, paths ...string) (*accessv1.Member, error) {
	t.Helper()
	out, err := f.access.UpdateMember(t.Context(), &accessv1.UpdateMemberRequest{Member: m, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths}})
	return out.GetMember(), err
}

func TestMembers(t *testing.T) {
	f := newFixture(t)
	created := f.createMember(t, &accessv1.Member{Email: "Ann@Example.com", Roles: []string{"manager"}, Units: &typev1.Units{Locations: []string{"Osh"}}})
	got, err := f.access.GetMember(t.Context(), &accessv1.GetMemberRequest{Name: created.GetName()})
	if err != nil || got.GetMember().GetEmail() != "Ann@Example.com" || got.GetMember().GetEtag() != created.GetEtag() {
		t.Fatalf("%v, %v", got, err)
	}
	_, err = f.other.GetMember(t.Context(), &accessv1.GetMemberRequest{Name: created.GetName()})
	wantError(t, "get of another organisation", err, codes.NotFound, "MEMBER_NOT_FOUND", "")
	_, err = f.other.DeleteMember(t.Context(), &accessv1.DeleteMemberRequest{Name: created.GetName()})
	wantError(t, "delete of another organisation", err, codes.NotFound, "MEMBER_NOT_FOUND", "")
	changed, err := f.updateMember(t, &accessv1.Member{Name: created.GetName(), Roles: []string{"viewer"}, Etag: created.GetEtag()}, "roles", "units")
	if err != nil || changed.GetUnits() != nil || changed.GetRoles()[0] != "viewer" || changed.GetEmail() != "Ann@Example.com" {
		t.Fatalf("%v, %v", changed, err)
	}
	_, err = f.updateMember(t, &accessv1.Member{Name: created.GetName(), DisplayName: "Ann", Etag: created.GetEtag()})
	wantError(t, "old etag", err, codes.Aborted, "ETAG_MISMATCH", "member.etag")
	if _, err := f.access.DeleteMember(t.Context(), &accessv1.DeleteMemberRequest{Name: created.GetName()}); err != nil {
		t.Fatal(err)
	}
	_, err = f.access.DeleteMember(t.Context(), &accessv1.DeleteMemberRequest{Name: created.GetName()})
	wantError(t, "delete again", err, codes.NotFound, "MEMBER_NOT_FOUND", "")
}

func TestMemberRefusals(t *testing.T) {
	f := newFixture(t)
	f.createMember(t, &accessv1.Member{Subject: "sub-ann", Email: "ann@example.com", Roles: []string{"viewer"}})
	const invalid, exists = codes.InvalidArgument, codes.AlreadyExists
	for name, c := range map[string]struct {
		in            *accessv1.Member
		code          codes.Code
		reason, field string
	}{
		"nobody":                  {&accessv1.Member{Roles: []string{"viewer"}}, invalid, "FIELD_INVALID", "member.subject"},
		"no role":                 {&accessv1.Member{Subject: "x"}, invalid, "VALIDATION_FAILED", "member.roles"},
		"role of an app":          {&accessv1.Member{Subject: "x", Roles: []string{"app"}}, invalid, "ROLE_UNKNOWN", "member.roles[0]"},
		"role of a service":       {&accessv1.Member{Subject: "x", Roles: []string{"service"}}, invalid, "ROLE_UNKNOWN", "member.roles[0]"},
		"role of nobody":          {&accessv1.Member{Subject: "x", Roles: []string{"viewer", "king"}}, invalid, "ROLE_UNKNOWN", "member.roles[1]"},
		"both sides of a target":  {&accessv1.Member{Subject: "x", Roles: []string{"admin", "target_owner"}}, invalid, "ROLES_CONFLICT", "member.roles[0]"},
		"manager of nothing":      {&accessv1.Member{Subject: "x", Roles: []string{"manager"}}, invalid, "UNITS_REQUIRED", "member.units"},
		"subject taken":           {&accessv1.Member{Subject: "sub-ann", Roles: []string{"viewer"}}, exists, "ALREADY_EXISTS", "member.subject"},
		"address taken":           {&accessv1.Member{Email: "ANN@example.com", Roles: []string{"viewer"}}, exists, "ALREADY_EXISTS", "member.email"},
		"subject with a NUL":      {&accessv1.Member{Subject: "a\x00", Roles: []string{"viewer"}}, invalid, "FIELD_INVALID", "member.subject"},
		"address that is not one": {&accessv1.Member{Email: "ann", Roles: []string{"viewer"}}, invalid, "VALIDATION_FAILED", "member.email"},
	} {
		_, err := f.access.CreateMember(t.Context(), &accessv1.CreateMemberRequest{Member: c.in})
		wantError(t, name, err, c.code, c.reason, c.field)
		// Names and addresses are told to nobody, and so to no log.
		if text := fmt.Sprint(err); strings.Contains(strings.ToLower(text), "ann@") || strings.Contains(text, "sub-ann") {
			t.Errorf("%s: the refusal tells who: %v", name, err)
		}
	}
	keeper := f.as(secretOf("hr"))
	_, err := keeper.CreateMember(t.Context(), &accessv1.CreateMemberRequest{Member: &accessv1.Member{Subject: "x", Roles: []string{"definition_editor"}}})
	wantError(t, "escalation", err, codes.PermissionDenied, "ESCALATION", "member.roles[0]")
	// Nor does who becomes a powerful member, by being written in for somebody else.
	powerful := f.createMember(t, &accessv1.Member{Subject: "boss", Roles: []string{"definition_editor"}})
	_, err = keeper.UpdateMember(t.Context(), &accessv1.UpdateMemberRequest{Member: &accessv1.Member{Name: powerful.GetName(), Subject: "hr"}})
	wantError(t, "takeover", err, codes.PermissionDenied, "ESCALATION", "member.roles[0]")
	req := &accessv1.CreateMemberRequest{MemberId: "ann", Member: &accessv1.Member{Subject: "another", Roles: []string{"viewer"}}}
	if _, err := f.access.CreateMember(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	req.Member.Subject = "one more"
	_, err = f.access.CreateMember(t.Context(), req)
	wantError(t, "identifier taken", err, exists, "ALREADY_EXISTS", "member_id")
}

func TestLastAdministrator(t *testing.T) {
	f := newFixture(t)
	boss := f.createMember(t, &accessv1.Member{Subject: "boss", Roles: []string{"admin"}})
	f.createMember(t, &accessv1.Member{Subject: "viewer", Roles: []string{"viewer"}})
	const failed, last = codes.FailedPrecondition, "LAST_ADMINISTRATOR"
	_, err := f.access.DeleteMember(t.Context(), &accessv1.DeleteMemberRequest{Name: boss.GetName()})
	wantError(t, "delete", err, failed, last, "")
	_, err = f.updateMember(t, &accessv1.Member{Name: boss.GetName(), Disabled: true})
	wantError(t, "disable", err, failed, last, "")
	_, err = f.updateMember(t, &accessv1.Member{Name: boss.GetName(), Roles: []string{"viewer"}})
	wantError(t, "demote", err, failed, last, "")
	f.createMember(t, &accessv1.Member{Subject: "second", Roles: []string{"admin"}})
	if _, err := f.access.DeleteMember(t.Context(), &accessv1.DeleteMemberRequest{Name: boss.GetName()}); err != nil {
		t.Errorf("one of two: %v", err)
	}
}

func TestListMembers(t *testing.T) {
	f := newFixture(t)
	var want, got []string
	for i := range 5 {
		want = append([]string{f.createMember(t, &accessv1.Member{Subject: fmt.Sprint("s", i), Roles: []string{"viewer"}}).GetName()}, want...)
		f.clock.Advance(time.Second)
	}
	req := &accessv1.ListMembersRequest{PageSize: 2}
	for {
		page, err := f.access.ListMembers(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range page.GetMembers() {
			got = append(got, m.GetName())
		}
		if req.PageToken = page.GetNextPageToken(); req.PageToken == "" {
			break
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	// Pages of members whose units are many end early and lose nobody.
	units := &typev1.Units{}
	for i := range 1000 {
		units.Locations = append(units.Locations, fmt.Sprintf("location %d %s", i, strings.Repeat("x", 100)))
	}
	const many = 20
	for i := range many {
		f.createMember(t, &accessv1.Member{Subject: fmt.Sprint("many", i), Roles: []string{"manager"}, Units: units})
	}
	pages, total := 0, 0
	for req = (&accessv1.ListMembersRequest{PageSize: 1000}); ; pages++ {
		page, err := f.access.ListMembers(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		total += len(page.GetMembers())
		if req.PageToken = page.GetNextPageToken(); req.PageToken == "" {
			break
		}
	}
	if pages == 0 || total != many+len(want) {
		t.Errorf("%d members on %d pages", total, pages+1)
	}
}

// TestFirstLogin: a member is recognised by the verified address once, and by the subject from then on.
func TestFirstLogin(t *testing.T) {
	f := newFixture(t)
	m := f.createMember(t, &accessv1.Member{Email: "Ann@example", Roles: []string{"viewer"}})
	get := func() *accessv1.Member {
		t.Helper()
		out, err := f.access.GetMember(t.Context(), &accessv1.GetMemberRequest{Name: m.GetName()})
		if err != nil {
			t.Fatal(err)
		}
		return out.GetMember()
	}
	resolve := func(subject, email, name string) (*accessv1.Principal, error) {
		out, err := f.credentials.ResolveSubject(t.Context(), &accessv1.ResolveSubjectRequest{
			Organization: acme, Subject: subject, VerifiedEmail: email, DisplayName: name,
		})
		return out.GetPrincipal(), err
	}
	refused := func(what, subject, email string) {
		t.Helper()
		_, err := resolve(subject, email, "")
		wantError(t, what, err, codes.Unauthenticated, "CREDENTIALS_INVALID", "")
	}
	refused("an address that is not verified", "sub-ann", "")
	refused("another address", "sub-ann", "bob@example")
	refused("control characters", "sub\x00ann", "ann@example")
	p, err := resolve("sub-ann", "aNN@example", " Ann\nA. ")
	if err != nil || p.GetId() != m.GetName() || p.GetKind() != accessv1.Principal_KIND_PERSON || p.GetDisplayName() != "Ann A." || p.GetOrganization() != acme {
		t.Fatalf("%v, %v", p, err)
	}
	if got := get(); got.GetSubject() != "sub-ann" || !got.GetLastLoginTime().AsTime().Equal(start) || got.GetEtag() == m.GetEtag() {
		t.Fatalf("%v", got)
	}
	// Whoever gets the address later is somebody else.
	refused("another subject of the address", "sub-mallory", "ann@example")
	// The address may change at the provider.
	if p, err = resolve("sub-ann", "ann@new.example", ""); err != nil || p.GetId() != m.GetName() {
		t.Fatalf("%v, %v", p, err)
	}
	f.clock.Advance(time.Minute)
	bound := get()
	if _, err = resolve("sub-ann", "", ""); err != nil {
		t.Fatal(err)
	}
	if got := get(); !got.GetLastLoginTime().AsTime().Equal(start) {
		t.Errorf("each token is written down: %v", got)
	}
	f.clock.Advance(time.Hour)
	if _, err = resolve("sub-ann", "", ""); err != nil {
		t.Fatal(err)
	}
	if got := get(); !got.GetLastLoginTime().AsTime().Equal(start.Add(time.Hour+time.Minute)) || got.GetEtag() != bound.GetEtag() {
		t.Errorf("%v", got)
	}
	if _, err := f.updateMember(t, &accessv1.Member{Name: m.GetName(), Disabled: true}); err != nil {
		t.Fatal(err)
	}
	refused("a disabled member", "sub-ann", "")
	if _, err := f.other.CreateMember(t.Context(), &accessv1.CreateMemberRequest{Member: &accessv1.Member{Subject: "sub-x", Roles: []string{"viewer"}}}); err != nil {
		t.Fatal(err)
	}
	refused("a member of another organisation", "sub-x", "")
}

// TestSession: a person logs in, acts, and logs out.
func TestSession(t *testing.T) {
	f := newFixture(t)
	m := f.createMember(t, &accessv1.Member{Email: "ann@example", Roles: []string{"viewer"}})
	token := idToken("sub-ann", "ann@example", "Ann")
	login := func() string {
		t.Helper()
		out, err := f.as(token).CreateSession(t.Context(), &accessv1.CreateSessionRequest{})
		if err != nil || !strings.HasPrefix(out.GetToken(), "otw_") || !out.GetExpireTime().AsTime().Equal(f.clock.Now().Add(12*time.Hour)) {
			t.Fatalf("%v, %v", out, err)
		}
		return out.GetToken()
	}
	first, second := login(), login()
	caller, err := f.as(first).GetCaller(t.Context(), &accessv1.GetCallerRequest{})
	if err != nil || caller.GetPrincipal().GetId() != m.GetName() || caller.GetPrincipal().GetDisplayName() != "Ann" {
		t.Fatalf("%v, %v", caller, err)
	}
	if end := f.proves(t, first).GetExpireTime().AsTime(); !end.Equal(start.Add(12 * time.Hour)) {
		t.Errorf("the session ends at %v", end)
	}
	for name, client := range map[string]accessv1.AccessServiceClient{"a session": f.as(first), "a static key": f.access} {
		_, err = client.CreateSession(t.Context(), &accessv1.CreateSessionRequest{})
		wantError(t, "session by "+name, err, codes.FailedPrecondition, "CREDENTIAL_UNSUITABLE", "")
	}
	// What the member may do changes at once.
	if _, err := f.updateMember(t, &accessv1.Member{Name: m.GetName(), Roles: []string{"admin"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.as(first).ListMembers(t.Context(), &accessv1.ListMembersRequest{}); err != nil {
		t.Errorf("a new administrator: %v", err)
	}
	// Logging out ends one session; with other credentials it ends none.
	for _, client := range []accessv1.AccessServiceClient{f.as(first), f.as(token), f.access} {
		if _, err := client.EndSession(t.Context(), &accessv1.EndSessionRequest{}); err != nil {
			t.Fatal(err)
		}
	}
	f.provesNobody(t, first)
	f.proves(t, second)
	f.clock.Advance(12*time.Hour - time.Microsecond)
	f.proves(t, second)
	f.clock.Advance(time.Microsecond)
	f.provesNobody(t, second)
}

// TestSessionsEndWithTheMember: who may no longer log in is logged out.
func TestSessionsEndWithTheMember(t *testing.T) {
	f := newFixture(t)
	m := f.createMember(t, &accessv1.Member{Subject: "sub-ann", Roles: []string{"viewer"}})
	login := func() (string, error) {
		out, err := f.as(idToken("sub-ann", "", "")).CreateSession(t.Context(), &accessv1.CreateSessionRequest{})
		return out.GetToken(), err
	}
	first, err := login()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.updateMember(t, &accessv1.Member{Name: m.GetName(), Disabled: true}); err != nil {
		t.Fatal(err)
	}
	f.provesNobody(t, first)
	if _, err := login(); codeOf(err) != codes.Unauthenticated {
		t.Errorf("a disabled member logs in: %v", err)
	}
	if _, err := f.updateMember(t, &accessv1.Member{Name: m.GetName()}, "disabled"); err != nil {
		t.Fatal(err)
	}
	f.provesNobody(t, first)
	second, err := login()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.access.DeleteMember(t.Context(), &accessv1.DeleteMemberRequest{Name: m.GetName()}); err != nil {
		t.Fatal(err)
	}
	f.provesNobody(t, second)
	if _, err := login(); rpcerr.Code(err) != codes.Unauthenticated {
		t.Errorf("a deleted member logs in: %v", err)
	}
}
