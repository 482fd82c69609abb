package api

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/mask"
	"github.com/otklik/otklik/libs/rpcerr"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	"github.com/otklik/otklik/services/access/internal/store"
	"github.com/otklik/otklik/services/access/internal/webhook"
)

// webhookServer serves WebhookService.
type webhookServer struct {
	accessv1.UnimplementedWebhookServiceServer
	*Server
}

// Webhooks is what the server needs to know of webhooks.
type Webhooks struct {
	// Sealer seals the secrets. Required where WebhookService is called.
	Sealer webhook.Sealer
	// Addresses says which addresses are called.
	Addresses webhook.Addresses
	// Wake is called when there is something to send; nil when nobody wants to know.
	Wake func()
}

const (
	hooksCollection      = "webhooks/"
	deliveriesCollection = "/deliveries/"
	// mostWebhooks is how many webhooks an organisation may have.
	mostWebhooks = 50
)

// CreateWebhook creates a webhook and tells its secret.
func (s *webhookServer) CreateWebhook(ctx context.Context, req *accessv1.CreateWebhookRequest) (*accessv1.CreateWebhookResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	w, err := s.webhookFromProto(req.GetWebhook())
	if err != nil {
		return nil, err
	}
	w.Ref, w.CreateTime = webhook.Ref{Organization: org, ID: req.GetWebhookId()}, s.now()
	secret := webhook.NewSecret()
	stored, err := s.createWebhook(ctx, w, secret)
	if err != nil {
		return nil, webhookError(w.ID, err)
	}
	return &accessv1.CreateWebhookResponse{Webhook: webhookToProto(stored), Secret: secret}, nil
}

// createWebhook stores a webhook, under an identifier made here when it has none.
func (s *webhookServer) createWebhook(ctx context.Context, w webhook.Webhook, secret string) (webhook.Webhook, error) {
	given := w.ID != ""
	for range idAttempts {
		if !given {
			w.ID = newID(shortID)
		}
		var err error
		// The secret is sealed for the name.
		if w.Secret, err = webhook.SealSecret(s.webhooks.Sealer, w.Ref, secret); err != nil {
			return webhook.Webhook{}, err
		}
		if stored, err := s.store.CreateWebhook(ctx, w, mostWebhooks); given || !errors.Is(err, store.ErrExists) {
			return stored, err
		}
	}
	return webhook.Webhook{}, fmt.Errorf("make identifier: %d were taken", idAttempts)
}

// webhookError explains an error of a call about a webhook.
func webhookError(id string, err error) error {
	switch {
	case errors.Is(err, store.ErrNotFound):
		return notFound(accessv1.ErrorReason_ERROR_REASON_WEBHOOK_NOT_FOUND, "webhook", hooksCollection+id)
	case errors.Is(err, store.ErrExists):
		return refuseField(codes.AlreadyExists, accessv1.ErrorReason_ERROR_REASON_ALREADY_EXISTS, "webhook_id", "is taken; choose another one")
	case errors.Is(err, store.ErrTooMany):
		return refuse(codes.FailedPrecondition, accessv1.ErrorReason_ERROR_REASON_TOO_MANY_WEBHOOKS,
			fmt.Sprintf("an organisation has at most %d webhooks: delete one before", mostWebhooks))
	case errors.Is(err, store.ErrChanged):
		return etagMismatch("webhook.etag")
	}
	return storeError(err)
}

// GetWebhook returns a webhook.
func (s *webhookServer) GetWebhook(ctx context.Context, req *accessv1.GetWebhookRequest) (*accessv1.GetWebhookResponse, error) {
	ref, err := parseWebhook(ctx, "name", req.GetName())
	if err != nil {
		return nil, err
	}
	w, err := s.store.GetWebhook(ctx, ref.Organization, ref.ID)
	if err != nil {
		return nil, webhookError(ref.ID, err)
	}
	return &accessv1.GetWebhookResponse{Webhook: webhookToProto(w)}, nil
}

// parseWebhook takes a webhook out of its name.
func parseWebhook(ctx context.Context, field, name string) (webhook.Ref, error) {
	org, id, err := parseOwned(ctx, field, hooksCollection, name)
	return webhook.Ref{Organization: org, ID: id}, err
}

// ListWebhooks lists webhooks, the newest first.
func (s *webhookServer) ListWebhooks(ctx context.Context, req *accessv1.ListWebhooksRequest) (*accessv1.ListWebhooksResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	p, err := s.openList(accessv1.WebhookService_ListWebhooks_FullMethodName, org, req, req.GetPageToken(), req.GetPageSize())
	if err != nil {
		return nil, err
	}
	hooks, more, err := s.store.ListWebhooks(ctx, p.query)
	if err != nil {
		return nil, storeError(err)
	}
	out := &accessv1.ListWebhooksResponse{}
	var last store.Place
	for _, w := range hooks {
		out.Webhooks = append(out.Webhooks, webhookToProto(w))
		last = store.Place{CreateTime: w.CreateTime, ID: w.ID}
	}
	out.NextPageToken = s.next(p, more, last)
	return out, nil
}

// mutableWebhookFields are the fields of a webhook that an update may change.
var mutableWebhookFields = []string{"display_name", "url", "events", "disabled"}

// UpdateWebhook changes a webhook. With an etag the webhook must still have it; without one a change that another overtook is made again on what the
// webhook is then.
func (s *webhookServer) UpdateWebhook(ctx context.Context, req *accessv1.UpdateWebhookRequest) (*accessv1.UpdateWebhookResponse, error) {
	in := req.GetWebhook()
	// The rules of the protos leave the webhook of this request alone, since only the fields of the mask matter. The name always does.
	if err := s.rules.Check(&accessv1.GetWebhookRequest{Name: in.GetName()}); err != nil {
		return nil, rpcerr.Under("webhook", err)
	}
	ref, err := parseWebhook(ctx, "webhook.name", in.GetName())
	if err != nil {
		return nil, err
	}
	fields, err := mask.Changed(req.GetUpdateMask(), in, mutableWebhookFields)
	if err != nil {
		return nil, err
	}
	for range changeAttempts {
		current, err := s.store.GetWebhook(ctx, ref.Organization, ref.ID)
		if err != nil {
			return nil, webhookError(ref.ID, err)
		}
		if wanted := in.GetEtag(); wanted != "" && wanted != etag(current.CreateTime, current.Version) {
			return nil, etagMismatch("webhook.etag")
		}
		next, err := s.overlaidWebhook(current, in, fields)
		if err != nil {
			return nil, err
		}
		stored, err := s.store.UpdateWebhook(ctx, next)
		if err == nil {
			s.wakeWebhooks()
			return &accessv1.UpdateWebhookResponse{Webhook: webhookToProto(stored)}, nil
		}
		if !errors.Is(err, store.ErrChanged) || in.GetEtag() != "" {
			return nil, webhookError(ref.ID, err)
		}
	}
	return nil, etagMismatch("webhook.etag")
}

// overlaidWebhook is a webhook with some fields changed. The result is checked as a whole.
func (s *webhookServer) overlaidWebhook(current webhook.Webhook, in *accessv1.Webhook, fields []string) (webhook.Webhook, error) {
	merged := webhookToProto(current)
	mask.Overlay(merged, in, fields)
	if err := s.rules.Check(&accessv1.CreateWebhookRequest{Webhook: merged}); err != nil {
		return webhook.Webhook{}, err
	}
	next, err := s.webhookFromProto(merged)
	next.Ref, next.Version, next.CreateTime = current.Ref, current.Version, current.CreateTime
	return next, err
}

// DeleteWebhook removes a webhook.
func (s *webhookServer) DeleteWebhook(ctx context.Context, req *accessv1.DeleteWebhookRequest) (*accessv1.DeleteWebhookResponse, error) {
	ref, err := parseWebhook(ctx, "name", req.GetName())
	if err != nil {
		return nil, err
	}
	if err := s.store.DeleteWebhook(ctx, ref.Organization, ref.ID); err != nil {
		return nil, webhookError(ref.ID, err)
	}
	return &accessv1.DeleteWebhookResponse{}, nil
}

// RotateWebhookSecret gives a webhook another secret.
func (s *webhookServer) RotateWebhookSecret(ctx context.Context, req *accessv1.RotateWebhookSecretRequest) (*accessv1.RotateWebhookSecretResponse, error) {
	ref, err := parseWebhook(ctx, "name", req.GetName())
	if err != nil {
		return nil, err
	}
	overlap := defaultOverlap
	if req.GetOverlap() != nil {
		overlap = req.GetOverlap().AsDuration()
	}
	secret := webhook.NewSecret()
	sealed, err := webhook.SealSecret(s.webhooks.Sealer, ref, secret)
	if err != nil {
		return nil, err
	}
	if _, err := s.store.RotateWebhook(ctx, ref, sealed, s.now().Add(overlap)); err != nil {
		return nil, webhookError(ref.ID, err)
	}
	return &accessv1.RotateWebhookSecretResponse{Secret: secret}, nil
}

// PingWebhook sends the event ping.
func (s *webhookServer) PingWebhook(ctx context.Context, req *accessv1.PingWebhookRequest) (*accessv1.PingWebhookResponse, error) {
	ref, err := parseWebhook(ctx, "name", req.GetName())
	if err != nil {
		return nil, err
	}
	now := s.now()
	d := webhook.Delivery{
		Webhook: ref, ID: webhook.NewDeliveryID(), Event: webhook.Ping, Resource: req.GetName(), State: webhook.Pending, CreateTime: now, NextTime: now,
	}
	if err := s.store.AddDelivery(ctx, d); err != nil {
		return nil, webhookError(ref.ID, err)
	}
	s.wakeWebhooks()
	return &accessv1.PingWebhookResponse{Delivery: deliveryToProto(d)}, nil
}

// ListWebhookDeliveries lists deliveries, the newest first.
func (s *webhookServer) ListWebhookDeliveries(ctx context.Context, req *accessv1.ListWebhookDeliveriesRequest) (*accessv1.ListWebhookDeliveriesResponse, error) {
	ref, err := parseWebhook(ctx, "parent", req.GetParent())
	if err != nil {
		return nil, err
	}
	p, err := s.openList(accessv1.WebhookService_ListWebhookDeliveries_FullMethodName, ref.Organization, req, req.GetPageToken(), req.GetPageSize())
	if err != nil {
		return nil, err
	}
	all, more, err := s.store.ListDeliveries(ctx, ref, p.query)
	if err != nil {
		return nil, webhookError(ref.ID, err)
	}
	out := &accessv1.ListWebhookDeliveriesResponse{}
	var last store.Place
	for _, d := range all {
		out.Deliveries = append(out.Deliveries, deliveryToProto(d))
		last = store.Place{CreateTime: d.CreateTime, ID: d.ID}
	}
	out.NextPageToken = s.next(p, more, last)
	return out, nil
}

// ReplayWebhookDelivery sends an event again.
func (s *webhookServer) ReplayWebhookDelivery(ctx context.Context, req *accessv1.ReplayWebhookDeliveryRequest) (*accessv1.ReplayWebhookDeliveryResponse, error) {
	parent, id, _ := strings.Cut(req.GetName(), deliveriesCollection)
	ref, err := parseWebhook(ctx, "name", parent)
	if err != nil {
		return nil, err
	}
	d, err := s.store.ReplayDelivery(ctx, ref, id, s.now())
	if errors.Is(err, store.ErrNotFound) {
		return nil, notFound(accessv1.ErrorReason_ERROR_REASON_DELIVERY_NOT_FOUND, "delivery", req.GetName())
	}
	if err != nil {
		return nil, storeError(err)
	}
	s.wakeWebhooks()
	return &accessv1.ReplayWebhookDeliveryResponse{Delivery: deliveryToProto(d)}, nil
}

func (s *webhookServer) wakeWebhooks() {
	if s.webhooks.Wake != nil {
		s.webhooks.Wake()
	}
}

// webhookFromProto checks what a caller says of a webhook.
func (s *webhookServer) webhookFromProto(in *accessv1.Webhook) (webhook.Webhook, error) {
	if err := s.webhooks.Addresses.Check(in.GetUrl()); err != nil {
		return webhook.Webhook{}, refuseField(codes.InvalidArgument, accessv1.ErrorReason_ERROR_REASON_URL_REFUSED, "webhook.url", err.Error())
	}
	w := webhook.Webhook{DisplayName: in.GetDisplayName(), URL: in.GetUrl(), Disabled: in.GetDisabled()}
	for _, e := range in.GetEvents() {
		w.Events |= webhook.SetOf(webhook.Event(e))
	}
	return w, nil
}

func webhookToProto(w webhook.Webhook) *accessv1.Webhook {
	out := &accessv1.Webhook{
		Name: hooksCollection + w.ID, DisplayName: w.DisplayName, Url: w.URL, Disabled: w.Disabled, CreateTime: timeToProto(w.CreateTime),
		LastSuccessTime: timeToProto(w.LastSuccessTime), LastFailureTime: timeToProto(w.LastFailureTime), Etag: etag(w.CreateTime, w.Version),
	}
	for _, e := range w.Events.List() {
		out.Events = append(out.Events, accessv1.WebhookEvent(e))
	}
	return out
}

func deliveryToProto(d webhook.Delivery) *accessv1.WebhookDelivery {
	out := &accessv1.WebhookDelivery{
		Name: hooksCollection + d.Webhook.ID + deliveriesCollection + d.ID, Event: accessv1.WebhookEvent(d.Event), Resource: d.Resource,
		State: accessv1.WebhookDelivery_State(d.State), Attempts: int32(min(d.Attempts, 1<<30)), CreateTime: timeToProto(d.CreateTime), LastResult: d.LastResult,
	}
	if d.State == webhook.Pending {
		out.NextAttemptTime = timeToProto(d.NextTime.Truncate(time.Microsecond))
	}
	return out
}
