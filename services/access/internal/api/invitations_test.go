package api_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	"github.com/otklik/otklik/services/access/internal/api"
	"github.com/otklik/otklik/services/access/internal/credential"
)

type invitationOf = accessv1.CreateInvitationTokensRequest_Invitation

func (f *fixture) invite(t testing.TB, invitations ...*invitationOf) []*accessv1.CreateInvitationTokensResponse_InvitationToken {
	t.Helper()
	out, err := f.access.CreateInvitationTokens(t.Context(), &accessv1.CreateInvitationTokensRequest{Parent: "surveys/visit", Invitations: invitations})
	if err != nil || len(out.GetTokens()) != len(invitations) {
		t.Fatalf("%v, %v", out, err)
	}
	return out.GetTokens()
}

func TestInvitationTokens(t *testing.T) {
	f := newFixture(t)
	tokens := f.invite(t, &invitationOf{Invitation: "order-77", Respondent: "Ann A."}, &invitationOf{})
	first := tokens[0]
	if !strings.HasPrefix(first.GetToken(), "oti_") || first.GetInvitation() != "order-77" || tokens[1].GetInvitation() == "" {
		t.Fatalf("%v", tokens)
	}
	want := &accessv1.Principal{
		Kind: accessv1.Principal_KIND_INVITATION, Id: first.GetName(), Organization: acme, Roles: []string{"respondent"}, Surveys: []string{"surveys/visit"},
		Invitation: "order-77", Respondent: "Ann A.", ExpireTime: timestamppb.New(start.Add(30 * 24 * time.Hour)),
	}
	if got := f.proves(t, first.GetToken()); !proto.Equal(got, want) {
		t.Fatalf("got  %v\nwant %v", got, want)
	}
	if got := f.proves(t, tokens[1].GetToken()); got.GetInvitation() != tokens[1].GetInvitation() || got.GetRespondent() != "" {
		t.Errorf("%v", got)
	}
	caller, err := f.as(first.GetToken()).GetCaller(t.Context(), &accessv1.GetCallerRequest{})
	if err != nil || caller.GetPrincipal().GetInvitation() != "order-77" {
		t.Errorf("%v, %v", caller, err)
	}
	_, err = f.as(first.GetToken()).CreateInvitationTokens(t.Context(), &accessv1.CreateInvitationTokensRequest{
		Parent: "surveys/visit", Invitations: []*invitationOf{{}},
	})
	wantError(t, "invite by an invitation", err, codes.PermissionDenied, "PERMISSION_DENIED", "")

	_, err = f.other.RevokeInvitationToken(t.Context(), &accessv1.RevokeInvitationTokenRequest{Name: first.GetName()})
	wantError(t, "revoke of another organisation", err, codes.NotFound, "INVITATION_TOKEN_NOT_FOUND", "")
	for range 2 {
		if _, err := f.access.RevokeInvitationToken(t.Context(), &accessv1.RevokeInvitationTokenRequest{Name: first.GetName()}); err != nil {
			t.Fatal(err)
		}
		f.provesNobody(t, first.GetToken())
	}
	f.clock.Advance(30 * 24 * time.Hour)
	f.provesNobody(t, tokens[1].GetToken())
}

func TestInvitationRefusals(t *testing.T) {
	f := newFixture(t)
	f.invite(t, &invitationOf{Invitation: "taken"})
	at := func(d time.Duration) *timestamppb.Timestamp { return timestamppb.New(start.Add(d)) }
	const invalid, exists = codes.InvalidArgument, codes.AlreadyExists
	for name, c := range map[string]struct {
		in            []*invitationOf
		end           *timestamppb.Timestamp
		code          codes.Code
		reason, field string
	}{
		"taken":              {[]*invitationOf{{}, {Invitation: "taken"}}, nil, exists, "ALREADY_EXISTS", "invitations[1].invitation"},
		"twice":              {[]*invitationOf{{Invitation: "a"}, {}, {Invitation: "a"}}, nil, exists, "ALREADY_EXISTS", "invitations[2].invitation"},
		"control character":  {[]*invitationOf{{Respondent: "a\tb"}}, nil, invalid, "FIELD_INVALID", "invitations[0].respondent"},
		"none":               {nil, nil, invalid, "VALIDATION_FAILED", "invitations"},
		"malformed":          {[]*invitationOf{{Invitation: "a/b"}}, nil, invalid, "VALIDATION_FAILED", "invitations[0].invitation"},
		"ended":              {[]*invitationOf{{}}, at(0), invalid, "FIELD_INVALID", "expire_time"},
		"more than a year":   {[]*invitationOf{{}}, at(367 * 24 * time.Hour), invalid, "FIELD_INVALID", "expire_time"},
		"more than thousand": {make([]*invitationOf, 1001), nil, invalid, "VALIDATION_FAILED", "invitations"},
	} {
		for i := range c.in {
			if c.in[i] == nil {
				c.in[i] = &invitationOf{}
			}
		}
		_, err := f.access.CreateInvitationTokens(t.Context(), &accessv1.CreateInvitationTokensRequest{Parent: "surveys/visit", Invitations: c.in, ExpireTime: c.end})
		wantError(t, name, err, c.code, c.reason, c.field)
	}
	if _, err := f.other.CreateInvitationTokens(t.Context(), &accessv1.CreateInvitationTokensRequest{
		Parent: "surveys/visit", Invitations: []*invitationOf{{Invitation: "taken"}},
	}); err != nil {
		t.Errorf("another organisation: %v", err)
	}
}

// TestThousandInvitations is the largest batch.
func TestThousandInvitations(t *testing.T) {
	f := newFixture(t)
	in := make([]*invitationOf, 1000)
	for i := range in {
		in[i] = &invitationOf{Invitation: fmt.Sprint("i", i), Respondent: fmt.Sprint("r", i)}
	}
	tokens := f.invite(t, in...)
	for _, i := range []int{0, 500, 999} {
		if p := f.proves(t, tokens[i].GetToken()); p.GetInvitation() != in[i].GetInvitation() || p.GetRespondent() != in[i].GetRespondent() {
			t.Errorf("%d: %v", i, p)
		}
	}
}

// turned seals by turning text around, until it is told that the vault is away.
type turned struct{ away bool }

var errAway = errors.New("the vault is away")

func (s *turned) Seal(_ context.Context, organization string, respondents []string) ([]credential.Sealed, error) {
	if s.away {
		return nil, errAway
	}
	out := make([]credential.Sealed, len(respondents))
	for i, r := range respondents {
		if r != "" {
			out[i] = credential.Sealed{Person: "p_" + organization + r, Body: []byte(turn(r))}
		}
	}
	return out, nil
}

func (s *turned) Open(_ context.Context, _ string, sealed credential.Sealed) (string, error) {
	if s.away {
		return "", errAway
	}
	return turn(string(sealed.Body)), nil
}

func turn(text string) string {
	runes := []rune(text)
	for i, j := 0, len(runes)-1; i < j; i, j = i+1, j-1 {
		runes[i], runes[j] = runes[j], runes[i]
	}
	return string(runes)
}

// TestRespondentsAreSealed: where there is a vault, the store does not know who was invited.
func TestRespondentsAreSealed(t *testing.T) {
	vault := &turned{}
	f := newFixture(t, func(o *api.Options) { o.Respondents = vault })
	tokens := f.invite(t, &invitationOf{Respondent: "ann"}, &invitationOf{})
	if p := f.proves(t, tokens[0].GetToken()); p.GetRespondent() != "ann" {
		t.Errorf("%v", p)
	}
	kept, err := f.store.ListInvited(t.Context(), acme, "p_acmeann", "", 10)
	if err != nil || len(kept) != 1 || string(kept[0].Respondent.Body) != "nna" {
		t.Fatalf("%v, %v", kept, err)
	}
	vault.away = true
	if _, code := f.resolve(t, tokens[0].GetToken()); code == codes.OK || code == codes.Unauthenticated {
		t.Errorf("without the vault: %v", code)
	}
}
