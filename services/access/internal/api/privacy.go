package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcerr"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/services/access/internal/credential"
	"github.com/otklik/otklik/services/access/internal/erasure"
	"github.com/otklik/otklik/services/access/internal/store"
)

// reasonHolderAway tells that a service that keeps something of persons does not answer.
const reasonHolderAway = "SERVICE_UNAVAILABLE"

// reasonVaultExchanged tells, as the survey service does, that the vault is another one than that by which persons were made unknown.
const reasonVaultExchanged = "VAULT_EXCHANGED"

// reasonFurther tells, as the segmentation service does, that a customer is known by more than what is to be erased.
const reasonFurther = "IDENTITIES_CHANGED"

// holderRetryAfter is the advice to callers meanwhile.
const holderRetryAfter = 5 * time.Second

// privacyServer serves PrivacyService.
type privacyServer struct {
	accessv1.UnimplementedPrivacyServiceServer
	*Server
}

// CreateErasure begins to erase a person.
func (s *privacyServer) CreateErasure(ctx context.Context, req *accessv1.CreateErasureRequest) (*accessv1.CreateErasureResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	if err := credential.CheckLine("respondent", req.GetRespondent()); err != nil {
		return nil, grantError("", err)
	}
	caller, _ := authn.FromContext(ctx)
	person, err := s.vault.Pseudonym(ctx, org, req.GetRespondent())
	if err != nil {
		return nil, storeError(err)
	}
	now := s.now()
	e := erasure.Erasure{
		Organization: org, ID: newID(longID), RequestID: req.GetRequestId(), State: erasure.Running, CreateTime: now, Due: now,
		Progress: erasure.Progress{Person: person, Reason: req.GetReason(), Requester: caller.ID},
	}
	stored, replayed, err := s.store.CreateErasure(ctx, e)
	if err != nil {
		return nil, storeError(err)
	}
	if replayed && (stored.Person != e.Person || stored.Reason != e.Reason) {
		return nil, refuseField(codes.AlreadyExists, accessv1.ErrorReason_ERROR_REASON_REQUEST_ID_REUSED, "request_id",
			"was used with other content; use a new one for new content")
	}
	s.erasuresWake()
	return &accessv1.CreateErasureResponse{Erasure: erasureToProto(stored), Replayed: replayed}, nil
}

// GetErasure returns an erasure with its receipt.
func (s *privacyServer) GetErasure(ctx context.Context, req *accessv1.GetErasureRequest) (*accessv1.GetErasureResponse, error) {
	org, id, err := parseOwned(ctx, "name", erasure.NamePrefix, req.GetName())
	if err != nil {
		return nil, err
	}
	e, err := s.store.GetErasure(ctx, org, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, notFound(accessv1.ErrorReason_ERROR_REASON_ERASURE_NOT_FOUND, "erasure", req.GetName())
	}
	if err != nil {
		return nil, storeError(err)
	}
	return &accessv1.GetErasureResponse{Erasure: erasureToProto(e)}, nil
}

// ListErasures lists erasures, the newest first.
func (s *privacyServer) ListErasures(ctx context.Context, req *accessv1.ListErasuresRequest) (*accessv1.ListErasuresResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	p, err := s.openList(accessv1.PrivacyService_ListErasures_FullMethodName, org, req, req.GetPageToken(), req.GetPageSize())
	if err != nil {
		return nil, err
	}
	since, err := timeFromProto("under_way_since", req.GetUnderWaySince())
	if err != nil {
		return nil, err
	}
	list, more, err := s.store.ListErasures(ctx, p.query, since)
	if err != nil {
		return nil, storeError(err)
	}
	out := &accessv1.ListErasuresResponse{}
	for _, e := range list {
		out.Erasures = append(out.Erasures, erasureToProto(e))
	}
	if more {
		out.NextPageToken = s.next(p, more, store.PlaceOfErasure(list[len(list)-1]))
	}
	return out, nil
}

// ExportPersonData streams what all services keep about a person.
func (s *privacyServer) ExportPersonData(req *accessv1.ExportPersonDataRequest, stream grpc.ServerStreamingServer[accessv1.ExportPersonDataResponse]) error {
	ctx := stream.Context()
	org, err := authn.Organization(ctx)
	if err != nil {
		return err
	}
	if err := credential.CheckLine("respondent", req.GetRespondent()); err != nil {
		return grantError("", err)
	}
	person, err := s.vault.Pseudonym(ctx, org, req.GetRespondent())
	if err != nil {
		return storeError(err)
	}
	err = erasure.Export(ctx, s.holders, s.directory, org, person, func(r erasure.Record) error {
		record, err := recordToProto(r)
		if err != nil {
			return err
		}
		return stream.Send(&accessv1.ExportPersonDataResponse{Record: record})
	})
	if errors.Is(err, erasure.ErrExchanged) {
		return rpcerr.New(codes.FailedPrecondition, reasonVaultExchanged,
			"what is kept of persons was sealed by another vault than the one there is, so that nobody is found: restore the access database",
			rpcerr.WithDomain(domain), rpcerr.WithCause(err))
	}
	if errors.Is(err, erasure.ErrAway) {
		return rpcerr.New(codes.Unavailable, reasonHolderAway, "a service that keeps data of persons does not answer: the export is not whole",
			rpcerr.WithDomain(domain), rpcerr.WithRetryAfter(holderRetryAfter), rpcerr.WithCause(err))
	}
	return storeError(err)
}

func erasureToProto(e erasure.Erasure) *accessv1.Erasure {
	out := &accessv1.Erasure{
		Name: e.Name(), Person: e.Person, Reason: e.Reason, Requester: e.Requester, CreateTime: timestamppb.New(e.CreateTime), EndTime: timeToProto(e.EndTime),
		Persons: e.Persons, WaitingFor: e.WaitingFor, State: accessv1.Erasure_STATE_RUNNING,
	}
	if e.State == erasure.Succeeded {
		out.State = accessv1.Erasure_STATE_SUCCEEDED
	}
	for _, r := range e.Removals {
		out.Removals = append(out.Removals, &typev1.Removal{Service: r.Service, Kind: r.Kind, Place: r.Place, Count: r.Count, Note: r.Note})
	}
	return out
}

func removalsFromProto(in []*typev1.Removal) []erasure.Removal {
	out := make([]erasure.Removal, len(in))
	for i, r := range in {
		out[i] = erasure.Removal{Service: r.GetService(), Kind: r.GetKind(), Place: r.GetPlace(), Count: r.GetCount(), Note: r.GetNote()}
	}
	return out
}

func recordToProto(r erasure.Record) (*typev1.PersonRecord, error) {
	out := &typev1.PersonRecord{Service: r.Service, Kind: r.Kind, Name: r.Name, Time: timeToProto(r.Time), Note: r.Note}
	if r.Content == nil {
		return out, nil
	}
	var err error
	if out.Content, err = structpb.NewStruct(r.Content); err != nil {
		return nil, fmt.Errorf("convert %s of %s: %w", r.Kind, r.Service, err)
	}
	return out, nil
}

func recordFromProto(r *typev1.PersonRecord) erasure.Record {
	out := erasure.Record{Service: r.GetService(), Kind: r.GetKind(), Name: r.GetName(), Note: r.GetNote()}
	if r.GetContent() != nil {
		out.Content = r.GetContent().AsMap()
	}
	if r.GetTime() != nil {
		out.Time = r.GetTime().AsTime()
	}
	return out
}
