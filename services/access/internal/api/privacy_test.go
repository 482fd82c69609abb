package api_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/seal"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	"github.com/otklik/otklik/services/access/internal/api"
	"github.com/otklik/otklik/services/access/internal/erasure"
	"github.com/otklik/otklik/services/access/internal/erasure/erasuretest"
	"github.com/otklik/otklik/services/access/internal/store"
	"github.com/otklik/otklik/services/access/internal/vault"
)

// privacyFixture is a service whose neighbours keep things in memory, behind their PersonService.
type privacyFixture struct {
	*fixture
	survey, scoring  *erasuretest.Holder
	privacy, foreign accessv1.PrivacyServiceClient
	vault            accessv1.VaultServiceClient
	own              erasure.Holder
	// person is the pseudonym of a respondent.
	person func(t testing.TB, organization, respondent string) string
}

func newPrivacyFixture(t testing.TB) *privacyFixture {
	t.Helper()
	f := &privacyFixture{survey: erasuretest.NewHolder("survey"), scoring: erasuretest.NewHolder("scoring")}
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	f.fixture = newFixture(t, func(o *api.Options) {
		v := newVault(t, o.Store)
		keeper := seal.NewKeeper(v, seal.KeeperOptions{Lease: 10})
		respondents := vault.NewRespondents(keeper)
		f.person = func(t testing.TB, organization, respondent string) string {
			t.Helper()
			person, err := v.Pseudonym(t.Context(), organization, respondent)
			if err != nil {
				t.Fatal(err)
			}
			return person
		}
		f.own = api.OwnHolder(o.Store, keeper, respondents, time.Now)
		o.Vault, o.Respondents = v, respondents
		o.Holders = []erasure.Holder{api.SurveyHolder(neighbour(t, f.survey)), api.ScoringHolder(neighbour(t, f.scoring)), f.own}
		runner := erasure.NewRunner(erasure.RunnerOptions{
			Queue: o.Store, Holders: o.Holders, Owner: "me", Logger: slog.New(slog.DiscardHandler), Now: time.Now,
		})
		o.ErasuresWake = runner.Wake
		group.Go(func() { runner.Run(ctx) })
		t.Cleanup(func() {
			if err := keeper.Close(); err != nil {
				t.Error(err)
			}
		})
	})
	t.Cleanup(func() {
		cancel()
		group.Wait()
	})
	f.privacy, f.foreign = accessv1.NewPrivacyServiceClient(withKey(f.fixture, secretOf(acme))), accessv1.NewPrivacyServiceClient(withKey(f.fixture, secretOf(globex)))
	f.vault = accessv1.NewVaultServiceClient(withKey(f.fixture, secretOf("service")))
	return f
}

// newVault makes a vault over a store.
func newVault(t testing.TB, s store.Store) *vault.Vault {
	t.Helper()
	ring, err := seal.NewRing(seal.Key{ID: "one", Secret: make([]byte, seal.KeyBytes)})
	if err != nil {
		t.Fatal(err)
	}
	v, err := vault.Open(t.Context(), s, ring, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// invite makes n one-time tokens for a person.
func (f *privacyFixture) invite(t testing.TB, client accessv1.AccessServiceClient, respondent string, n int) []string {
	t.Helper()
	req := &accessv1.CreateInvitationTokensRequest{Parent: "surveys/s1"}
	for range n {
		req.Invitations = append(req.Invitations, &accessv1.CreateInvitationTokensRequest_Invitation{Respondent: respondent})
	}
	answer, err := client.CreateInvitationTokens(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	var tokens []string
	for _, token := range answer.GetTokens() {
		tokens = append(tokens, token.GetToken())
	}
	return tokens
}

func (f *privacyFixture) create(t testing.TB, req *accessv1.CreateErasureRequest) *accessv1.CreateErasureResponse {
	t.Helper()
	answer, err := f.privacy.CreateErasure(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// done waits until an erasure is done.
func (f *privacyFixture) done(t testing.TB, name string) *accessv1.Erasure {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		answer, err := f.privacy.GetErasure(t.Context(), &accessv1.GetErasureRequest{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		if answer.GetErasure().GetState() == accessv1.Erasure_STATE_SUCCEEDED {
			return answer.GetErasure()
		}
		if time.Now().After(end) {
			t.Fatalf("it is not done: %v", answer)
		}
	}
}

// exported are the names of what is exported, and the error.
func exported(t testing.TB, client accessv1.PrivacyServiceClient, respondent string) ([]string, error) {
	t.Helper()
	stream, err := client.ExportPersonData(t.Context(), &accessv1.ExportPersonDataRequest{Respondent: respondent})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for {
		part, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		if who := part.GetRecord().GetContent().GetFields()["respondent"].GetStringValue(); who != respondent && !strings.HasPrefix(who, "p_") {
			t.Errorf("%v does not tell of %s", part, respondent)
		}
		out = append(out, part.GetRecord().GetService()+" "+part.GetRecord().GetKind())
	}
}

func TestPersonWithDataEverywhere(t *testing.T) {
	f := newPrivacyFixture(t)
	for _, h := range []*erasuretest.Holder{f.survey, f.scoring} {
		h.Put(acme, f.person(t, acme, "ann"), 2)
		h.Put(acme, f.person(t, acme, "bob"), 1)
		h.Put(globex, f.person(t, globex, "ann"), 3)
	}
	tokens := f.invite(t, f.access, "ann", 2)
	kept := f.invite(t, f.other, "ann", 1)
	everything := []string{"survey things", "survey things", "scoring things", "scoring things", "access invitation_tokens", "access invitation_tokens"}
	if got, err := exported(t, f.privacy, "ann"); err != nil || !slices.Equal(got, everything) {
		t.Fatalf("export: %v, %v", got, err)
	}
	if p := f.proves(t, tokens[0]); p.GetRespondent() != "ann" {
		t.Fatalf("the token proves %v", p)
	}

	begun := f.create(t, &accessv1.CreateErasureRequest{Respondent: "ann", Reason: "request 7"})
	e := f.done(t, begun.GetErasure().GetName())
	var lines []string
	for _, r := range e.GetRemovals() {
		lines = append(lines, fmt.Sprintf("%s %s %d", r.GetService(), r.GetKind(), r.GetCount()))
	}
	if want := []string{"survey things 2", "scoring things 2", "access invitation_tokens 2", "access keys 1", "access webhook_deliveries 0", "access audit_entries 0"}; !slices.Equal(lines, want) {
		t.Errorf("receipt %q, want %q", lines, want)
	}
	if e.GetReason() != "request 7" || e.GetRequester() != acme || e.GetEndTime() == nil || !strings.HasPrefix(e.GetPerson(), "p_") || strings.Contains(e.String(), `"ann"`) {
		t.Errorf("receipt %v", e)
	}
	if got, err := exported(t, f.privacy, "ann"); err != nil || len(got) != 0 {
		t.Errorf("export after erasure: %v, %v", got, err)
	}
	f.provesNobody(t, tokens[0])
	if got, err := exported(t, f.privacy, "bob"); err != nil || len(got) != 2 {
		t.Errorf("bob lost data: %v, %v", got, err)
	}
	if got, err := exported(t, f.foreign, "ann"); err != nil || len(got) != 7 {
		t.Errorf("another organisation lost data: %v, %v", got, err)
	}
	if p := f.proves(t, kept[0]); p.GetRespondent() != "ann" {
		t.Errorf("the token of another organisation proves %v", p)
	}
}

func TestErasuresAreRepeatable(t *testing.T) {
	f := newPrivacyFixture(t)
	req := &accessv1.CreateErasureRequest{Respondent: "ann", Reason: "request 7", RequestId: "r1"}
	first := f.create(t, req)
	if first.GetReplayed() {
		t.Fatal("the first is a replay")
	}
	again := f.create(t, req)
	if !again.GetReplayed() || again.GetErasure().GetName() != first.GetErasure().GetName() {
		t.Errorf("again: %v", again)
	}
	f.done(t, first.GetErasure().GetName())
	if again := f.create(t, req); !again.GetReplayed() || again.GetErasure().GetState() != accessv1.Erasure_STATE_SUCCEEDED {
		t.Errorf("after it was done: %v", again)
	}
	for _, other := range []*accessv1.CreateErasureRequest{{Respondent: "bob", Reason: "request 7", RequestId: "r1"}, {Respondent: "ann", Reason: "8", RequestId: "r1"}} {
		_, err := f.privacy.CreateErasure(t.Context(), other)
		wantError(t, "other content", err, codes.AlreadyExists, "REQUEST_ID_REUSED", "request_id")
	}
	second := f.create(t, &accessv1.CreateErasureRequest{Respondent: "ann"})
	if second.GetErasure().GetName() == first.GetErasure().GetName() || second.GetErasure().GetPerson() != first.GetErasure().GetPerson() {
		t.Errorf("another erasure of the same person: %v", second)
	}
	f.done(t, second.GetErasure().GetName())
}

func TestErasuresOfOthersAreNotFound(t *testing.T) {
	f := newPrivacyFixture(t)
	name := f.create(t, &accessv1.CreateErasureRequest{Respondent: "ann"}).GetErasure().GetName()
	for what, call := range map[string]struct {
		client accessv1.PrivacyServiceClient
		name   string
	}{"of another organisation": {f.foreign, name}, "unknown": {f.privacy, "erasures/none"}} {
		_, err := call.client.GetErasure(t.Context(), &accessv1.GetErasureRequest{Name: call.name})
		wantError(t, what, err, codes.NotFound, "ERASURE_NOT_FOUND", "")
	}
	answer, err := f.foreign.ListErasures(t.Context(), &accessv1.ListErasuresRequest{})
	if err != nil || len(answer.GetErasures()) != 0 {
		t.Errorf("another organisation lists %v, %v", answer, err)
	}
	f.done(t, name)
}

func TestErasuresAreListedInPages(t *testing.T) {
	f := newPrivacyFixture(t)
	var want []string
	for i := range 5 {
		f.clock.Advance(time.Second)
		name := f.create(t, &accessv1.CreateErasureRequest{Respondent: fmt.Sprint("r", i)}).GetErasure().GetName()
		want = append([]string{name}, want...)
		f.done(t, name)
	}
	var got []string
	req := &accessv1.ListErasuresRequest{PageSize: 2}
	for {
		answer, err := f.privacy.ListErasures(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range answer.GetErasures() {
			got = append(got, e.GetName())
		}
		if req.PageToken = answer.GetNextPageToken(); req.GetPageToken() == "" {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	underWay := func(since time.Time, want ...string) {
		t.Helper()
		answer, err := f.privacy.ListErasures(t.Context(), &accessv1.ListErasuresRequest{UnderWaySince: timestamppb.New(since)})
		var got []string
		for _, e := range answer.GetErasures() {
			got = append(got, e.GetName())
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("under way since %v: %v, want %v, %v", since, got, want, err)
		}
	}
	ended := f.done(t, want[0]).GetEndTime().AsTime()
	underWay(ended, want[0])
	underWay(ended.Add(time.Second))
	f.scoring.Away(true)
	name := f.create(t, &accessv1.CreateErasureRequest{Respondent: "ann"}).GetErasure().GetName()
	underWay(ended.Add(time.Hour), name)
}

func TestExportWhileAServiceIsAway(t *testing.T) {
	f := newPrivacyFixture(t)
	f.survey.Put(acme, f.person(t, acme, "ann"), 1)
	f.scoring.Away(true)
	got, err := exported(t, f.privacy, "ann")
	wantError(t, "export", err, codes.Unavailable, "SERVICE_UNAVAILABLE", "")
	if len(got) != 1 || strings.Contains(err.Error(), "away") {
		t.Errorf("%v, %v", got, err)
	}
	name := f.create(t, &accessv1.CreateErasureRequest{Respondent: "ann"}).GetErasure().GetName()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		answer, err := f.privacy.GetErasure(t.Context(), &accessv1.GetErasureRequest{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(answer.GetErasure().GetWaitingFor(), "scoring") {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("it does not say what it waits for: %v", answer)
		}
	}
	f.scoring.Away(false)
	f.done(t, name)
}

func TestHolders(t *testing.T) {
	for name, connect := range map[string]func(grpc.ClientConnInterface) erasure.Holder{"survey": api.SurveyHolder, "scoring": api.ScoringHolder} {
		t.Run(name, func(t *testing.T) {
			erasuretest.RunHolder(t, func(t testing.TB) erasuretest.Fixture {
				h := erasuretest.NewHolder(name)
				return erasuretest.Fixture{Holder: connect(neighbour(t, h)), Kind: "things", Put: func(_ testing.TB, organization, respondent string, n int) {
					h.Put(organization, respondent, n)
				}}
			})
		})
	}
	t.Run("access", func(t *testing.T) {
		erasuretest.RunHolder(t, func(t testing.TB) erasuretest.Fixture {
			f := newPrivacyFixture(t)
			return erasuretest.Fixture{Holder: f.own, Kind: "invitation_tokens", Person: f.person, Put: func(t testing.TB, organization, respondent string, n int) {
				client := map[string]accessv1.AccessServiceClient{acme: f.access, globex: f.other}[organization]
				f.invite(t, client, respondent, n)
			}}
		})
	})
}

func TestVaultOverTheWire(t *testing.T) {
	f := newPrivacyFixture(t)
	leased, err := f.vault.LeasePersonKeys(t.Context(), &accessv1.LeasePersonKeysRequest{Count: 3})
	if err != nil || len(leased.GetKeys()) != 3 {
		t.Fatalf("%v, %v", leased, err)
	}
	var ids []string
	for _, k := range leased.GetKeys() {
		if len(k.GetKey()) != 32 {
			t.Errorf("a key of %d bytes", len(k.GetKey()))
		}
		ids = append(ids, k.GetId())
	}
	for _, want := range []int32{1, 0} {
		destroyed, err := f.vault.DestroyPersonKeys(t.Context(), &accessv1.DestroyPersonKeysRequest{Ids: ids[:1]})
		if err != nil || destroyed.GetDestroyed() != want {
			t.Fatalf("destroyed %v, want %d, %v", destroyed, want, err)
		}
	}
	got, err := f.vault.GetPersonKeys(t.Context(), &accessv1.GetPersonKeysRequest{Ids: append(ids, "unknown")})
	if err != nil || len(got.GetKeys()) != 2 {
		t.Fatalf("%v, %v", got, err)
	}
	_, err = f.vault.GetPseudonymKey(t.Context(), &accessv1.GetPseudonymKeyRequest{})
	wantError(t, "pseudonyms of no organisation", err, codes.InvalidArgument, "ORGANIZATION_REQUIRED", "")
	ctx := metadata.AppendToOutgoingContext(t.Context(), authn.MetadataOrganization, acme)
	first, err := f.vault.GetPseudonymKey(ctx, &accessv1.GetPseudonymKeyRequest{})
	if err != nil || len(first.GetKey()) != 32 {
		t.Fatal(err)
	}
	if again, err := f.vault.GetPseudonymKey(ctx, &accessv1.GetPseudonymKeyRequest{}); err != nil || string(again.GetKey()) != string(first.GetKey()) {
		t.Errorf("it changed, %v", err)
	}
}
