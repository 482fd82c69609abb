package api

import (
	"context"
	"errors"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/segmentation/internal/digest"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// envelope seals and opens what is said of recipients.
func (s *Server) envelope() seal.Envelope { return digest.NewEnvelope(s.Keeper) }

// ListDigestDeliveries lists what was sent and is to be sent.
func (s *digestServer) ListDigestDeliveries(ctx context.Context, req *segmentationv1.ListDigestDeliveriesRequest) (*segmentationv1.ListDigestDeliveriesResponse, error) {
	org, id, err := parseOwned(ctx, "parent", digestsCollection, req.GetParent())
	if err != nil {
		return nil, err
	}
	p, err := openPage[int](s.Server, segmentationv1.DigestService_ListDigestDeliveries_FullMethodName, org, req)
	if err != nil {
		return nil, err
	}
	d, err := s.Store.GetDigest(ctx, org, id)
	if err != nil {
		return nil, digestNotFound(err, req.GetParent())
	}
	addresses, sees := map[string]string{}, seesPersons(ctx)
	for _, r := range d.Recipients {
		if !sees {
			break
		}
		if addresses[r.Key], err = s.addressOf(ctx, org, r); err != nil {
			return nil, err
		}
	}
	list, more, err := s.Store.ListDeliveries(ctx, org, id, p.cursor, p.size)
	if err != nil {
		return nil, storeError(err)
	}
	out := &segmentationv1.ListDigestDeliveriesResponse{NextPageToken: p.next(more, p.cursor+len(list))}
	for _, v := range list {
		shown := &segmentationv1.DigestDelivery{
			Name: digestsCollection + id + deliveriesSegment + deliveryID(v), Recipient: addresses[v.Key], Day: v.Day,
			State: segmentationv1.DigestDelivery_State(v.State), Attempts: int32(v.Attempts), Failure: v.Failure, SendTime: timeToProto(v.SendTime),
		}
		if !sees {
			shown.WithheldFields = []string{"recipient"}
		}
		if v.State == digest.Pending {
			shown.NextAttemptTime = timeToProto(v.NextTime)
		}
		out.Deliveries = append(out.Deliveries, shown)
	}
	return out, nil
}

// deliveryID is the identifier of a delivery: the day, and the credential of the recipient.
func deliveryID(d digest.Delivery) string { return d.Day + "-" + bare("apiKeys/", d.Key) }

// UnsubscribeDigest sends no more digests to the recipient whose credential the call carries.
func (s *digestServer) UnsubscribeDigest(ctx context.Context, _ *segmentationv1.UnsubscribeDigestRequest) (*segmentationv1.UnsubscribeDigestResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.Store.Unsubscribe(ctx, org, callerID(ctx), s.Now()); err != nil {
		return nil, digestNotFound(err, "of this secret")
	}
	return &segmentationv1.UnsubscribeDigestResponse{}, nil
}

// addressOf opens the address of a recipient; it is empty where the key is gone, so that the subscription can still be seen, changed and deleted.
func (s *digestServer) addressOf(ctx context.Context, org string, r digest.Recipient) (string, error) {
	address, err := s.envelope().Open(ctx, org, r.Address)
	if errors.Is(err, seal.ErrDestroyed) {
		return "", nil
	}
	return address, err
}

// digestWithheld are the fields of a subscription that are personal.
var digestWithheld = []string{"recipients", "unsubscribed"}

// digestAsSeen converts a subscription for the caller: addresses are for those who see who persons are.
func (s *digestServer) digestAsSeen(ctx context.Context, d digest.Subscription) (*segmentationv1.DigestSubscription, error) {
	sees := seesPersons(ctx)
	if !sees {
		d.Recipients = nil
	}
	out, err := s.digestToProto(ctx, d)
	if err == nil && !sees {
		out.WithheldFields = digestWithheld
	}
	return out, err
}

// digestToProto converts a subscription, and opens its addresses.
func (s *digestServer) digestToProto(ctx context.Context, d digest.Subscription) (*segmentationv1.DigestSubscription, error) {
	out := &segmentationv1.DigestSubscription{
		Name: digestsCollection + d.ID, DisplayName: d.DisplayName, LanguageCode: d.Language, MinuteOfDay: int32(d.Minute), TimeZone: d.Zone, Disabled: d.Disabled,
		NextSendTime: timeToProto(d.NextTime), CreateTime: timeToProto(d.CreateTime), UpdateTime: timeToProto(d.UpdateTime), Etag: etag(d.CreateTime, d.Version),
	}
	for _, t := range d.Topics {
		out.Topics = append(out.Topics, segmentationv1.DigestSubscription_Topic(t))
	}
	for _, r := range d.Recipients {
		address, err := s.addressOf(ctx, d.Organization, r)
		if err != nil {
			return nil, err
		}
		out.Recipients = append(out.Recipients, address)
		if !r.UnsubscribeTime.IsZero() {
			out.Unsubscribed = append(out.Unsubscribed, address)
		}
	}
	return out, nil
}
