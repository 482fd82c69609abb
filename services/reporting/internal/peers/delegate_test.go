package peers_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/reporting/internal/peers"

	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// access makes tokens for Ann alone.
type access struct {
	accessv1.UnimplementedCredentialServiceServer
	away bool
	kind accessv1.Principal_Kind
}

func (a *access) CreateDelegatedToken(ctx context.Context, req *accessv1.CreateDelegatedTokenRequest) (*accessv1.CreateDelegatedTokenResponse, error) {
	if a.away {
		return nil, rpcerr.New(codes.Unavailable, "SHUTTING_DOWN", "stopping")
	}
	organization := metadata.ValueFromIncomingContext(ctx, authn.MetadataOrganization)
	if req.GetPrincipal() != "members/ann" || !slices.Equal(organization, []string{"acme"}) || req.GetLifetime().AsDuration() != time.Minute {
		return nil, rpcerr.New(codes.FailedPrecondition, rpcerr.ReasonOf(accessv1.ErrorReason_ERROR_REASON_PRINCIPAL_GONE), "gone").GRPCStatus().Err()
	}
	return &accessv1.CreateDelegatedTokenResponse{
		Token: "otd_x", Permissions: []string{"reporting.reports.render"},
		Principal: &accessv1.Principal{
			Kind: a.kind, Id: "members/ann", Organization: "acme", Roles: []string{"manager"}, Units: &typev1.Units{Regions: []string{"south"}, Locations: []string{"osh"}},
		},
		Territory: &accessv1.Territory{Locations: []string{"gulcha"}},
	}, nil
}

// What is done on behalf of somebody is done as this principal, with the token that calls go out by, and with these permissions alone.
func TestOnBehalf(t *testing.T) {
	server := &access{kind: accessv1.Principal_KIND_PERSON}
	channel := &inprocgrpc.Channel{}
	accessv1.RegisterCredentialServiceServer(channel, server)
	d := peers.Delegate(channel)
	ctx, by, err := d.OnBehalf(t.Context(), "acme", "members/ann", "reportSchedules/weekly", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	p, ok := authn.FromContext(ctx)
	if !ok || p.ID != "members/ann" || p.Kind != authn.KindPerson || !slices.Equal(p.Units["location"], []string{"gulcha", "osh"}) || !slices.Equal(p.Units["region"], []string{"south"}) ||
		!slices.Equal(p.Given()["location"], []string{"osh"}) {
		t.Errorf("%+v", p)
	}
	if token := metadata.ValueFromIncomingContext(ctx, authn.MetadataAuthorization); !slices.Equal(token, []string{"Bearer otd_x"}) {
		t.Errorf("%v", token)
	}
	if !by.May("reporting.reports.render") || by.May("reporting.addresses.send") || !authz.FromContext(ctx).Holds("reporting.reports.render") ||
		authz.FromContext(ctx).Holds("segmentation.persons.view") {
		t.Errorf("%v", by.Permissions)
	}
	if _, _, err := d.OnBehalf(t.Context(), "acme", "members/bob", "reportSchedules/weekly", time.Minute); !errors.Is(err, peers.ErrGone) {
		t.Errorf("somebody who is gone: %v", err)
	}
	server.away = true
	if _, _, err := d.OnBehalf(t.Context(), "acme", "members/ann", "reportSchedules/weekly", time.Minute); !errors.Is(err, peers.ErrUnavailable) || errors.Is(err, peers.ErrGone) {
		t.Errorf("the access service is away: %v", err)
	}
}

// Every kind of the access service arrives as that kind, and one of a later release as that with the fewest rights.
func TestKindsOfPrincipals(t *testing.T) {
	server := &access{}
	channel := &inprocgrpc.Channel{}
	accessv1.RegisterCredentialServiceServer(channel, server)
	want := map[accessv1.Principal_Kind]authn.Kind{
		accessv1.Principal_KIND_UNSPECIFIED: authn.KindApp, accessv1.Principal_KIND_APP: authn.KindApp, accessv1.Principal_KIND_MACHINE: authn.KindMachine,
		accessv1.Principal_KIND_PERSON: authn.KindPerson, accessv1.Principal_KIND_INVITATION: authn.KindInvitation, accessv1.Principal_KIND_SERVICE: authn.KindService,
		77: authn.KindApp,
	}
	for number := range accessv1.Principal_Kind_name {
		if _, ok := want[accessv1.Principal_Kind(number)]; !ok {
			t.Errorf("nothing is said of %v", accessv1.Principal_Kind(number))
		}
	}
	for kind, as := range want {
		server.kind = kind
		if _, by, err := peers.Delegate(channel).OnBehalf(t.Context(), "acme", "members/ann", "reportSchedules/weekly", time.Minute); err != nil || by.Principal.Kind != as {
			t.Errorf("%v: %v, %v", kind, by.Principal.Kind, err)
		}
	}
}
