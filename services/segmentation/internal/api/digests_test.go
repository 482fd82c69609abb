package api

import (
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/otklik/otklik/services/segmentation/internal/digest"
	"github.com/otklik/otklik/services/segmentation/internal/peers"
	"github.com/otklik/otklik/services/segmentation/internal/recovery"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

func TestDigestsAreSubscribed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := segmentationv1.NewDigestServiceClient(f.as("admin"))
	in := &segmentationv1.DigestSubscription{
		DisplayName: "Morning", Recipients: []string{"a@example.com", "b@example.com"}, MinuteOfDay: 9 * 60, TimeZone: "Asia/Bishkek",
		Topics: []segmentationv1.DigestSubscription_Topic{segmentationv1.DigestSubscription_TOPIC_CASES},
	}
	made, err := c.CreateDigestSubscription(t.Context(), &segmentationv1.CreateDigestSubscriptionRequest{DigestSubscriptionId: "all", DigestSubscription: in})
	// At noon of universal time it is six in Bishkek.
	if d := made.GetDigestSubscription(); err != nil || d.GetLanguageCode() != "ru" || !d.GetNextSendTime().AsTime().Equal(time.Date(2026, 3, 3, 3, 0, 0, 0, time.UTC)) {
		t.Fatalf("made %v, %v", made, err)
	}
	again, err := c.CreateDigestSubscription(t.Context(), &segmentationv1.CreateDigestSubscriptionRequest{DigestSubscriptionId: "all", DigestSubscription: in})
	if err != nil || !proto.Equal(again, made) || len(f.addresses.live(peers.RoleRecipient)) != 2 {
		t.Errorf("made again %v, %v, credentials %v", again, err, f.addresses.live(peers.RoleRecipient))
	}
	kept, err := f.store.GetDigest(t.Context(), "acme", "all")
	if err != nil || strings.Contains(string(kept.Recipients[0].Address), "example") {
		t.Errorf("kept %v, %v", kept, err)
	}
	changed, err := c.UpdateDigestSubscription(t.Context(), &segmentationv1.UpdateDigestSubscriptionRequest{DigestSubscription: &segmentationv1.DigestSubscription{
		Name: "digestSubscriptions/all", Recipients: []string{"b@example.com", "c@example.com"},
	}})
	if err != nil || !slices.Equal(changed.GetDigestSubscription().GetRecipients(), []string{"b@example.com", "c@example.com"}) {
		t.Errorf("changed %v, %v", changed, err)
	}
	if live := f.addresses.live(peers.RoleRecipient); !slices.Equal(live, []string{"apiKeys/k1", "apiKeys/k2"}) {
		t.Errorf("credentials %v", live)
	}
	s := &digestServer{Server: f.api}
	if _, err := s.UnsubscribeDigest(at(t.Context(), "apiKeys/k1", peers.RoleRecipient), &segmentationv1.UnsubscribeDigestRequest{}); err != nil {
		t.Fatal(err)
	}
	got, err := c.GetDigestSubscription(t.Context(), &segmentationv1.GetDigestSubscriptionRequest{Name: "digestSubscriptions/all"})
	if err != nil || !slices.Equal(got.GetDigestSubscription().GetUnsubscribed(), []string{"b@example.com"}) {
		t.Errorf("unsubscribed %v, %v", got, err)
	}
	_, err = s.UnsubscribeDigest(at(t.Context(), "apiKeys/k9", peers.RoleRecipient), &segmentationv1.UnsubscribeDigestRequest{})
	refused(t, "a secret of nobody", err, codes.NotFound, "DIGEST_NOT_FOUND", "")
	if _, err := c.DeleteDigestSubscription(t.Context(), &segmentationv1.DeleteDigestSubscriptionRequest{Name: "digestSubscriptions/all"}); err != nil || len(f.addresses.live(peers.RoleRecipient)) != 0 {
		t.Errorf("deleted: %v, credentials %v", err, f.addresses.live(peers.RoleRecipient))
	}
	_, err = c.ListDigestDeliveries(t.Context(), &segmentationv1.ListDigestDeliveriesRequest{Parent: "digestSubscriptions/all"})
	refused(t, "deliveries of what is gone", err, codes.NotFound, "DIGEST_NOT_FOUND", "")
}

// Addresses are for those who see who persons are; others can change the rest, and leave the addresses as they are.
func TestDigestsWithholdAddresses(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	admin, blind := segmentationv1.NewDigestServiceClient(f.as("admin")), segmentationv1.NewDigestServiceClient(f.as("blind"))
	in := &segmentationv1.DigestSubscription{DisplayName: "Morning", Recipients: []string{"a@example.com"}, TimeZone: "UTC"}
	in.Topics = []segmentationv1.DigestSubscription_Topic{segmentationv1.DigestSubscription_TOPIC_CASES}
	if _, err := admin.CreateDigestSubscription(t.Context(), &segmentationv1.CreateDigestSubscriptionRequest{DigestSubscriptionId: "all", DigestSubscription: in}); err != nil {
		t.Fatal(err)
	}
	name := "digestSubscriptions/all"
	got, err := blind.GetDigestSubscription(t.Context(), &segmentationv1.GetDigestSubscriptionRequest{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	list, err := blind.ListDigestSubscriptions(t.Context(), &segmentationv1.ListDigestSubscriptionsRequest{})
	if err != nil || len(list.GetDigestSubscriptions()) != 1 {
		t.Fatal(list, err)
	}
	changed, err := blind.UpdateDigestSubscription(t.Context(), &segmentationv1.UpdateDigestSubscriptionRequest{
		DigestSubscription: &segmentationv1.DigestSubscription{Name: name, DisplayName: "Dawn"},
	})
	if err != nil || changed.GetDigestSubscription().GetDisplayName() != "Dawn" {
		t.Fatal(changed, err)
	}
	again, err := blind.CreateDigestSubscription(t.Context(), &segmentationv1.CreateDigestSubscriptionRequest{
		DigestSubscriptionId: "all", DigestSubscription: &segmentationv1.DigestSubscription{DisplayName: "Dawn", Recipients: in.GetRecipients(), TimeZone: "UTC", Topics: in.GetTopics()},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []*segmentationv1.DigestSubscription{got.GetDigestSubscription(), list.GetDigestSubscriptions()[0], changed.GetDigestSubscription(), again.GetDigestSubscription()} {
		if len(d.GetRecipients()) != 0 || !slices.Equal(d.GetWithheldFields(), digestWithheld) {
			t.Errorf("one who sees no persons sees %v", d)
		}
	}
	_, err = blind.UpdateDigestSubscription(t.Context(), &segmentationv1.UpdateDigestSubscriptionRequest{
		DigestSubscription: &segmentationv1.DigestSubscription{Name: name, Recipients: []string{"mine@example.com"}},
	})
	refused(t, "write over addresses", err, codes.PermissionDenied, "PERMISSION_DENIED", "")
	kept, err := admin.GetDigestSubscription(t.Context(), &segmentationv1.GetDigestSubscriptionRequest{Name: name})
	if d := kept.GetDigestSubscription(); err != nil || !slices.Equal(d.GetRecipients(), in.GetRecipients()) || len(d.GetWithheldFields()) != 0 {
		t.Errorf("kept %v, %v", kept, err)
	}
	d, err := f.store.GetDigest(t.Context(), "acme", "all")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.store.BeginDigest(t.Context(), d, "2026-03-02", noon, noon.Add(24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	for c, address := range map[segmentationv1.DigestServiceClient]string{admin: "a@example.com", blind: ""} {
		sent, err := c.ListDigestDeliveries(t.Context(), &segmentationv1.ListDigestDeliveriesRequest{Parent: name})
		if err != nil || len(sent.GetDeliveries()) != 1 {
			t.Fatal(sent, err)
		}
		if v := sent.GetDeliveries()[0]; v.GetRecipient() != address || (len(v.GetWithheldFields()) == 0) != (address != "") {
			t.Errorf("a delivery is shown as %v", v)
		}
	}
}

// Nobody who answers has the key of digests; and where it is gone all the same, subscriptions can still be seen, changed and deleted.
func TestDigestsWhoseKeyIsGone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := segmentationv1.NewDigestServiceClient(f.as("admin"))
	in := &segmentationv1.DigestSubscription{DisplayName: "Morning", Recipients: []string{"a@example.com"}, TimeZone: "UTC"}
	if _, err := c.CreateDigestSubscription(t.Context(), &segmentationv1.CreateDigestSubscriptionRequest{DigestSubscriptionId: "all", DigestSubscription: in}); err != nil {
		t.Fatal(err)
	}
	erase := func(owner string) {
		t.Helper()
		person, err := f.keeper.Pseudonym(t.Context(), "acme", owner)
		if err != nil {
			t.Fatal(err)
		}
		key, err := f.keeper.KeyFor(t.Context(), person)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.keeper.Destroy(t.Context(), []string{key.ID}); err != nil {
			t.Fatal(err)
		}
	}
	name := "digestSubscriptions/all"
	for _, step := range []struct{ erased, shown string }{{"digests", "a@example.com"}, {digest.Owner, ""}} {
		erase(step.erased)
		list, err := c.ListDigestSubscriptions(t.Context(), &segmentationv1.ListDigestSubscriptionsRequest{})
		if err != nil || len(list.GetDigestSubscriptions()) != 1 || !slices.Equal(list.GetDigestSubscriptions()[0].GetRecipients(), []string{step.shown}) {
			t.Fatalf("without the key of %q: %v, %v", step.erased, list, err)
		}
		if _, err := c.ListDigestDeliveries(t.Context(), &segmentationv1.ListDigestDeliveriesRequest{Parent: name}); err != nil {
			t.Errorf("deliveries without the key of %q: %v", step.erased, err)
		}
	}
	changed, err := c.UpdateDigestSubscription(t.Context(), &segmentationv1.UpdateDigestSubscriptionRequest{DigestSubscription: &segmentationv1.DigestSubscription{
		Name: name, Recipients: []string{"b@example.com"},
	}})
	if err != nil || !slices.Equal(changed.GetDigestSubscription().GetRecipients(), []string{"b@example.com"}) {
		t.Errorf("changed %v, %v", changed, err)
	}
}

func TestRecoveries(t *testing.T) {
	t.Parallel()
	f, _ := interviewing(t)
	c := segmentationv1.NewRecoveryServiceClient(f.as("admin"))
	_, err := c.UpdateRecoveryPolicy(t.Context(), &segmentationv1.UpdateRecoveryPolicyRequest{RecoveryPolicy: &segmentationv1.RecoveryPolicy{Survey: "surveys/none"}})
	if err == nil {
		t.Error("a survey that there is not was taken")
	}
	p, err := c.UpdateRecoveryPolicy(t.Context(), &segmentationv1.UpdateRecoveryPolicyRequest{RecoveryPolicy: &segmentationv1.RecoveryPolicy{
		Survey: "surveys/visits", Question: "speed", Delay: durationpb.New(time.Hour),
	}})
	if err != nil || p.GetRecoveryPolicy().GetCut() != 8 || p.GetRecoveryPolicy().GetWait().AsDuration() != recovery.DefaultWait {
		t.Fatalf("policy %v, %v", p, err)
	}
	if err := f.store.ApplyClosings(t.Context(), "recovery", 0, 1, []store.Closing{{Organization: "acme", Case: "k1", Contact: "c-1", Time: noon}}); err != nil {
		t.Fatal(err)
	}
	list, err := c.ListRecoveries(t.Context(), &segmentationv1.ListRecoveriesRequest{})
	if err != nil || len(list.GetRecoveries()) != 1 || list.GetRecoveries()[0].GetState() != segmentationv1.Recovery_STATE_WAITING {
		t.Fatalf("list %v, %v", list, err)
	}
	invited, err := c.InviteRecovery(t.Context(), &segmentationv1.InviteRecoveryRequest{Name: "recoveries/k1"})
	if err != nil || invited.GetToken() != "token" || invited.GetRecovery().GetState() != segmentationv1.Recovery_STATE_INVITED {
		t.Fatalf("invited %v, %v", invited, err)
	}
	call := strings.Fields(f.addresses.invited[0])
	if id, ok := recovery.CaseOf(call[1]); !ok || id != "k1" || call[0] != "surveys/visits" || call[2] != "c-1" {
		t.Errorf("invited %q", call)
	}
	answer := store.RecoveryAnswer{Organization: "acme", Case: "k1", Response: "surveys/visits/responses/r", Survey: "visits", Scores: []recovery.Scored{{Question: "speed", Value: 10}}}
	if err := f.store.ApplyRecoveryAnswers(t.Context(), "recovery_answers", 0, 1, []store.RecoveryAnswer{answer}); err != nil {
		t.Fatal(err)
	}
	rate, err := c.QueryRecoveryRate(t.Context(), &segmentationv1.QueryRecoveryRateRequest{})
	if err != nil || rate.GetCases() != 1 || rate.GetAnswered() != 1 || rate.GetRate() != 1 || rate.GetInterval().GetMethod() != "WILSON" || rate.GetResponseRate() != 1 {
		t.Errorf("rate %v, %v", rate, err)
	}
	_, err = c.InviteRecovery(t.Context(), &segmentationv1.InviteRecoveryRequest{Name: "recoveries/k1"})
	refused(t, "invited after the answer", err, codes.FailedPrecondition, "RECOVERY_STATE", "")
	_, err = c.InviteRecovery(t.Context(), &segmentationv1.InviteRecoveryRequest{Name: "recoveries/none"})
	refused(t, "an unknown one", err, codes.NotFound, "RECOVERY_NOT_FOUND", "")
}
