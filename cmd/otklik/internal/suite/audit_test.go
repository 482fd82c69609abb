package suite

import (
	"context"
	"errors"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/interceptor/audit"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
)

// keeping is an audit log that keeps what it is given.
type keeping struct {
	accessv1.UnimplementedAuditServiceServer
	unit

	drafts []*accessv1.AppendAuditEntriesRequest_Draft
	caller authn.Principal
}

func (k *keeping) Register(r grpc.ServiceRegistrar) { accessv1.RegisterAuditServiceServer(r, k) }

func (k *keeping) AppendAuditEntries(ctx context.Context, request *accessv1.AppendAuditEntriesRequest) (*accessv1.AppendAuditEntriesResponse, error) {
	k.caller, _ = authn.FromContext(ctx)
	answer := &accessv1.AppendAuditEntriesResponse{}
	for _, d := range request.GetDrafts() {
		k.drafts = append(k.drafts, d)
		answer.Sequences = append(answer.Sequences, int64(len(k.drafts)))
	}
	return answer, nil
}

// Entries reach the log of this process without its server, which refuses calls while it drains, and arrive whole.
func TestEntriesReachTheLog(t *testing.T) {
	t.Parallel()
	var sink auditSink
	entry := audit.Entry{
		Organization: "acme", Time: time.Unix(5, 6), Actor: "members/m1", ActorName: "Ainura", Method: "otklik.survey.v1.SurveyService/GetResponse",
		Permission: "survey.responses.get", Resource: "surveys/a/responses/b", ClientAddress: "10.0.0.1", RequestID: "r", Outcome: audit.Denied,
		Code: "PERMISSION_DENIED", Start: 7,
	}
	if _, err := sink.Append(t.Context(), []audit.Entry{entry}); !errors.Is(err, errNotConnected) {
		t.Errorf("before the access service is there: %v", err)
	}
	log := new(keeping)
	sink.set(directly(log))
	sequences, err := sink.Append(t.Context(), []audit.Entry{entry, entry})
	if err != nil || len(sequences) != 2 || sequences[1] != 2 || !log.caller.HasRole(authn.RoleService) {
		t.Fatalf("%v, %v, %+v", sequences, err, log.caller)
	}
	d := log.drafts[0]
	got := audit.Entry{
		Organization: d.GetOrganization(), Time: d.GetEntry().GetTime().AsTime().In(entry.Time.Location()), Actor: d.GetEntry().GetActor(), ActorName: d.GetEntry().GetActorName(),
		Method: d.GetEntry().GetMethod(), Permission: d.GetEntry().GetPermission(), Resource: d.GetEntry().GetResource(),
		ClientAddress: d.GetEntry().GetClientAddress(), RequestID: d.GetEntry().GetRequestId(), Outcome: audit.Outcome(d.GetEntry().GetOutcome()),
		Code: d.GetEntry().GetCode(), Start: d.GetEntry().GetStart(),
	}
	if got != entry || d.GetEntry().GetOutcome() != accessv1.AuditEntry_OUTCOME_DENIED {
		t.Errorf("%+v, want %+v", got, entry)
	}
}
