package api_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/otklik/otklik/libs/rpcclient"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/services/access/internal/api"
	"github.com/otklik/otklik/services/access/internal/territory"
)

// south is a directory in which Osh lies in the south, and Alai, with Gulcha, too; of acme alone.
type south struct{ away bool }

func (s *south) Inside(_ context.Context, organization string, regions []string) (territory.Territory, error) {
	switch {
	case s.away:
		return territory.Territory{}, errors.New("away")
	case organization == acme && slices.Contains(regions, "south"):
		return territory.Territory{Regions: []string{"alai"}, Locations: []string{"gulcha", "osh"}}, nil
	}
	return territory.Territory{}, nil
}

// TestRegionsHoldWhatLiesInThem: with who somebody is, services are told what lies in the regions to which he is restricted, whatever proves him; he is told
// his units as they were given.
func TestRegionsHoldWhatLiesInThem(t *testing.T) {
	directory := &south{}
	f := newFixture(t, func(o *api.Options) {
		o.Territories = territory.New(directory, territory.Options{Now: o.Now})
	})
	units := &typev1.Units{Regions: []string{"south"}, Companies: []string{"firm"}}
	m := f.createMember(t, &accessv1.Member{DisplayName: "Ann", Subject: "s1", Roles: []string{"manager"}, Units: units})
	within := func(what string, got *accessv1.Territory, err error) {
		t.Helper()
		if all := slices.Concat(got.GetRegions(), got.GetLocations()); err != nil || !slices.Equal(all, []string{"alai", "gulcha", "osh"}) {
			t.Errorf("%s: %v, %v", what, all, err)
		}
	}
	key := secretKey("viewer")
	key.Units = units
	_, secret := f.createKey(t, key)
	byToken, err := f.credentials.ResolveToken(t.Context(), &accessv1.ResolveTokenRequest{Sha256: digestOf(secret)})
	within("a key", byToken.GetTerritory(), err)
	bySubject, err := f.credentials.ResolveSubject(t.Context(), &accessv1.ResolveSubjectRequest{Organization: acme, Subject: "s1"})
	within("a member", bySubject.GetTerritory(), err)
	onBehalf, err := f.credentials.CreateDelegatedToken(rpcclient.WithOrganization(t.Context(), acme), &accessv1.CreateDelegatedTokenRequest{
		Principal: m.GetName(), Resource: "reportSchedules/weekly",
	})
	within("somebody acted for", onBehalf.GetTerritory(), err)
	delegated, err := f.credentials.ResolveToken(t.Context(), &accessv1.ResolveTokenRequest{Sha256: digestOf(onBehalf.GetToken())})
	within("a delegated token", delegated.GetTerritory(), err)
	if got := byToken.GetPrincipal().GetUnits(); !slices.Equal(got.GetRegions(), units.GetRegions()) || len(got.GetLocations()) != 0 {
		t.Errorf("the units as they were given: %v", got)
	}
	plain, err := f.credentials.ResolveToken(t.Context(), &accessv1.ResolveTokenRequest{Sha256: digestOf(secretOfAnother(t, f))})
	if err != nil || plain.GetTerritory() != nil {
		t.Errorf("who is restricted to a location: %v, %v", plain, err)
	}

	// Who is let in does not depend on the directory.
	directory.away = true
	f.clock.Advance(time.Minute)
	byToken, err = f.credentials.ResolveToken(t.Context(), &accessv1.ResolveTokenRequest{Sha256: digestOf(secret)})
	within("while the directory is away", byToken.GetTerritory(), err)
	f.clock.Advance(time.Hour)
	byToken, err = f.credentials.ResolveToken(t.Context(), &accessv1.ResolveTokenRequest{Sha256: digestOf(secret)})
	if err != nil || len(byToken.GetTerritory().GetLocations()) != 0 {
		t.Errorf("away for long: %v, %v", byToken, err)
	}
}

// secretOfAnother makes a key of a location.
func secretOfAnother(t *testing.T, f *fixture) string {
	t.Helper()
	key := secretKey("viewer")
	key.Units = &typev1.Units{Locations: []string{"osh"}}
	_, secret := f.createKey(t, key)
	return secret
}

func digestOf(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// directory refuses with a code.
type directory struct {
	segmentationv1.UnimplementedDirectoryServiceServer
	code codes.Code
}

func (d *directory) ResolveRegions(context.Context, *segmentationv1.ResolveRegionsRequest) (*segmentationv1.ResolveRegionsResponse, error) {
	return nil, status.Error(d.code, "no")
}

// That a service is away concerns everybody; that it does not answer in time, or refuses, concerns who was asked of.
func TestWhoseDirectoryIsAway(t *testing.T) {
	d, channel := &directory{}, &inprocgrpc.Channel{}
	segmentationv1.RegisterDirectoryServiceServer(channel, d)
	for code, everybody := range map[codes.Code]bool{codes.Unavailable: true, codes.DeadlineExceeded: false, codes.Internal: false, codes.ResourceExhausted: false} {
		d.code = code
		if _, err := api.Regions(channel).Inside(t.Context(), acme, []string{"south"}); err == nil || errors.Is(err, territory.ErrUnavailable) != everybody {
			t.Errorf("%v: %v", code, err)
		}
	}
}
