package api

import (
	"fmt"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// eventToProto converts an event.
func eventToProto(e store.Event) (*segmentationv1.Event, error) {
	out := &segmentationv1.Event{
		Position: e.Position, Organization: e.Organization, Time: timestamppb.New(e.Time),
		Unit: &segmentationv1.Event_Unit{
			Contact: named(contactsCollection, e.Contact), Company: named(companiesCollection, e.Company), Location: named(locationsCollection, e.Location),
			Region: named(regionsCollection, e.Region), Employee: named(employeesCollection, e.Employee),
		},
	}
	var err error
	switch e.Kind {
	case store.CaseOpened:
		c, failed := caseChangedToProto(e)
		out.Change, err = &segmentationv1.Event_CaseOpened{CaseOpened: c}, failed
	case store.CaseDue:
		c, failed := caseChangedToProto(e)
		out.Change, err = &segmentationv1.Event_CaseDue{CaseDue: c}, failed
	case store.CaseBreached:
		c, failed := caseChangedToProto(e)
		out.Change, err = &segmentationv1.Event_CaseBreached{CaseBreached: c}, failed
	case store.CaseClosed:
		c, failed := caseChangedToProto(e)
		out.Change, err = &segmentationv1.Event_CaseClosed{CaseClosed: c}, failed
	case store.LightChanged:
		l, failed := lightChangedToProto(e)
		out.Change, err = &segmentationv1.Event_LightChanged{LightChanged: l}, failed
	case store.SegmentEntered:
		m, failed := segmentMoveToProto(e)
		out.Change, err = &segmentationv1.Event_SegmentEntered{SegmentEntered: m}, failed
	case store.SegmentLeft:
		m, failed := segmentMoveToProto(e)
		out.Change, err = &segmentationv1.Event_SegmentLeft{SegmentLeft: m}, failed
	case store.SegmentsOfResponse:
		var body store.ResponseSegments
		err = store.DecodeBody(e, &body)
		r := &segmentationv1.ResponseSegments{Response: e.Resource}
		for _, id := range body.Segments {
			r.Segments = append(r.Segments, named(segmentsCollection, id))
		}
		out.Change = &segmentationv1.Event_ResponseSegments{ResponseSegments: r}
	case store.CaseOfResponse:
		var body store.ResponseCase
		err = store.DecodeBody(e, &body)
		out.Change = &segmentationv1.Event_ResponseCase{ResponseCase: &segmentationv1.ResponseCase{Response: e.Resource, Unresolved: body.Unresolved}}
	default:
		err = fmt.Errorf("convert event %d: its kind %q is not known", e.Position, e.Kind)
	}
	return out, err
}

func caseChangedToProto(e store.Event) (*segmentationv1.CaseChanged, error) {
	var c store.CaseChanged
	err := store.DecodeBody(e, &c)
	return &segmentationv1.CaseChanged{
		Case: e.Resource, DisplayName: c.DisplayName, Queue: c.Queue, Owner: c.Owner, Severity: c.Severity, FirstResponseDueTime: timeToProto(c.FirstResponseDue),
		ResolutionDueTime: timeToProto(c.ResolutionDue), RootCause: c.RootCause, Links: c.Links,
	}, err
}

// colours are those of lights as events are kept.
var colours = map[string]segmentationv1.LightColour{
	"red": segmentationv1.LightColour_LIGHT_COLOUR_RED, "amber": segmentationv1.LightColour_LIGHT_COLOUR_AMBER, "green": segmentationv1.LightColour_LIGHT_COLOUR_GREEN,
}

func lightChangedToProto(e store.Event) (*segmentationv1.LightChanged, error) {
	var l store.LightChange
	err := store.DecodeBody(e, &l)
	return &segmentationv1.LightChanged{
		Light: e.Resource, Colour: colours[l.Colour], PreviousColour: colours[l.Previous], Uncertain: l.Uncertain, Mean: l.Mean, AnswerCount: l.Answers,
		PolicyVersion: l.PolicyVersion, ValueAtStake: l.Stake, Rejudged: l.Rejudged,
	}, err
}

func segmentMoveToProto(e store.Event) (*segmentationv1.SegmentMove, error) {
	var m store.SegmentMove
	err := store.DecodeBody(e, &m)
	return &segmentationv1.SegmentMove{Segment: e.Resource, DisplayName: m.DisplayName}, err
}
