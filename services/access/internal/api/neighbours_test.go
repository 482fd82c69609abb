package api_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/otklik/otklik/libs/authn"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/services/access/internal/erasure"
	"github.com/otklik/otklik/services/access/internal/erasure/erasuretest"
)

// neighbour serves the PersonServices of survey and scoring over what a holder keeps.
func neighbour(t testing.TB, h *erasuretest.Holder) grpc.ClientConnInterface {
	t.Helper()
	listener := bufconn.Listen(1 << 20)
	server := grpc.NewServer()
	surveyv1.RegisterPersonServiceServer(server, surveyPersons{holder: h})
	scoringv1.RegisterPersonServiceServer(server, scoringPersons{holder: h})
	go func() {
		if err := server.Serve(listener); err != nil {
			t.Error(err)
		}
	}()
	conn, err := grpc.NewClient("passthrough:///"+h.Name(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		server.Stop()
	})
	return conn
}

// organizationOf is the organisation that a service acts for.
func organizationOf(ctx context.Context) string {
	return strings.Join(metadata.ValueFromIncomingContext(ctx, authn.MetadataOrganization), ",")
}

// answer is a holder's error as a service states it.
func answer(err error) error {
	if errors.Is(err, erasure.ErrAway) {
		return status.Error(codes.Unavailable, "away")
	}
	return err
}

func export(ctx context.Context, h *erasuretest.Holder, person string, send func([]*typev1.PersonRecord) error) error {
	return answer(h.Export(ctx, organizationOf(ctx), person, func(r erasure.Record) error {
		content, err := structpb.NewStruct(r.Content)
		if err != nil {
			return err
		}
		return send([]*typev1.PersonRecord{{Service: r.Service, Kind: r.Kind, Name: r.Name, Content: content}})
	}))
}

func erase(ctx context.Context, h *erasuretest.Holder, s erasure.Step) ([]*typev1.Removal, int64, error) {
	removals, reached, err := h.Erase(ctx, s)
	var out []*typev1.Removal
	for _, r := range removals {
		out = append(out, &typev1.Removal{Service: r.Service, Kind: r.Kind, Place: r.Place, Count: r.Count})
	}
	return out, reached, answer(err)
}

type surveyPersons struct {
	surveyv1.UnimplementedPersonServiceServer
	holder *erasuretest.Holder
}

func (s surveyPersons) ExportPerson(req *surveyv1.ExportPersonRequest, stream grpc.ServerStreamingServer[surveyv1.ExportPersonResponse]) error {
	return export(stream.Context(), s.holder, req.GetPerson(), func(r []*typev1.PersonRecord) error {
		return stream.Send(&surveyv1.ExportPersonResponse{Records: r})
	})
}

func (s surveyPersons) ErasePerson(ctx context.Context, req *surveyv1.ErasePersonRequest) (*surveyv1.ErasePersonResponse, error) {
	removals, position, err := erase(ctx, s.holder, erasure.Step{
		Organization: organizationOf(ctx), Person: req.GetPerson(), Erasure: req.GetErasure(), Position: req.GetPosition(),
	})
	return &surveyv1.ErasePersonResponse{Removals: removals, Position: position}, err
}

type scoringPersons struct {
	scoringv1.UnimplementedPersonServiceServer
	holder *erasuretest.Holder
}

func (s scoringPersons) ExportPerson(req *scoringv1.ExportPersonRequest, stream grpc.ServerStreamingServer[scoringv1.ExportPersonResponse]) error {
	return export(stream.Context(), s.holder, req.GetPerson(), func(r []*typev1.PersonRecord) error {
		return stream.Send(&scoringv1.ExportPersonResponse{Records: r})
	})
}

func (s scoringPersons) ErasePerson(ctx context.Context, req *scoringv1.ErasePersonRequest) (*scoringv1.ErasePersonResponse, error) {
	removals, position, err := erase(ctx, s.holder, erasure.Step{
		Organization: organizationOf(ctx), Person: req.GetPerson(), Erasure: req.GetErasure(), Position: req.GetPosition(),
	})
	return &scoringv1.ErasePersonResponse{Removals: removals, Position: position}, err
}
