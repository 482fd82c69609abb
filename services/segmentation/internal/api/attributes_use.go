package api

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/membership"
	"github.com/otklik/otklik/services/segmentation/internal/segment"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// unused refuses an attribute that rules of segments use, or by which lights value companies or contacts: without it those stand still, and
// nothing is at stake with these.
func (s *directoryServer) unused(ctx context.Context, org string, kind attribute.Kind, key string) error {
	users, err := s.segmentsUsing(ctx, org, kind, key)
	if err != nil {
		return storeError(err)
	}
	values, err := s.valuesLights(ctx, org, kind, key)
	if err != nil {
		return storeError(err)
	}
	if values {
		users = append(users, "lightPolicy")
	}
	if len(users) == 0 {
		return nil
	}
	const most = 10
	named := strings.Join(users[:min(len(users), most)], ", ")
	if len(users) > most {
		named += fmt.Sprintf(" and %d more", len(users)-most)
	}
	return refuse(codes.FailedPrecondition, segmentationv1.ErrorReason_ERROR_REASON_ATTRIBUTE_IN_USE, "the attribute is used by "+named+": change these first, or state force",
		rpcerr.WithField("force", rpcerr.ReasonOf(segmentationv1.ErrorReason_ERROR_REASON_ATTRIBUTE_IN_USE), "must be stated where the attribute is used"),
		rpcerr.WithMetadata("used_by", named))
}

// valuesLights tells whether lights value companies or contacts by an attribute: the policy names one key for both, and only numbers count.
func (s *directoryServer) valuesLights(ctx context.Context, org string, kind attribute.Kind, key string) (bool, error) {
	if kind != attribute.Company && kind != attribute.Contact {
		return false, nil
	}
	policy, err := s.Store.LightPolicy(ctx, org)
	if err != nil || policy.Stated.ValueAttribute != key {
		return false, err
	}
	declared, err := s.Store.ListAttributes(ctx, org)
	return attribute.Of(declared, kind)[key].Type == attribute.Number, err
}

// segmentsUsing are the segments whose rules use an attribute, by name.
func (s *directoryServer) segmentsUsing(ctx context.Context, org string, kind attribute.Kind, key string) (users []string, err error) {
	declared, err := s.Store.ListAttributes(ctx, org)
	if err != nil {
		return nil, err
	}
	fields, err := membership.FieldsOf(declared)
	if err != nil {
		return nil, err
	}
	at, asked := fields.Schema.Lookup(kind.String() + "." + key)
	if !asked {
		return nil, nil
	}
	segments, err := s.Store.ListSegments(ctx, org, "", 0)
	if err != nil {
		return nil, err
	}
	for _, g := range segments {
		if segment.Uses(fields.Schema, g.Rule, at) {
			users = append(users, segmentsCollection+g.ID)
		}
	}
	return users, nil
}
