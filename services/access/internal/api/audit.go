package api

import (
	"context"
	"encoding/binary"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/libs/rpcerr"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	"github.com/otklik/otklik/services/access/internal/audit"
	"github.com/otklik/otklik/services/access/internal/store"
)

// auditServer serves AuditService.
type auditServer struct {
	accessv1.UnimplementedAuditServiceServer
	*Server
}

// auditPart is how many entries are read from the store at a time where the whole log is read.
const auditPart = 1000

// ListAuditEntries lists entries, the newest first.
func (s *auditServer) ListAuditEntries(ctx context.Context, req *accessv1.ListAuditEntriesRequest) (*accessv1.ListAuditEntriesResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	q, err := s.auditQuery(ctx, org, req)
	if err != nil {
		return nil, err
	}
	size := int(req.GetPageSize())
	if size <= 0 {
		size = defaultPageSize
	}
	binding := page.Binding(accessv1.AuditService_ListAuditEntries_FullMethodName, org, req)
	raw, err := s.pages.Decode(binding, req.GetPageToken())
	if err != nil {
		return nil, err
	}
	if raw != nil {
		before, n := binary.Varint(raw)
		if n != len(raw) || before < 1 {
			return nil, page.ErrMalformed
		}
		q.Before = before
	}
	q.Newest, q.Limit = true, size+1
	entries, err := s.store.ListAudit(ctx, q)
	if err != nil {
		return nil, storeError(err)
	}
	out := &accessv1.ListAuditEntriesResponse{}
	if len(entries) > size {
		entries = entries[:size]
		out.NextPageToken = s.pages.Encode(binding, binary.AppendVarint(nil, entries[size-1].Sequence))
	}
	for _, e := range entries {
		out.Entries = append(out.Entries, auditToProto(e))
	}
	return out, nil
}

// StreamAuditEntries streams entries in the order of the chain.
func (s *auditServer) StreamAuditEntries(req *accessv1.StreamAuditEntriesRequest, stream grpc.ServerStreamingServer[accessv1.StreamAuditEntriesResponse]) error {
	ctx := stream.Context()
	org, err := authn.Organization(ctx)
	if err != nil {
		return err
	}
	q, err := s.auditQuery(ctx, org, req)
	if err != nil {
		return err
	}
	head, err := s.store.AuditHead(ctx, org)
	if err != nil {
		return storeError(err)
	}
	// Not beyond the end as it was: reading the log is remembered in the log.
	q.After, q.Before = req.GetAfterSequence(), head.Sequence+1
	return s.eachEntry(ctx, q, func(e audit.Entry) (bool, error) {
		return true, stream.Send(&accessv1.StreamAuditEntriesResponse{Entry: auditToProto(e)})
	})
}

// eachEntry calls fn with the entries of a query in the order of the chain until it returns false.
func (s *auditServer) eachEntry(ctx context.Context, q store.AuditQuery, fn func(audit.Entry) (bool, error)) error {
	q.Limit = auditPart
	for {
		entries, err := s.store.ListAudit(ctx, q)
		if err != nil {
			return storeError(err)
		}
		for _, e := range entries {
			if more, err := fn(e); err != nil || !more {
				return err
			}
			q.After = e.Sequence
		}
		if len(entries) < auditPart {
			return nil
		}
	}
}

// VerifyAuditLog computes the whole chain anew.
func (s *auditServer) VerifyAuditLog(ctx context.Context, req *accessv1.VerifyAuditLogRequest) (*accessv1.VerifyAuditLogResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	var known *audit.Hash
	if raw := req.GetKnownHash(); len(raw) > 0 {
		if len(raw) != len(audit.Hash{}) {
			return nil, invalidField("known_hash", fmt.Sprintf("has to be %d bytes or empty", len(audit.Hash{})))
		}
		h := audit.Hash(raw)
		known = &h
	}
	head, err := s.store.AuditHead(ctx, org)
	if err != nil {
		return nil, storeError(err)
	}
	v := audit.NewVerifier(org, known)
	// What is appended meanwhile is left for the next time.
	err = s.eachEntry(ctx, store.AuditQuery{Organization: org, Before: head.Sequence + 1}, func(e audit.Entry) (bool, error) { return v.Add(e), nil })
	if err != nil {
		return nil, err
	}
	fault := v.Finish(head)
	end := v.Head()
	return &accessv1.VerifyAuditLogResponse{
		Intact: fault.Sequence == 0, Entries: end.Sequence, HeadHash: end.Hash[:], FirstFault: fault.Sequence, Fault: fault.Text,
	}, nil
}

// AppendAuditEntries appends entries of the suite's services.
func (s *auditServer) AppendAuditEntries(ctx context.Context, req *accessv1.AppendAuditEntriesRequest) (*accessv1.AppendAuditEntriesResponse, error) {
	caller, ok := authn.FromContext(ctx)
	if !ok {
		return nil, authn.ErrMissing
	}
	entries := make([]audit.Entry, len(req.GetDrafts()))
	for i, draft := range req.GetDrafts() {
		if caller.Organization != "" && caller.Organization != draft.GetOrganization() {
			return nil, rpcerr.New(codes.PermissionDenied, rpcerr.ReasonOf(accessv1.ErrorReason_ERROR_REASON_CREDENTIAL_UNSUITABLE),
				fmt.Sprintf("drafts[%d] belongs to another organisation than the call", i), rpcerr.WithDomain(domain))
		}
		e, err := auditFromProto(fmt.Sprintf("drafts[%d].entry", i), draft)
		if err != nil {
			return nil, err
		}
		if entries[i], err = s.disguise(ctx, e); err != nil {
			return nil, err
		}
	}
	sequences, err := s.store.AppendAudit(ctx, entries)
	if err != nil {
		return nil, storeError(err)
	}
	return &accessv1.AppendAuditEntriesResponse{Sequences: sequences}, nil
}
