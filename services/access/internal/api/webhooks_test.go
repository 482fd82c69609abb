package api_test

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/seal"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	"github.com/otklik/otklik/services/access/internal/api"
)

// hookFixture is a fixture with webhooks.
type hookFixture struct {
	*fixture
	hooks, others accessv1.WebhookServiceClient
	wakes         atomic.Int32
}

func newHookFixture(t *testing.T) *hookFixture {
	t.Helper()
	ring, err := seal.NewRing(seal.Key{ID: "kek", Secret: make([]byte, seal.KeyBytes)})
	if err != nil {
		t.Fatal(err)
	}
	h := &hookFixture{}
	h.fixture = newFixture(t, func(o *api.Options) {
		o.Webhooks = api.Webhooks{Sealer: ring, Wake: func() { h.wakes.Add(1) }}
	})
	h.hooks = accessv1.NewWebhookServiceClient(withKey(h.fixture, secretOf(acme)))
	h.others = accessv1.NewWebhookServiceClient(withKey(h.fixture, secretOf(globex)))
	return h
}

func hookOf(url string) *accessv1.Webhook {
	return &accessv1.Webhook{DisplayName: "Desk", Url: url, Events: []accessv1.WebhookEvent{
		accessv1.WebhookEvent_WEBHOOK_EVENT_RESPONSE_ACCEPTED, accessv1.WebhookEvent_WEBHOOK_EVENT_PERSON_ERASED,
	}}
}

func (h *hookFixture) create(t *testing.T, id string) *accessv1.CreateWebhookResponse {
	t.Helper()
	made, err := h.hooks.CreateWebhook(t.Context(), &accessv1.CreateWebhookRequest{WebhookId: id, Webhook: hookOf("https://example.org/hook")})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// refusedAs checks the code and the reason of an error.
func refusedAs(t *testing.T, what string, err error, code codes.Code, reason accessv1.ErrorReason) {
	t.Helper()
	if rpcerr.Code(err) != code || rpcerr.Reason(err) != strings.TrimPrefix(reason.String(), "ERROR_REASON_") {
		t.Errorf("%s: %v", what, err)
	}
}

func TestWebhookIsMadeAndItsSecretToldOnce(t *testing.T) {
	h := newHookFixture(t)
	made := h.create(t, "desk")
	want := hookOf("https://example.org/hook")
	want.Name, want.CreateTime, want.Etag = "webhooks/desk", made.GetWebhook().GetCreateTime(), made.GetWebhook().GetEtag()
	if !proto.Equal(made.GetWebhook(), want) || !strings.HasPrefix(made.GetSecret(), "whsec_") || !made.GetWebhook().GetCreateTime().AsTime().Equal(start) {
		t.Errorf("made %v", made)
	}
	got, err := h.hooks.GetWebhook(t.Context(), &accessv1.GetWebhookRequest{Name: "webhooks/desk"})
	if err != nil || !proto.Equal(got.GetWebhook(), want) || strings.Contains(got.String(), "whsec_") {
		t.Errorf("got %v, %v", got, err)
	}
	kept, err := h.store.GetWebhook(t.Context(), acme, "desk")
	if err != nil || strings.Contains(string(kept.Secret), made.GetSecret()) {
		t.Errorf("the secret is kept as %q, %v", kept.Secret, err)
	}
	_, err = h.hooks.CreateWebhook(t.Context(), &accessv1.CreateWebhookRequest{WebhookId: "desk", Webhook: want})
	refusedAs(t, "taken", err, codes.AlreadyExists, accessv1.ErrorReason_ERROR_REASON_ALREADY_EXISTS)
	unnamed := h.create(t, "")
	if name := unnamed.GetWebhook().GetName(); len(name) < len("webhooks/")+10 || unnamed.GetSecret() == made.GetSecret() {
		t.Errorf("made %v", unnamed)
	}
}

func TestAddressesOfWebhooksAreChecked(t *testing.T) {
	h := newHookFixture(t)
	made := h.create(t, "desk")
	for _, url := range []string{"http://example.org/", "https://127.0.0.1/", "https://localhost/", "https://2130706433/", "https://a:b@example.org/", "https://example.org:22/"} {
		_, err := h.hooks.CreateWebhook(t.Context(), &accessv1.CreateWebhookRequest{Webhook: hookOf(url)})
		refusedAs(t, "create "+url, err, codes.InvalidArgument, accessv1.ErrorReason_ERROR_REASON_URL_REFUSED)
		if fields := rpcerr.Fields(err); len(fields) != 1 || fields[0].Field != "webhook.url" {
			t.Errorf("%s: fields %v", url, fields)
		}
		_, err = h.hooks.UpdateWebhook(t.Context(), &accessv1.UpdateWebhookRequest{Webhook: &accessv1.Webhook{Name: "webhooks/desk", Url: url}})
		refusedAs(t, "update to "+url, err, codes.InvalidArgument, accessv1.ErrorReason_ERROR_REASON_URL_REFUSED)
	}
	for name, w := range map[string]*accessv1.Webhook{
		"no address": {Events: made.GetWebhook().GetEvents()}, "no events": {Url: "https://example.org/"},
		"unknown event": {Url: "https://example.org/", Events: []accessv1.WebhookEvent{99}},
	} {
		if _, err := h.hooks.CreateWebhook(t.Context(), &accessv1.CreateWebhookRequest{Webhook: w}); rpcerr.Code(err) != codes.InvalidArgument {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWebhookIsChanged(t *testing.T) {
	h := newHookFixture(t)
	made := h.create(t, "desk").GetWebhook()
	changed, err := h.hooks.UpdateWebhook(t.Context(), &accessv1.UpdateWebhookRequest{
		Webhook: &accessv1.Webhook{Name: made.GetName(), DisplayName: "Other", Disabled: true, Etag: made.GetEtag()},
	})
	if err != nil {
		t.Fatal(err)
	}
	w := changed.GetWebhook()
	if w.GetDisplayName() != "Other" || !w.GetDisabled() || w.GetUrl() != made.GetUrl() || !slices.Equal(w.GetEvents(), made.GetEvents()) || w.GetEtag() == made.GetEtag() {
		t.Errorf("changed to %v", w)
	}
	_, err = h.hooks.UpdateWebhook(t.Context(), &accessv1.UpdateWebhookRequest{Webhook: &accessv1.Webhook{Name: made.GetName(), DisplayName: "Third", Etag: made.GetEtag()}})
	refusedAs(t, "an old etag", err, codes.Aborted, accessv1.ErrorReason_ERROR_REASON_ETAG_MISMATCH)
	enabled, err := h.hooks.UpdateWebhook(t.Context(), &accessv1.UpdateWebhookRequest{
		Webhook: &accessv1.Webhook{Name: made.GetName()}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"disabled"}},
	})
	if err != nil || enabled.GetWebhook().GetDisabled() || enabled.GetWebhook().GetDisplayName() != "Other" {
		t.Errorf("enabled: %v, %v", enabled, err)
	}
	for _, path := range []string{"name", "create_time", "secret"} {
		_, err := h.hooks.UpdateWebhook(t.Context(), &accessv1.UpdateWebhookRequest{
			Webhook: &accessv1.Webhook{Name: made.GetName()}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{path}},
		})
		if e, ok := rpcerr.FromError(err); !ok || e.Code != codes.InvalidArgument || len(e.Fields) != 1 || e.Fields[0].Field != "update_mask.paths[0]" {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestPingsAndReplays(t *testing.T) {
	h := newHookFixture(t)
	h.create(t, "desk")
	ping, err := h.hooks.PingWebhook(t.Context(), &accessv1.PingWebhookRequest{Name: "webhooks/desk"})
	if err != nil {
		t.Fatal(err)
	}
	d := ping.GetDelivery()
	if d.GetEvent() != accessv1.WebhookEvent_WEBHOOK_EVENT_PING || d.GetState() != accessv1.WebhookDelivery_STATE_PENDING || d.GetNextAttemptTime() == nil ||
		!strings.HasPrefix(d.GetName(), "webhooks/desk/deliveries/msg_") || h.wakes.Load() == 0 {
		t.Errorf("got %v after %d wakes", d, h.wakes.Load())
	}
	list, err := h.hooks.ListWebhookDeliveries(t.Context(), &accessv1.ListWebhookDeliveriesRequest{Parent: "webhooks/desk"})
	if err != nil || len(list.GetDeliveries()) != 1 || !proto.Equal(list.GetDeliveries()[0], d) {
		t.Errorf("listed %v, %v", list, err)
	}
	h.clock.Advance(time.Minute)
	again, err := h.hooks.ReplayWebhookDelivery(t.Context(), &accessv1.ReplayWebhookDeliveryRequest{Name: d.GetName()})
	if err != nil || again.GetDelivery().GetName() != d.GetName() || !again.GetDelivery().GetNextAttemptTime().AsTime().Equal(start.Add(time.Minute)) {
		t.Errorf("replayed %v, %v", again, err)
	}
	_, err = h.hooks.ReplayWebhookDelivery(t.Context(), &accessv1.ReplayWebhookDeliveryRequest{Name: "webhooks/desk/deliveries/msg_none"})
	refusedAs(t, "no delivery", err, codes.NotFound, accessv1.ErrorReason_ERROR_REASON_DELIVERY_NOT_FOUND)
}

func TestSecretOfWebhookRotates(t *testing.T) {
	h := newHookFixture(t)
	made := h.create(t, "desk")
	rotated, err := h.hooks.RotateWebhookSecret(t.Context(), &accessv1.RotateWebhookSecretRequest{Name: "webhooks/desk"})
	if err != nil || !strings.HasPrefix(rotated.GetSecret(), "whsec_") || rotated.GetSecret() == made.GetSecret() {
		t.Errorf("rotated %v, %v", rotated, err)
	}
	kept, err := h.store.GetWebhook(t.Context(), acme, "desk")
	if err != nil || !kept.OldSecretEnd.Equal(start.Add(24*time.Hour)) {
		t.Errorf("kept %+v, %v", kept, err)
	}
	if _, err := h.hooks.RotateWebhookSecret(t.Context(), &accessv1.RotateWebhookSecretRequest{Name: "webhooks/desk", Overlap: durationpb.New(0)}); err != nil {
		t.Error(err)
	}
	if kept, _ = h.store.GetWebhook(t.Context(), acme, "desk"); !kept.OldSecretEnd.Equal(start) {
		t.Errorf("without an overlap: %+v", kept)
	}
	if _, err := h.hooks.RotateWebhookSecret(t.Context(), &accessv1.RotateWebhookSecretRequest{Name: "webhooks/desk", Overlap: durationpb.New(8 * 24 * time.Hour)}); rpcerr.Code(err) != codes.InvalidArgument {
		t.Errorf("too long an overlap: %v", err)
	}
}

func TestWebhooksOfAnotherOrganisationAreNotThere(t *testing.T) {
	h := newHookFixture(t)
	h.create(t, "desk")
	ping, err := h.hooks.PingWebhook(t.Context(), &accessv1.PingWebhookRequest{Name: "webhooks/desk"})
	if err != nil {
		t.Fatal(err)
	}
	const name = "webhooks/desk"
	ctx := t.Context()
	for what, call := range map[string]func() error{
		"get": func() error { _, err := h.others.GetWebhook(ctx, &accessv1.GetWebhookRequest{Name: name}); return err },
		"ping": func() error {
			_, err := h.others.PingWebhook(ctx, &accessv1.PingWebhookRequest{Name: name})
			return err
		},
		"rotate": func() error {
			_, err := h.others.RotateWebhookSecret(ctx, &accessv1.RotateWebhookSecretRequest{Name: name})
			return err
		},
		"deliveries": func() error {
			_, err := h.others.ListWebhookDeliveries(ctx, &accessv1.ListWebhookDeliveriesRequest{Parent: name})
			return err
		},
		"update": func() error {
			_, err := h.others.UpdateWebhook(ctx, &accessv1.UpdateWebhookRequest{Webhook: &accessv1.Webhook{Name: name, DisplayName: "x"}})
			return err
		},
	} {
		refusedAs(t, what, call(), codes.NotFound, accessv1.ErrorReason_ERROR_REASON_WEBHOOK_NOT_FOUND)
	}
	_, err = h.others.ReplayWebhookDelivery(ctx, &accessv1.ReplayWebhookDeliveryRequest{Name: ping.GetDelivery().GetName()})
	refusedAs(t, "replay", err, codes.NotFound, accessv1.ErrorReason_ERROR_REASON_DELIVERY_NOT_FOUND)
	_, err = h.others.DeleteWebhook(ctx, &accessv1.DeleteWebhookRequest{Name: name})
	refusedAs(t, "delete", err, codes.NotFound, accessv1.ErrorReason_ERROR_REASON_WEBHOOK_NOT_FOUND)
	if list, err := h.others.ListWebhooks(ctx, &accessv1.ListWebhooksRequest{}); err != nil || len(list.GetWebhooks()) != 0 {
		t.Errorf("listed %v, %v", list, err)
	}
	if _, err := h.hooks.GetWebhook(ctx, &accessv1.GetWebhookRequest{Name: name}); err != nil {
		t.Errorf("after the other deleted nothing: %v", err)
	}
	if _, err := h.hooks.DeleteWebhook(ctx, &accessv1.DeleteWebhookRequest{Name: name}); err != nil {
		t.Error(err)
	}
	_, err = h.hooks.DeleteWebhook(ctx, &accessv1.DeleteWebhookRequest{Name: name})
	refusedAs(t, "delete again", err, codes.NotFound, accessv1.ErrorReason_ERROR_REASON_WEBHOOK_NOT_FOUND)
	_, err = h.hooks.GetWebhook(ctx, &accessv1.GetWebhookRequest{Name: name})
	refusedAs(t, "deleted", err, codes.NotFound, accessv1.ErrorReason_ERROR_REASON_WEBHOOK_NOT_FOUND)
}

func TestWebhooksArePagedAndBounded(t *testing.T) {
	h := newHookFixture(t)
	for range 50 {
		h.create(t, "")
		h.clock.Advance(time.Second)
	}
	_, err := h.hooks.CreateWebhook(t.Context(), &accessv1.CreateWebhookRequest{Webhook: hookOf("https://example.org/")})
	refusedAs(t, "one more", err, codes.FailedPrecondition, accessv1.ErrorReason_ERROR_REASON_TOO_MANY_WEBHOOKS)
	var names []string
	request := &accessv1.ListWebhooksRequest{PageSize: 20}
	for {
		page, err := h.hooks.ListWebhooks(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range page.GetWebhooks() {
			names = append(names, w.GetName())
		}
		if request.PageToken = page.GetNextPageToken(); request.GetPageToken() == "" {
			break
		}
	}
	slices.Sort(names)
	if n := len(slices.Compact(names)); n != 50 {
		t.Errorf("%d webhooks", n)
	}
}
