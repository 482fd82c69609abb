package api

import (
	"context"
	"strings"
	"time"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// exported is how many contacts are sent at a time.
const exported = 500

// membershipCursor is where a page of memberships ended.
type membershipCursor struct {
	Segment, Contact string
	Enter            int64
}

// ListMemberships lists memberships of a segment or of a contact.
func (s *segmentServer) ListMemberships(ctx context.Context, req *segmentationv1.ListMembershipsRequest) (*segmentationv1.ListMembershipsResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	p, err := openPage[membershipCursor](s.Server, "ListMemberships", org, req)
	if err != nil {
		return nil, err
	}
	q := store.MembershipQuery{Organization: org, Ended: req.GetShowEnded(), Limit: p.size}
	if id, ok := strings.CutPrefix(req.GetParent(), segmentsCollection); ok {
		if _, err := s.segment(ctx, "parent", req.GetParent()); err != nil {
			return nil, err
		}
		q.Segment = id
	} else {
		if _, q.Contact, err = parseOwned(ctx, "parent", contactsCollection, req.GetParent()); err != nil {
			return nil, err
		}
		known, err := s.Store.GetContacts(ctx, org, []string{q.Contact})
		if err != nil {
			return nil, storeError(err)
		}
		if _, ok := known[q.Contact]; !ok {
			return nil, notFound(contactMissing, "contact", req.GetParent())
		}
	}
	if p.cursor != (membershipCursor{}) {
		q.After = &store.Membership{Segment: p.cursor.Segment, Contact: p.cursor.Contact, Enter: time.UnixMicro(p.cursor.Enter)}
	}
	found, more, err := s.Store.ListMemberships(ctx, q)
	if err != nil {
		return nil, storeError(err)
	}
	out := &segmentationv1.ListMembershipsResponse{}
	for _, m := range found {
		out.Memberships = append(out.Memberships, &segmentationv1.Membership{
			Segment: segmentsCollection + m.Segment, Contact: contactsCollection + m.Contact, EnterTime: timeToProto(m.Enter), LeaveTime: timeToProto(m.Leave),
		})
	}
	if more {
		last := found[len(found)-1]
		out.NextPageToken = p.next(true, membershipCursor{Segment: last.Segment, Contact: last.Contact, Enter: last.Enter.UnixMicro()})
	}
	return out, nil
}

// ExportSegmentMembers streams the contacts that belong to a segment.
func (s *segmentServer) ExportSegmentMembers(req *segmentationv1.ExportSegmentMembersRequest, stream grpc.ServerStreamingServer[segmentationv1.ExportSegmentMembersResponse]) error {
	ctx := stream.Context()
	g, err := s.segment(ctx, "name", req.GetName())
	if err != nil {
		return err
	}
	for after := ""; ; {
		members, err := s.Store.Members(ctx, g.Organization, g.ID, after, exported)
		if err != nil {
			return storeError(err)
		}
		if len(members) == 0 {
			return nil
		}
		after = members[len(members)-1]
		contacts, err := s.contactsNamed(ctx, g.Organization, members)
		if err != nil {
			return err
		}
		if err := stream.Send(&segmentationv1.ExportSegmentMembersResponse{Contacts: contacts}); err != nil {
			return err
		}
	}
}

// contactsNamed are contacts as the caller may see them, in the order in which they are named, without those that are gone.
func (s *segmentServer) contactsNamed(ctx context.Context, org string, ids []string) ([]*segmentationv1.Contact, error) {
	found, err := s.Store.GetContacts(ctx, org, ids)
	if err != nil {
		return nil, storeError(err)
	}
	contacts := make([]directory.Contact, 0, len(ids))
	for _, id := range ids {
		if c, ok := found[id]; ok {
			contacts = append(contacts, c)
		}
	}
	return s.contactsToProto(ctx, org, contacts)
}
