package suite

import (
	"context"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/interceptor/audit"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
)

// appendEntries appends entries to the audit log.
type appendEntries func(context.Context, *accessv1.AppendAuditEntriesRequest) (*accessv1.AppendAuditEntriesResponse, error)

// auditSink brings what the steps of a server remember to the access service, which is connected after the server is made. Safe for concurrent use.
type auditSink struct {
	append atomic.Pointer[appendEntries]
}

var _ audit.Sink = (*auditSink)(nil)

// set says where entries go.
func (s *auditSink) set(f appendEntries) { s.append.Store(&f) }

// Append makes entries durable and returns their places in the chains of their organisations.
func (s *auditSink) Append(ctx context.Context, entries []audit.Entry) ([]int64, error) {
	f := s.append.Load()
	if f == nil {
		return nil, errNotConnected
	}
	request := &accessv1.AppendAuditEntriesRequest{}
	for _, e := range entries {
		request.Drafts = append(request.Drafts, draft(e))
	}
	answer, err := (*f)(ctx, request)
	if err != nil {
		return nil, err
	}
	return answer.GetSequences(), nil
}

func draft(e audit.Entry) *accessv1.AppendAuditEntriesRequest_Draft {
	return &accessv1.AppendAuditEntriesRequest_Draft{Organization: e.Organization, Entry: &accessv1.AuditEntry{
		Time: timestamppb.New(e.Time), Actor: e.Actor, ActorName: e.ActorName, Method: e.Method, Permission: e.Permission, Resource: e.Resource,
		ClientAddress: e.ClientAddress, RequestId: e.RequestID, Outcome: accessv1.AuditEntry_Outcome(e.Outcome), Code: e.Code, Start: e.Start,
	}}
}

// overConnection appends by calls to the access service of another process.
func overConnection(conn grpc.ClientConnInterface) appendEntries {
	client := accessv1.NewAuditServiceClient(conn)
	return func(ctx context.Context, request *accessv1.AppendAuditEntriesRequest) (*accessv1.AppendAuditEntriesResponse, error) {
		return client.AppendAuditEntries(ctx, request)
	}
}

// directly appends by the access service of this process itself: the server refuses calls while it drains, and the last calls are to be remembered
// too.
func directly(u unit) appendEntries {
	found := new(auditFinder)
	u.Register(found)
	caller := authn.Principal{Kind: authn.KindService, ID: "internal", Roles: []string{authn.RoleService}}
	return func(ctx context.Context, request *accessv1.AppendAuditEntriesRequest) (*accessv1.AppendAuditEntriesResponse, error) {
		if found.server == nil {
			return nil, errNotConnected
		}
		return found.server.AppendAuditEntries(authn.WithPrincipal(ctx, caller), request)
	}
}

// auditFinder is told of the services of a unit and keeps the one of the audit log.
type auditFinder struct {
	server accessv1.AuditServiceServer
}

// RegisterService keeps the audit service.
func (f *auditFinder) RegisterService(desc *grpc.ServiceDesc, impl any) {
	if desc.ServiceName == accessv1.AuditService_ServiceDesc.ServiceName {
		f.server, _ = impl.(accessv1.AuditServiceServer)
	}
}
