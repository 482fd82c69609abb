package api

import (
	"context"
	"errors"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/libs/mask"
	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

const (
	attributesCollection = "attributes/"
	attributeMissing     = segmentationv1.ErrorReason_ERROR_REASON_ATTRIBUTE_NOT_FOUND
	// mostAttributes is how many attributes of a kind an organisation declares at most.
	mostAttributes = mostValues
	// changeAttempts is how often a change without an etag is tried over changes of others.
	changeAttempts = 5
)

// parseAttribute takes a kind and a key out of the name of an attribute.
func parseAttribute(field, name string) (attribute.Kind, string, error) {
	kind, key, _ := strings.Cut(bare(attributesCollection, name), ".")
	k, ok := attribute.ParseKind(kind)
	if !ok || key == "" {
		return 0, "", validation.Malformed(field, "NAME_MALFORMED", "must have the form attributes/{kind}.{key}")
	}
	return k, key, nil
}

func attributeName(d attribute.Definition) string {
	return attributesCollection + d.Kind.String() + "." + d.Key
}

func attributeToProto(d attribute.Definition) *segmentationv1.Attribute {
	return &segmentationv1.Attribute{
		Name: attributeName(d), Type: segmentationv1.Attribute_Type(d.Type), DisplayName: d.DisplayName, Description: d.Description, Options: d.Options,
		CreateTime: timeToProto(d.CreateTime), UpdateTime: timeToProto(d.UpdateTime), Etag: etag(d.CreateTime, d.Version),
	}
}

// checkOptions refuses options of what is no enum, and an enum without any.
func checkOptions(d attribute.Definition) error {
	if (d.Type == attribute.Enum) != (len(d.Options) > 0) {
		return validation.Malformed("attribute.options", "OPTIONS", "an enum has options, and nothing else has")
	}
	return nil
}

// CreateAttribute declares an attribute. The same declaration again returns what is there.
func (s *directoryServer) CreateAttribute(ctx context.Context, req *segmentationv1.CreateAttributeRequest) (*segmentationv1.CreateAttributeResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	in := req.GetAttribute()
	d := attribute.Definition{
		Type: attribute.Type(in.GetType()), DisplayName: in.GetDisplayName(), Description: in.GetDescription(), Options: in.GetOptions(), CreateTime: s.Now(), //nolint:gosec // a defined value
	}
	d.UpdateTime = d.CreateTime
	if d.Kind, d.Key, err = parseAttribute("attribute.name", in.GetName()); err != nil {
		return nil, err
	}
	if err := checkOptions(d); err != nil {
		return nil, err
	}
	stored, err := s.Store.CreateAttribute(ctx, org, d, mostAttributes)
	switch {
	case errors.Is(err, store.ErrTooMany):
		return nil, refuse(codes.ResourceExhausted, segmentationv1.ErrorReason_ERROR_REASON_ATTRIBUTE_LIMIT, "the organisation has 100 attributes of this kind, and no more are possible")
	case errors.Is(err, store.ErrExists):
		there, err := s.attributeOf(ctx, org, d.Kind, d.Key)
		if err != nil {
			return nil, err
		}
		if there.Type != d.Type || there.DisplayName != d.DisplayName || there.Description != d.Description || !slices.Equal(there.Options, d.Options) {
			return nil, refuseField(codes.AlreadyExists, segmentationv1.ErrorReason_ERROR_REASON_ATTRIBUTE_EXISTS, "attribute.name", "is declared in another way")
		}
		stored = there
	case err != nil:
		return nil, storeError(err)
	}
	return &segmentationv1.CreateAttributeResponse{Attribute: attributeToProto(stored)}, nil
}

// attributeOf is the declaration of a key.
func (s *directoryServer) attributeOf(ctx context.Context, org string, kind attribute.Kind, key string) (attribute.Definition, error) {
	declared, err := s.attributesOf(ctx, org, kind)
	if err != nil {
		return attribute.Definition{}, err
	}
	d, there := declared[key]
	if !there {
		return d, notFound(attributeMissing, "attribute", attributesCollection+kind.String()+"."+key)
	}
	return d, nil
}

// GetAttribute returns an attribute.
func (s *directoryServer) GetAttribute(ctx context.Context, req *segmentationv1.GetAttributeRequest) (*segmentationv1.GetAttributeResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	kind, key, err := parseAttribute("name", req.GetName())
	if err != nil {
		return nil, err
	}
	d, err := s.attributeOf(ctx, org, kind, key)
	if err != nil {
		return nil, err
	}
	return &segmentationv1.GetAttributeResponse{Attribute: attributeToProto(d)}, nil
}

// ListAttributes lists attributes by their names.
func (s *directoryServer) ListAttributes(ctx context.Context, req *segmentationv1.ListAttributesRequest) (*segmentationv1.ListAttributesResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	p, err := openPage[string](s.Server, "ListAttributes", org, req)
	if err != nil {
		return nil, err
	}
	all, err := s.Store.ListAttributes(ctx, org)
	if err != nil {
		return nil, storeError(err)
	}
	slices.SortFunc(all, func(a, b attribute.Definition) int { return strings.Compare(attributeName(a), attributeName(b)) })
	out := &segmentationv1.ListAttributesResponse{}
	for _, d := range all {
		switch {
		case attributeName(d) <= p.cursor || req.GetKind() != "" && d.Kind.String() != req.GetKind():
		case len(out.GetAttributes()) == p.size:
			out.NextPageToken = p.next(true, out.GetAttributes()[p.size-1].GetName())
			return out, nil
		default:
			out.Attributes = append(out.Attributes, attributeToProto(d))
		}
	}
	return out, nil
}

// UpdateAttribute changes how an attribute is called, what it means, and its options.
func (s *directoryServer) UpdateAttribute(ctx context.Context, req *segmentationv1.UpdateAttributeRequest) (*segmentationv1.UpdateAttributeResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	in := req.GetAttribute()
	kind, key, err := parseAttribute("attribute.name", in.GetName())
	if err != nil {
		return nil, err
	}
	fields, err := mask.Changed(req.GetUpdateMask(), in, []string{"display_name", "description", "options"})
	if err != nil {
		return nil, err
	}
	for range changeAttempts {
		current, err := s.attributeOf(ctx, org, kind, key)
		if err != nil {
			return nil, err
		}
		if in.GetEtag() != "" && in.GetEtag() != etag(current.CreateTime, current.Version) {
			return nil, etagMismatch("attribute.etag")
		}
		merged := attributeToProto(current)
		mask.Overlay(merged, in, fields)
		if err := s.rules.Check(&segmentationv1.CreateAttributeRequest{Attribute: merged}); err != nil {
			return nil, err
		}
		current.DisplayName, current.Description, current.Options, current.UpdateTime = merged.GetDisplayName(), merged.GetDescription(), merged.GetOptions(), s.Now()
		if err := checkOptions(current); err != nil {
			return nil, err
		}
		stored, err := s.Store.UpdateAttribute(ctx, org, current)
		if err == nil {
			return &segmentationv1.UpdateAttributeResponse{Attribute: attributeToProto(stored)}, nil
		}
		if !errors.Is(err, store.ErrChanged) || in.GetEtag() != "" {
			return nil, outcomeError("attribute", in.GetName(), err, attributeMissing, "attribute")
		}
	}
	return nil, etagMismatch("attribute.etag")
}

// DeleteAttribute deletes an attribute and its values.
func (s *directoryServer) DeleteAttribute(ctx context.Context, req *segmentationv1.DeleteAttributeRequest) (*segmentationv1.DeleteAttributeResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	kind, key, err := parseAttribute("name", req.GetName())
	if err != nil {
		return nil, err
	}
	if !req.GetForce() {
		if err := s.unused(ctx, org, kind, key); err != nil {
			return nil, err
		}
	}
	if err := s.Store.DeleteAttribute(ctx, org, kind, key, s.Now()); err != nil {
		return nil, orNotFound(err, attributeMissing, "attribute", req.GetName())
	}
	return &segmentationv1.DeleteAttributeResponse{}, nil
}
