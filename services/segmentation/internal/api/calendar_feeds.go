package api

import (
	"context"
	"errors"
	"slices"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/services/segmentation/internal/peers"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// mostFeeds is how many addresses somebody may have.
const mostFeeds = 20

// isAddress tells whether the caller is a secret address of a calendar.
func isAddress(ctx context.Context) bool {
	p, _ := authn.FromContext(ctx)
	return len(p.Roles) == 1 && p.Roles[0] == peers.RoleCalendar
}

// feedOfCaller is the feed of the secret address that calls, with the units that its owner has now. An owner who has ended, or has other roles than when the address
// was made, has none.
func (s *calendarServer) feedOfCaller(ctx context.Context, org string, now time.Time) (store.CalendarFeed, error) {
	ended := refuse(codes.NotFound, segmentationv1.ErrorReason_ERROR_REASON_CALENDAR_FEED_NOT_FOUND, "the secret address has ended")
	f, err := s.Store.FindCalendarFeed(ctx, org, callerID(ctx))
	if errors.Is(err, store.ErrNotFound) {
		return store.CalendarFeed{}, ended
	}
	if err != nil {
		return store.CalendarFeed{}, storeError(err)
	}
	holder, known, ok, err := s.Addresses.Holder(ctx, org, f.Owner, now)
	if err != nil {
		return store.CalendarFeed{}, err
	}
	if !known {
		return f, nil
	}
	if !ok || !sameRoles(holder.Roles, f.Roles) {
		return store.CalendarFeed{}, ended
	}
	f.Units = holder.Units
	return f, nil
}

func sameRoles(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// CreateCalendarFeed makes a secret address.
func (s *calendarServer) CreateCalendarFeed(ctx context.Context, req *segmentationv1.CreateCalendarFeedRequest) (*segmentationv1.CreateCalendarFeedResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	p, _ := authn.FromContext(ctx)
	in := req.GetCalendarFeed()
	if err := checkZone("calendar_feed.time_zone", in.GetTimeZone()); err != nil {
		return nil, err
	}
	f := store.CalendarFeed{
		Organization: org, ID: newID(), Owner: p.ID, Roles: p.Roles, Units: p.Given(), Kinds: agendaKinds(in.GetKinds()), OwnOnly: in.GetOwnOnly(),
		Language: in.GetLanguageCode(), Zone: in.GetTimeZone(), CreateTime: s.Now(),
	}
	name, secret, err := s.Addresses.Make(ctx, org, "Calendar of "+p.ID, peers.RoleCalendar)
	if err != nil {
		return nil, err
	}
	f.Key = name
	if err := s.Store.CreateCalendarFeed(ctx, f, mostFeeds); err != nil {
		err = errors.Join(err, s.Addresses.End(context.WithoutCancel(ctx), org, name))
		if errors.Is(err, store.ErrTooMany) {
			return nil, refuse(codes.ResourceExhausted, segmentationv1.ErrorReason_ERROR_REASON_CALENDAR_FEED_LIMIT, "you have 20 addresses, the most there may be: delete one")
		}
		return nil, storeError(err)
	}
	path := "calendars/" + secret + ".ics"
	return &segmentationv1.CreateCalendarFeedResponse{CalendarFeed: feedToProto(f), Path: "/" + path, Url: s.link(path)}, nil
}

// checkZone refuses a time zone that there is not; an empty one passes.
func checkZone(field, zone string) error {
	if _, err := time.LoadLocation(zone); err != nil || zone == "Local" {
		return refuseField(codes.InvalidArgument, segmentationv1.ErrorReason_ERROR_REASON_TIME_ZONE_UNKNOWN, field, "is no IANA time zone, such as Asia/Bishkek")
	}
	return nil
}

// ListCalendarFeeds lists the addresses that the caller made.
func (s *calendarServer) ListCalendarFeeds(ctx context.Context, req *segmentationv1.ListCalendarFeedsRequest) (*segmentationv1.ListCalendarFeedsResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	p, err := openPage[int](s.Server, segmentationv1.CalendarService_ListCalendarFeeds_FullMethodName, org, req)
	if err != nil {
		return nil, err
	}
	list, more, err := s.Store.ListCalendarFeeds(ctx, org, callerID(ctx), p.cursor, p.size)
	if err != nil {
		return nil, storeError(err)
	}
	out := &segmentationv1.ListCalendarFeedsResponse{NextPageToken: p.next(more, p.cursor+len(list))}
	for _, f := range list {
		out.CalendarFeeds = append(out.CalendarFeeds, feedToProto(f))
	}
	return out, nil
}

// DeleteCalendarFeed revokes an address that the caller made.
func (s *calendarServer) DeleteCalendarFeed(ctx context.Context, req *segmentationv1.DeleteCalendarFeedRequest) (*segmentationv1.DeleteCalendarFeedResponse, error) {
	org, id, err := parseOwned(ctx, "name", feedsCollection, req.GetName())
	if err != nil {
		return nil, err
	}
	// Without its feed the credential shows nothing, whether or not it can be revoked at once.
	f, err := s.Store.DeleteCalendarFeed(ctx, org, callerID(ctx), id)
	if err != nil {
		return nil, orNotFound(err, segmentationv1.ErrorReason_ERROR_REASON_CALENDAR_FEED_NOT_FOUND, "calendar feed", req.GetName())
	}
	if err := s.Addresses.End(ctx, org, f.Key); err != nil {
		return nil, err
	}
	return &segmentationv1.DeleteCalendarFeedResponse{}, nil
}

func feedToProto(f store.CalendarFeed) *segmentationv1.CalendarFeed {
	out := &segmentationv1.CalendarFeed{
		Name: feedsCollection + f.ID, Owner: f.Owner, OwnOnly: f.OwnOnly, LanguageCode: f.Language, TimeZone: f.Zone, CreateTime: timeToProto(f.CreateTime),
	}
	for _, k := range f.Kinds {
		out.Kinds = append(out.Kinds, segmentationv1.CalendarEvent_Kind(k))
	}
	return out
}
