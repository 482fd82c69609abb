package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/otklik/otklik/services/access/internal/store"
	"github.com/otklik/otklik/services/access/internal/webhook"
)

// webhookCases are about webhooks.
func webhookCases() []testCase {
	return []testCase{
		{"WebhookRoundTrip", webhookRoundTrip},
		{"WebhooksAreBounded", webhooksAreBounded},
		{"WebhookPages", webhookPages},
		{"WebhookUpdates", webhookUpdates},
		{"WebhookSecretsRotate", webhookSecretsRotate},
		{"WebhooksOfOrganisationsApart", webhooksApart},
		{"WebhookSealedTextsAreReplaced", webhookSealedReplaced},
	}
}

func ref(organization, id string) webhook.Ref {
	return webhook.Ref{Organization: organization, ID: id}
}

func hook(organization, id string, events ...webhook.Event) webhook.Webhook {
	return webhook.Webhook{
		Ref: ref(organization, id), DisplayName: "Name of " + id, URL: "https://" + id + ".example/", Events: webhook.SetOf(events...), CreateTime: noon,
		Secret: []byte("secret of " + id),
	}
}

func addHook(t testing.TB, s store.Webhooks, w webhook.Webhook) webhook.Webhook {
	t.Helper()
	out, err := s.CreateWebhook(t.Context(), w, 100)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func getHook(t testing.TB, s store.Webhooks, w webhook.Ref) webhook.Webhook {
	t.Helper()
	out, err := s.GetWebhook(t.Context(), w.Organization, w.ID)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func webhookRoundTrip(t *testing.T, open Open) {
	s := open(t)
	w := hook(acme, "h1", webhook.ResponseAccepted, webhook.PersonErased)
	made := addHook(t, s, w)
	w.Version = 1
	equal(t, "made", made, w)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = opened(t, open)
	equal(t, "kept", getHook(t, s, w.Ref), w)
	_, err := s.CreateWebhook(t.Context(), w, 100)
	want(t, "create again", err, store.ErrExists)
	if err := s.DeleteWebhook(t.Context(), acme, "h1"); err != nil {
		t.Fatal(err)
	}
	_, err = s.GetWebhook(t.Context(), acme, "h1")
	want(t, "get deleted", err, store.ErrNotFound)
	want(t, "delete again", s.DeleteWebhook(t.Context(), acme, "h1"), store.ErrNotFound)
}

func webhooksAreBounded(t *testing.T, open Open) {
	s := opened(t, open)
	for _, id := range []string{"a", "b"} {
		if _, err := s.CreateWebhook(t.Context(), hook(acme, id, webhook.Ping), 2); err != nil {
			t.Fatal(err)
		}
	}
	_, err := s.CreateWebhook(t.Context(), hook(acme, "c", webhook.Ping), 2)
	want(t, "a third", err, store.ErrTooMany)
	_, err = s.CreateWebhook(t.Context(), hook(globex, "c", webhook.Ping), 2)
	want(t, "another organisation's", err, nil)
}

func webhookPages(t *testing.T, open Open) {
	s := opened(t, open)
	for i := range 5 {
		w := hook(acme, fmt.Sprintf("h%d", i), webhook.Ping)
		w.CreateTime = noon.Add(time.Duration(i/2) * time.Second)
		addHook(t, s, w)
	}
	addHook(t, s, hook(globex, "theirs", webhook.Ping))
	var ids []string
	q := store.Query{Organization: acme, Limit: 2}
	for {
		page, more, err := s.ListWebhooks(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range page {
			ids = append(ids, w.ID)
			q.Before = store.Place{CreateTime: w.CreateTime, ID: w.ID}
		}
		if !more {
			break
		}
	}
	equal(t, "order", ids, []string{"h4", "h3", "h2", "h1", "h0"})
}

func webhookUpdates(t *testing.T, open Open) {
	s := opened(t, open)
	w := addHook(t, s, hook(acme, "h", webhook.Ping))
	changed := w
	changed.DisplayName, changed.URL, changed.Events, changed.Disabled = "Other", "https://other.example/", webhook.SetOf(webhook.RefusalRecorded), true
	got, err := s.UpdateWebhook(t.Context(), changed)
	if err != nil {
		t.Fatal(err)
	}
	changed.Version = 2
	equal(t, "changed", got, changed)
	equal(t, "kept", getHook(t, s, w.Ref), changed)
	_, err = s.UpdateWebhook(t.Context(), w)
	want(t, "based on the first version", err, store.ErrChanged)
	none := hook(globex, "h", webhook.Ping)
	_, err = s.UpdateWebhook(t.Context(), none)
	want(t, "another organisation's", err, store.ErrNotFound)
}

func webhookSecretsRotate(t *testing.T, open Open) {
	s := opened(t, open)
	w := addHook(t, s, hook(acme, "h", webhook.Ping))
	end := noon.Add(time.Hour)
	got, err := s.RotateWebhook(t.Context(), w.Ref, []byte("second"), end)
	if err != nil {
		t.Fatal(err)
	}
	w.OldSecret, w.OldSecretEnd, w.Secret, w.Version = w.Secret, end, []byte("second"), 2
	equal(t, "rotated", got, w)
	equal(t, "kept", getHook(t, s, w.Ref), w)
	_, err = s.RotateWebhook(t.Context(), ref(globex, "h"), []byte("x"), end)
	want(t, "another organisation's", err, store.ErrNotFound)
}

func webhooksApart(t *testing.T, open Open) {
	s := opened(t, open)
	ours, theirs := addHook(t, s, hook(acme, "h", webhook.PersonErased)), addHook(t, s, hook(globex, "h", webhook.PersonErased))
	enqueue(t, s, occurrence(acme, webhook.PersonErased, "erasures/e"))
	equal(t, "ours", len(deliveries(t, s, ours.Ref)), 1)
	equal(t, "theirs", len(deliveries(t, s, theirs.Ref)), 0)
	if err := s.DeleteWebhook(t.Context(), globex, "h"); err != nil {
		t.Fatal(err)
	}
	equal(t, "ours stays", len(deliveries(t, s, ours.Ref)), 1)
	_, _, err := s.ListDeliveries(t.Context(), theirs.Ref, store.Query{Limit: 10})
	want(t, "deliveries of none", err, store.ErrNotFound)
}

func webhookSealedReplaced(t *testing.T, open Open) {
	s := opened(t, open)
	a, b := addHook(t, s, hook(acme, "h", webhook.Ping)), addHook(t, s, hook(globex, "h", webhook.Ping))
	page, err := s.ListSealed(t.Context(), webhook.Ref{}, 1)
	if err != nil || len(page) != 1 || page[0].Ref != a.Ref {
		t.Fatalf("first page: %+v, %v", page, err)
	}
	page, err = s.ListSealed(t.Context(), a.Ref, 10)
	if err != nil || len(page) != 1 || page[0].Ref != b.Ref {
		t.Fatalf("second page: %+v, %v", page, err)
	}
	want(t, "replace", s.ReplaceSealed(t.Context(), a, []byte("anew"), nil), nil)
	equal(t, "replaced", string(getHook(t, s, a.Ref).Secret), "anew")
	// The secret is another one by now.
	want(t, "replace again", s.ReplaceSealed(t.Context(), a, []byte("wrong"), nil), nil)
	equal(t, "not replaced", string(getHook(t, s, a.Ref).Secret), "anew")
	rotated, err := s.RotateWebhook(t.Context(), b.Ref, []byte("second"), noon)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "replace both", s.ReplaceSealed(t.Context(), rotated, []byte("2"), []byte("1")), nil)
	got := getHook(t, s, b.Ref)
	equal(t, "both", []string{string(got.Secret), string(got.OldSecret)}, []string{"2", "1"})
}
