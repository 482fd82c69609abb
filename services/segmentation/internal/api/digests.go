package api

import (
	"context"
	"errors"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/mask"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/segmentation/internal/digest"
	"github.com/otklik/otklik/services/segmentation/internal/peers"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

const (
	digestsCollection = "digestSubscriptions/"
	deliveriesSegment = "/deliveries/"
	// mostDigests is how many subscriptions an organisation may have.
	mostDigests = 100
)

// digestServer serves DigestService.
type digestServer struct {
	segmentationv1.UnimplementedDigestServiceServer
	*Server
}

// CreateDigestSubscription makes a subscription. The same identifier with the same content returns what is there.
func (s *digestServer) CreateDigestSubscription(
	ctx context.Context, req *segmentationv1.CreateDigestSubscriptionRequest,
) (*segmentationv1.CreateDigestSubscriptionResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	in := req.GetDigestSubscription()
	d := digest.Subscription{Organization: org, ID: req.GetDigestSubscriptionId(), CreateTime: s.Now()}
	if d.ID == "" {
		d.ID = newID()
	}
	if there, err := s.Store.GetDigest(ctx, org, d.ID); err == nil {
		return s.thereAlready(ctx, there, in)
	} else if !errors.Is(err, store.ErrNotFound) {
		return nil, storeError(err)
	}
	if err := s.fill(&d, in); err != nil {
		return nil, err
	}
	if d.Recipients, err = s.recipients(ctx, org, in.GetRecipients(), nil); err != nil {
		return nil, err
	}
	stored, err := s.Store.CreateDigest(ctx, d, mostDigests)
	if err != nil {
		err = errors.Join(err, s.endAll(ctx, org, d.Recipients, nil))
		switch {
		case errors.Is(err, store.ErrExists):
			return nil, digestExists()
		case errors.Is(err, store.ErrTooMany):
			return nil, refuse(codes.ResourceExhausted, segmentationv1.ErrorReason_ERROR_REASON_DIGEST_LIMIT, "the organisation has 100 subscriptions, the most there may be: delete one")
		}
		return nil, storeError(err)
	}
	out, err := s.digestAsSeen(ctx, stored)
	return &segmentationv1.CreateDigestSubscriptionResponse{DigestSubscription: out}, err
}

// thereAlready answers who makes what there is.
func (s *digestServer) thereAlready(
	ctx context.Context, there digest.Subscription, in *segmentationv1.DigestSubscription,
) (*segmentationv1.CreateDigestSubscriptionResponse, error) {
	out, err := s.digestToProto(ctx, there)
	if err != nil {
		return nil, err
	}
	merged := proto.CloneOf(out)
	mask.Overlay(merged, in, mutableDigestFields)
	if merged.GetLanguageCode() == "" {
		merged.LanguageCode = defaultLanguage
	}
	if merged.GetTimeZone() == "" {
		merged.TimeZone = s.Location.String()
	}
	if !proto.Equal(merged, out) {
		return nil, digestExists()
	}
	out, err = s.digestAsSeen(ctx, there)
	return &segmentationv1.CreateDigestSubscriptionResponse{DigestSubscription: out}, err
}

func digestExists() error {
	return refuseField(codes.AlreadyExists, segmentationv1.ErrorReason_ERROR_REASON_DIGEST_EXISTS, "digest_subscription_id", "is taken; choose another one")
}

// defaultLanguage is that of digests unless stated.
const defaultLanguage = "ru"

// fill takes over what callers say of a subscription but for its recipients, and sets when it is sent next.
func (s *digestServer) fill(d *digest.Subscription, in *segmentationv1.DigestSubscription) error {
	if err := checkZone("digest_subscription.time_zone", in.GetTimeZone()); err != nil {
		return err
	}
	d.DisplayName, d.Language, d.Minute, d.Zone, d.Disabled = in.GetDisplayName(), in.GetLanguageCode(), int(in.GetMinuteOfDay()), in.GetTimeZone(), in.GetDisabled()
	if d.Language == "" {
		d.Language = defaultLanguage
	}
	if d.Zone == "" {
		d.Zone = s.Location.String()
	}
	d.Topics = nil
	for _, t := range in.GetTopics() {
		d.Topics = append(d.Topics, digest.Topic(t))
	}
	d.UpdateTime, d.NextTime = s.Now(), time.Time{}
	if d.Disabled {
		return nil
	}
	zone, err := time.LoadLocation(d.Zone)
	if err != nil {
		return err
	}
	d.NextTime = digest.Next(s.Now(), d.Minute, zone)
	return nil
}

// recipients are those of addresses: as they are where they are known, with new credentials otherwise.
func (s *digestServer) recipients(ctx context.Context, org string, addresses []string, known map[string]digest.Recipient) ([]digest.Recipient, error) {
	out := make([]digest.Recipient, 0, len(addresses))
	for _, address := range addresses {
		if r, ok := known[address]; ok {
			out = append(out, r)
			continue
		}
		key, secret, err := s.Addresses.Make(ctx, org, "Recipient of a digest", peers.RoleRecipient)
		if err != nil {
			return nil, errors.Join(err, s.endAll(ctx, org, out, known))
		}
		r := digest.Recipient{Key: key}
		if r.Address, err = s.envelope().Seal(ctx, org, address); err == nil {
			r.Secret, err = s.envelope().Seal(ctx, org, secret)
		}
		out = append(out, r)
		if err != nil {
			return nil, errors.Join(err, s.endAll(ctx, org, out, known))
		}
	}
	return out, nil
}

// endAll revokes the credentials of recipients but for some that stay.
func (s *digestServer) endAll(ctx context.Context, org string, recipients []digest.Recipient, stay map[string]digest.Recipient) (err error) {
	ctx = context.WithoutCancel(ctx)
	kept := map[string]bool{}
	for _, r := range stay {
		kept[r.Key] = true
	}
	for _, r := range recipients {
		if !kept[r.Key] {
			err = errors.Join(err, s.Addresses.End(ctx, org, r.Key))
		}
	}
	return err
}

// GetDigestSubscription returns a subscription.
func (s *digestServer) GetDigestSubscription(ctx context.Context, req *segmentationv1.GetDigestSubscriptionRequest) (*segmentationv1.GetDigestSubscriptionResponse, error) {
	org, id, err := parseOwned(ctx, "name", digestsCollection, req.GetName())
	if err != nil {
		return nil, err
	}
	d, err := s.Store.GetDigest(ctx, org, id)
	if err != nil {
		return nil, digestNotFound(err, req.GetName())
	}
	out, err := s.digestAsSeen(ctx, d)
	return &segmentationv1.GetDigestSubscriptionResponse{DigestSubscription: out}, err
}

func digestNotFound(err error, name string) error {
	return orNotFound(err, segmentationv1.ErrorReason_ERROR_REASON_DIGEST_NOT_FOUND, "digest subscription", name)
}

// ListDigestSubscriptions lists subscriptions.
func (s *digestServer) ListDigestSubscriptions(
	ctx context.Context, req *segmentationv1.ListDigestSubscriptionsRequest,
) (*segmentationv1.ListDigestSubscriptionsResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	p, err := openPage[int](s.Server, segmentationv1.DigestService_ListDigestSubscriptions_FullMethodName, org, req)
	if err != nil {
		return nil, err
	}
	list, more, err := s.Store.ListDigests(ctx, org, p.cursor, p.size)
	if err != nil {
		return nil, storeError(err)
	}
	out := &segmentationv1.ListDigestSubscriptionsResponse{NextPageToken: p.next(more, p.cursor+len(list))}
	for _, d := range list {
		shown, err := s.digestAsSeen(ctx, d)
		if err != nil {
			return nil, err
		}
		out.DigestSubscriptions = append(out.DigestSubscriptions, shown)
	}
	return out, nil
}

// mutableDigestFields are the fields of a subscription that an update may change.
var mutableDigestFields = []string{"display_name", "recipients", "language_code", "minute_of_day", "time_zone", "topics", "disabled"}

// UpdateDigestSubscription changes a subscription. With an etag the subscription must still have it.
func (s *digestServer) UpdateDigestSubscription(
	ctx context.Context, req *segmentationv1.UpdateDigestSubscriptionRequest,
) (*segmentationv1.UpdateDigestSubscriptionResponse, error) {
	in := req.GetDigestSubscription()
	// The rules of the protos leave the subscription of this request alone, since only the fields of the mask matter. The name always does.
	if err := s.rules.Check(&segmentationv1.GetDigestSubscriptionRequest{Name: in.GetName()}); err != nil {
		return nil, rpcerr.Under("digest_subscription", err)
	}
	org, id, err := parseOwned(ctx, "digest_subscription.name", digestsCollection, in.GetName())
	if err != nil {
		return nil, err
	}
	fields, err := mask.Changed(req.GetUpdateMask(), in, mutableDigestFields)
	if err != nil {
		return nil, err
	}
	if err := mayWrite(ctx, fields, digestWithheld); err != nil {
		return nil, err
	}
	wanted := stated{in.GetEtag(), "digest_subscription.etag"}
	stored, err := retried(wanted, func() (d digest.Subscription, err error) {
		current, err := s.Store.GetDigest(ctx, org, id)
		if err != nil {
			return d, err
		}
		if err := wanted.is(etag(current.CreateTime, current.Version)); err != nil {
			return d, err
		}
		return s.overlayDigest(ctx, current, in, fields)
	})
	if err != nil {
		return nil, digestNotFound(err, in.GetName())
	}
	out, err := s.digestAsSeen(ctx, stored)
	return &segmentationv1.UpdateDigestSubscriptionResponse{DigestSubscription: out}, err
}

// overlayDigest stores a subscription with some fields changed. The result is checked as a whole.
func (s *digestServer) overlayDigest(ctx context.Context, current digest.Subscription, in proto.Message, fields []string) (digest.Subscription, error) {
	merged, err := s.digestToProto(ctx, current)
	if err != nil {
		return digest.Subscription{}, err
	}
	known := map[string]digest.Recipient{}
	for n, address := range merged.GetRecipients() {
		known[address] = current.Recipients[n]
	}
	mask.Overlay(merged, in, fields)
	if err := s.rules.Check(&segmentationv1.CreateDigestSubscriptionRequest{DigestSubscription: merged}); err != nil {
		return digest.Subscription{}, err
	}
	next := current
	if err := s.fill(&next, merged); err != nil {
		return digest.Subscription{}, err
	}
	if next.Recipients, err = s.recipients(ctx, current.Organization, merged.GetRecipients(), known); err != nil {
		return digest.Subscription{}, err
	}
	stored, err := s.Store.UpdateDigest(ctx, next)
	if err != nil {
		return digest.Subscription{}, errors.Join(err, s.endAll(ctx, current.Organization, next.Recipients, known))
	}
	gone := slices.DeleteFunc(slices.Clone(current.Recipients), func(r digest.Recipient) bool {
		return slices.ContainsFunc(next.Recipients, func(n digest.Recipient) bool { return n.Key == r.Key })
	})
	return stored, s.endAll(ctx, current.Organization, gone, nil)
}

// DeleteDigestSubscription removes a subscription.
func (s *digestServer) DeleteDigestSubscription(
	ctx context.Context, req *segmentationv1.DeleteDigestSubscriptionRequest,
) (*segmentationv1.DeleteDigestSubscriptionResponse, error) {
	org, id, err := parseOwned(ctx, "name", digestsCollection, req.GetName())
	if err != nil {
		return nil, err
	}
	d, err := s.Store.DeleteDigest(ctx, org, id)
	if err != nil {
		return nil, digestNotFound(err, req.GetName())
	}
	return &segmentationv1.DeleteDigestSubscriptionResponse{}, s.endAll(ctx, org, d.Recipients, nil)
}
