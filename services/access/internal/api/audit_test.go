package api_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/rpcclient"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/services/access/internal/api"
	"github.com/otklik/otklik/services/access/internal/audit"
	"github.com/otklik/otklik/services/access/internal/store"
)

// auditFixture is a service with a log; service appends, auditor reads that of acme, other that of globex.
type auditFixture struct {
	*fixture
	service, auditor, foreign accessv1.AuditServiceClient
}

func newAuditFixture(t *testing.T, change ...func(*api.Options)) auditFixture {
	f := newFixture(t, change...)
	return auditFixture{
		fixture: f, service: accessv1.NewAuditServiceClient(withKey(f, secretOf("service"))),
		auditor: accessv1.NewAuditServiceClient(withKey(f, secretOf(acme))), foreign: accessv1.NewAuditServiceClient(withKey(f, secretOf(globex))),
	}
}

func auditDraft(organization, actor string, minute int) *accessv1.AppendAuditEntriesRequest_Draft {
	return &accessv1.AppendAuditEntriesRequest_Draft{Organization: organization, Entry: &accessv1.AuditEntry{
		Time: timestamppb.New(start.Add(time.Duration(minute) * time.Minute)), Actor: actor, Method: "otklik.survey.v1.SurveyService/GetResponse",
		Resource: "surveys/s1/responses/r1", Outcome: accessv1.AuditEntry_OUTCOME_SUCCEEDED,
	}}
}

func (f auditFixture) append(t *testing.T, drafts ...*accessv1.AppendAuditEntriesRequest_Draft) []int64 {
	t.Helper()
	answer, err := f.service.AppendAuditEntries(t.Context(), &accessv1.AppendAuditEntriesRequest{Drafts: drafts})
	if err != nil {
		t.Fatal(err)
	}
	return answer.GetSequences()
}

func (f auditFixture) verify(t *testing.T, known []byte) *accessv1.VerifyAuditLogResponse {
	t.Helper()
	answer, err := f.auditor.VerifyAuditLog(t.Context(), &accessv1.VerifyAuditLogRequest{KnownHash: known})
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func sequencesOf(entries []*accessv1.AuditEntry) []int64 {
	var out []int64
	for _, e := range entries {
		out = append(out, e.GetSequence())
	}
	return out
}

// stream reads a stream of entries to its end.
func (f auditFixture) stream(t *testing.T, req *accessv1.StreamAuditEntriesRequest) []*accessv1.AuditEntry {
	t.Helper()
	stream, err := f.auditor.StreamAuditEntries(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	var out []*accessv1.AuditEntry
	for {
		part, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, part.GetEntry())
	}
}

func TestAuditLogIsReadInPages(t *testing.T) {
	f := newAuditFixture(t)
	for i := range 7 {
		f.append(t, auditDraft(acme, fmt.Sprint("actor-", i%2), i), auditDraft(globex, "foreign", i))
	}
	var got []int64
	req := &accessv1.ListAuditEntriesRequest{PageSize: 2, Actor: "actor-0", Method: "GetResponse", Resource: "surveys/s1"}
	for {
		answer, err := f.auditor.ListAuditEntries(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, sequencesOf(answer.GetEntries())...)
		for _, e := range answer.GetEntries() {
			if e.GetActor() != "actor-0" || e.GetName() != fmt.Sprint("auditEntries/", e.GetSequence()) {
				t.Errorf("entry %v", e)
			}
		}
		if req.PageToken = answer.GetNextPageToken(); req.GetPageToken() == "" {
			break
		}
		// What comes meanwhile moves nothing.
		f.append(t, auditDraft(acme, "actor-0", 60))
	}
	if !slices.Equal(got, []int64{7, 5, 3, 1}) {
		t.Errorf("the newest first: %v", got)
	}
	_, err := f.foreign.ListAuditEntries(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	first, err := f.auditor.ListAuditEntries(t.Context(), &accessv1.ListAuditEntriesRequest{PageSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.foreign.ListAuditEntries(t.Context(), &accessv1.ListAuditEntriesRequest{PageSize: 1, PageToken: first.GetNextPageToken()})
	wantError(t, "page token of another organisation", err, codes.InvalidArgument, "PAGE_TOKEN_MISMATCH", "page_token")
	_, err = f.auditor.ListAuditEntries(t.Context(), &accessv1.ListAuditEntriesRequest{PageToken: "x"})
	wantError(t, "damaged page token", err, codes.InvalidArgument, "PAGE_TOKEN_MALFORMED", "page_token")
	_, err = f.auditor.ListAuditEntries(t.Context(), &accessv1.ListAuditEntriesRequest{Actor: "a\x00b"})
	wantError(t, "a text that no entry has", err, codes.InvalidArgument, "FIELD_INVALID", "actor")
	_, err = f.auditor.ListAuditEntries(t.Context(), &accessv1.ListAuditEntriesRequest{Period: &typev1.Period{
		StartTime: timestamppb.New(start.Add(time.Hour)), EndTime: timestamppb.New(start),
	}})
	if err == nil {
		t.Error("a period that ends before it begins was taken")
	}
}

func TestAuditLogIsStreamedInOrder(t *testing.T) {
	f := newAuditFixture(t)
	var drafts []*accessv1.AppendAuditEntriesRequest_Draft
	for i := range 990 {
		drafts = append(drafts, auditDraft(acme, fmt.Sprint("actor-", i%3), i))
	}
	for range 3 {
		f.append(t, drafts...)
	}
	all := f.stream(t, &accessv1.StreamAuditEntriesRequest{})
	if len(all) != 2970 || all[0].GetSequence() != 1 || !slices.IsSortedFunc(all, func(a, b *accessv1.AuditEntry) int { return int(a.GetSequence() - b.GetSequence()) }) {
		t.Fatalf("%d entries", len(all))
	}
	if rest := f.stream(t, &accessv1.StreamAuditEntriesRequest{AfterSequence: 2960, Actor: "actor-0"}); !slices.Equal(sequencesOf(rest), []int64{2962, 2965, 2968}) {
		t.Errorf("after 2960: %v", sequencesOf(rest))
	}
	// What is exported can be verified by whoever has it.
	v := audit.NewVerifier(acme, nil)
	for _, e := range all {
		v.Add(audit.Entry{
			Organization: acme, Sequence: e.GetSequence(), Time: e.GetTime().AsTime(), Actor: e.GetActor(), ActorName: e.GetActorName(), Method: e.GetMethod(),
			Permission: e.GetPermission(), Resource: e.GetResource(), ClientAddress: e.GetClientAddress(), RequestID: e.GetRequestId(),
			Outcome: audit.Outcome(e.GetOutcome()), Code: e.GetCode(), Start: e.GetStart(), Previous: audit.Hash(e.GetPreviousHash()), Hash: audit.Hash(e.GetHash()),
		})
	}
	answer := f.verify(t, nil)
	if fault := v.Finish(audit.Head{Sequence: answer.GetEntries(), Hash: audit.Hash(answer.GetHeadHash())}); fault.Sequence != 0 {
		t.Errorf("the export does not fit: %+v", fault)
	}
}

func TestAuditLogIsVerified(t *testing.T) {
	tampering := &tamperedStore{}
	f := newAuditFixture(t, func(o *api.Options) {
		tampering.Store = o.Store
		o.Store = tampering
	})
	if answer := f.verify(t, nil); !answer.GetIntact() || answer.GetEntries() != 0 || len(answer.GetHeadHash()) != 32 {
		t.Errorf("empty log: %v", answer)
	}
	f.append(t, auditDraft(acme, "a", 1), auditDraft(acme, "b", 2), auditDraft(acme, "c", 3))
	noted := f.verify(t, nil)
	if !noted.GetIntact() || noted.GetEntries() != 3 {
		t.Fatalf("%v", noted)
	}
	f.append(t, auditDraft(acme, "d", 4))
	if answer := f.verify(t, noted.GetHeadHash()); !answer.GetIntact() || answer.GetEntries() != 4 {
		t.Errorf("with the noted hash: %v", answer)
	}
	if answer := f.verify(t, make([]byte, 31+1)); !answer.GetIntact() {
		t.Errorf("the beginning was noted: %v", answer)
	}
	unknown := slices.Clone(noted.GetHeadHash())
	unknown[0] ^= 1
	if answer := f.verify(t, unknown); answer.GetIntact() || answer.GetFirstFault() != 5 || answer.GetFault() == "" {
		t.Errorf("with another hash: %v", answer)
	}
	_, err := f.auditor.VerifyAuditLog(t.Context(), &accessv1.VerifyAuditLogRequest{KnownHash: []byte("short")})
	wantError(t, "a hash of another length", err, codes.InvalidArgument, "FIELD_INVALID", "known_hash")
	for name, c := range map[string]struct {
		tamper func([]audit.Entry) []audit.Entry
		fault  int64
	}{
		"changed":  {func(e []audit.Entry) []audit.Entry { e[1].Actor = "x"; return e }, 2},
		"removed":  {func(e []audit.Entry) []audit.Entry { return slices.Delete(e, 2, 3) }, 3},
		"cut":      {func(e []audit.Entry) []audit.Entry { return e[:3] }, 4},
		"emptied":  {func([]audit.Entry) []audit.Entry { return nil }, 1},
		"replaced": {replaced, 4},
	} {
		tampering.tamper = c.tamper
		if answer := f.verify(t, nil); answer.GetIntact() || answer.GetFirstFault() != c.fault || answer.GetFault() == "" {
			t.Errorf("%s: %v, want a fault at %d", name, answer, c.fault)
		}
	}
}

// replaced makes a chain of other entries that fits by itself.
func replaced(entries []audit.Entry) []audit.Entry {
	var head audit.Head
	for i, e := range entries {
		e.Actor += "x"
		entries[i], head = head.Next(e)
	}
	return entries
}

// tamperedStore is a store whose log somebody changed in the database.
type tamperedStore struct {
	store.Store
	tamper func([]audit.Entry) []audit.Entry
}

func (s *tamperedStore) ListAudit(ctx context.Context, q store.AuditQuery) ([]audit.Entry, error) {
	entries, err := s.Store.ListAudit(ctx, q)
	if s.tamper != nil {
		entries = s.tamper(entries)
	}
	return entries, err
}

func TestAuditAppends(t *testing.T) {
	f := newAuditFixture(t)
	strange := auditDraft(acme, "a\x00b"+strings.Repeat("ж", 2000), 1)
	if got := f.append(t, strange, auditDraft(globex, "b", 1), auditDraft(acme, "c", 2)); !slices.Equal(got, []int64{1, 1, 2}) {
		t.Errorf("sequences %v", got)
	}
	entries := f.stream(t, &accessv1.StreamAuditEntriesRequest{})
	if len(entries) != 2 || !strings.HasPrefix(entries[0].GetActor(), "a\uFFFDb") || len(entries[0].GetActor()) > 1024 {
		t.Errorf("a strange actor is kept as %d entries", len(entries))
	}
	for name, c := range map[string]struct {
		change func(*accessv1.AuditEntry)
		field  string
	}{
		"no outcome": {func(e *accessv1.AuditEntry) { e.Outcome = 0 }, "drafts[0].entry.outcome"},
		"no such":    {func(e *accessv1.AuditEntry) { e.Outcome = 99 }, "drafts[0].entry.outcome"},
		"no time":    {func(e *accessv1.AuditEntry) { e.Time = &timestamppb.Timestamp{Nanos: -1} }, "drafts[0].entry.time"},
	} {
		draft := auditDraft(acme, "x", 1)
		c.change(draft.GetEntry())
		_, err := f.service.AppendAuditEntries(t.Context(), &accessv1.AppendAuditEntriesRequest{Drafts: []*accessv1.AppendAuditEntriesRequest_Draft{draft}})
		wantError(t, name, err, codes.InvalidArgument, "FIELD_INVALID", c.field)
	}
	bound := accessv1.NewAuditServiceClient(rpcclient.WithKey(f.server.InProcess(), secretOf("service"), acme))
	_, err := bound.AppendAuditEntries(t.Context(), &accessv1.AppendAuditEntriesRequest{Drafts: []*accessv1.AppendAuditEntriesRequest_Draft{auditDraft(globex, "x", 1)}})
	wantError(t, "for another organisation than the call's", err, codes.PermissionDenied, "CREDENTIAL_UNSUITABLE", "")
}

// TestContactsInTheLogAreDisguised: the log, which is never changed, names contacts by pseudonyms; who knows the identifier finds the entries all the same, also
// those of before, which name it.
func TestContactsInTheLogAreDisguised(t *testing.T) {
	var log store.Audit
	f := newAuditFixture(t, func(o *api.Options) { o.Vault, log = newVault(t, o.Store), o.Store })
	names := []string{"contacts/ann/light", "contacts/ann", "contacts/anna", "segments/vip/memberships/ann", "cases/7"}
	var drafts []*accessv1.AppendAuditEntriesRequest_Draft
	for i, name := range names {
		draft := auditDraft(acme, "keys/a", i)
		draft.Entry.Resource = name
		drafts = append(drafts, draft)
	}
	f.append(t, drafts...)
	read := func(resource string) (out []string) {
		t.Helper()
		answer, err := f.auditor.ListAuditEntries(t.Context(), &accessv1.ListAuditEntriesRequest{Actor: "keys/a", Resource: resource})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range answer.GetEntries() {
			out = append(out, e.GetResource())
		}
		return out
	}
	find := func(resource string) []string {
		t.Helper()
		out := read(resource)
		if strings.Contains(strings.Join(out, " "), "ann") {
			t.Errorf("entries name the contact: %v", out)
		}
		return out
	}
	if all := find(""); len(all) != len(names) || all[0] != "cases/7" {
		t.Errorf("the log tells of %v", all)
	}
	of := find("contacts/ann")
	if len(of) != 2 || of[1] != of[0]+"/light" {
		t.Fatalf("of the contact are found %v", of)
	}
	if again := find(of[0]); !slices.Equal(again, of) {
		t.Errorf("by the pseudonym are found %v", again)
	}
	if of := find("segments/vip/memberships/ann"); len(of) != 1 {
		t.Errorf("of the membership are found %v", of)
	}
	before := audit.Entry{Organization: acme, Time: start, Actor: "keys/a", Method: "otklik.segmentation.v1.DirectoryService/GetContact", Resource: "contacts/ann", Outcome: audit.Succeeded}
	if _, err := log.AppendAudit(t.Context(), []audit.Entry{before}); err != nil {
		t.Fatal(err)
	}
	if both := read("contacts/ann"); len(both) != 3 || both[0] != "contacts/ann" {
		t.Errorf("with one of before are found %v", both)
	}
	if v := f.verify(t, nil); !v.GetIntact() {
		t.Errorf("the chain: %v", v)
	}
}
