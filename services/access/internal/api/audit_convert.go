package api

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/services/access/internal/audit"
	"github.com/otklik/otklik/services/access/internal/contact"
	"github.com/otklik/otklik/services/access/internal/store"
)

const auditCollection = "auditEntries/"

// auditFilter is what both ways to read the log can be asked for.
type auditFilter interface {
	GetPeriod() *typev1.Period
	GetActor() string
	GetMethod() string
	GetResource() string
	GetOutcome() accessv1.AuditEntry_Outcome
}

// auditQuery is what is asked of the store. Whoever asks for what was done to a contact names it by its identifier; entries have its pseudonym,
// those of versions before pseudonyms the identifier.
func (s *Server) auditQuery(ctx context.Context, org string, f auditFilter) (store.AuditQuery, error) {
	q := store.AuditQuery{
		Organization: org, Actor: f.GetActor(), Method: f.GetMethod(), Resource: f.GetResource(), Outcome: audit.Outcome(f.GetOutcome()), //nolint:gosec // defined values only
	}
	for name, text := range map[string]string{"actor": q.Actor, "method": q.Method, "resource": q.Resource} {
		if text != (audit.Entry{Actor: text}).Clean().Actor {
			// No entry holds such a text, and no backend can be asked for it.
			return store.AuditQuery{}, invalidField(name, "has characters that no entry has")
		}
	}
	var err error
	if q.Resource, err = s.withoutContacts(ctx, org, f.GetResource()); err != nil {
		return store.AuditQuery{}, err
	}
	if q.Resource != f.GetResource() {
		q.Formerly = f.GetResource()
	}
	if q.From, err = instant("period.start_time", f.GetPeriod().GetStartTime()); err != nil {
		return store.AuditQuery{}, err
	}
	if q.To, err = instant("period.end_time", f.GetPeriod().GetEndTime()); err != nil {
		return store.AuditQuery{}, err
	}
	if !q.From.IsZero() && !q.To.IsZero() && q.To.Before(q.From) {
		return store.AuditQuery{}, invalidField("period.end_time", "lies before the start of the period")
	}
	return q, nil
}

// instant is a time to the nanosecond that may be missing. Errors name the field.
func instant(field string, t *timestamppb.Timestamp) (time.Time, error) {
	if t == nil {
		return time.Time{}, nil
	}
	if err := t.CheckValid(); err != nil {
		return time.Time{}, invalidField(field, "is no time")
	}
	return t.AsTime(), nil
}

// disguise names the contacts in an entry by their pseudonyms: the log is never changed, and must not tell who somebody was who is erased.
func (s *Server) disguise(ctx context.Context, e audit.Entry) (audit.Entry, error) {
	var err error
	e.Resource, err = s.withoutContacts(ctx, e.Organization, e.Resource)
	return e, err
}

// withoutContacts names contacts by their pseudonyms in the name of a resource; where there is no vault nobody has one.
func (s *Server) withoutContacts(ctx context.Context, org, resource string) (string, error) {
	if s.vault == nil || org == "" {
		return resource, nil
	}
	out, err := contact.Disguise(ctx, s.vault, org, resource)
	if err != nil {
		return "", storeError(err)
	}
	return out, nil
}

func auditToProto(e audit.Entry) *accessv1.AuditEntry {
	return &accessv1.AuditEntry{
		Name: fmt.Sprint(auditCollection, e.Sequence), Sequence: e.Sequence, Time: timestamppb.New(e.Time), Actor: e.Actor, ActorName: e.ActorName,
		Method: e.Method, Permission: e.Permission, Resource: e.Resource, ClientAddress: e.ClientAddress, RequestId: e.RequestID,
		Outcome: accessv1.AuditEntry_Outcome(e.Outcome), Code: e.Code, Start: e.Start, PreviousHash: e.Previous[:], Hash: e.Hash[:],
	}
}

// auditFromProto is a draft as it can be stored: clean, at a time that every backend can keep. Errors name the field.
func auditFromProto(field string, draft *accessv1.AppendAuditEntriesRequest_Draft) (audit.Entry, error) {
	in := draft.GetEntry()
	at, err := instant(field+".time", in.GetTime())
	if err != nil {
		return audit.Entry{}, err
	}
	outcome := in.GetOutcome()
	if _, ok := accessv1.AuditEntry_Outcome_name[int32(outcome)]; !ok || outcome == accessv1.AuditEntry_OUTCOME_UNSPECIFIED {
		return audit.Entry{}, invalidField(field+".outcome", "has to be one of the outcomes")
	}
	return audit.Entry{
		Organization: draft.GetOrganization(), Time: store.FromNano(store.ToNano(at)), Actor: in.GetActor(), ActorName: in.GetActorName(),
		Method: in.GetMethod(), Permission: in.GetPermission(), Resource: in.GetResource(), ClientAddress: in.GetClientAddress(), RequestID: in.GetRequestId(),
		Outcome: audit.Outcome(outcome), Code: in.GetCode(), Start: in.GetStart(), //nolint:gosec // defined values only
	}.Clean(), nil
}
