package api

import (
	"context"

	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/directory"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// contactWithheld are the fields of a contact that are personal.
var contactWithheld = []string{"display_name", "email", "phone", "identities.identifier"}

// contactsToProto are contacts as the caller sees them, in their order.
func (s *Server) contactsToProto(ctx context.Context, org string, contacts []directory.Contact) ([]*segmentationv1.Contact, error) {
	if len(contacts) == 0 {
		return nil, nil
	}
	declared, err := s.attributesOf(ctx, org, attribute.Contact)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(contacts))
	for i, c := range contacts {
		ids[i] = c.ID
	}
	known, err := s.Store.Identities(ctx, org, ids)
	if err != nil {
		return nil, storeError(err)
	}
	sees := seesPersons(ctx)
	var profiles map[string]directory.Profile
	if sees {
		if profiles, err = s.register().Profiles(ctx, org, contacts); err != nil {
			return nil, err
		}
	}
	out := make([]*segmentationv1.Contact, len(contacts))
	for i, c := range contacts {
		p := profiles[c.ID]
		m := &segmentationv1.Contact{
			Name: contactsCollection + c.ID, DisplayName: p.DisplayName, Email: p.Email, Phone: p.Phone, Company: named(companiesCollection, c.Company),
			Location: named(locationsCollection, c.Location), Attributes: attributesToProto(declared, c.Attributes), MergedInto: named(contactsCollection, c.MergedInto),
			CreateTime: timeToProto(c.CreateTime), UpdateTime: timeToProto(c.UpdateTime), Etag: etag(c.CreateTime, c.Version),
		}
		if !sees {
			m.WithheldFields = contactWithheld
		}
		if m.Identities, err = s.identitiesToProto(ctx, org, known[c.ID], sees); err != nil {
			return nil, err
		}
		out[i] = m
	}
	return out, nil
}

func (s *Server) identitiesToProto(ctx context.Context, org string, identities []directory.Identity, sees bool) ([]*segmentationv1.Identity, error) {
	identifiers := make([]string, len(identities))
	if sees {
		var err error
		if identifiers, err = s.register().Identifiers(ctx, org, identities); err != nil {
			return nil, err
		}
	}
	out := make([]*segmentationv1.Identity, len(identities))
	for n, i := range identities {
		out[n] = &segmentationv1.Identity{
			Channel: i.Channel, Identifier: identifiers[n], Pseudonym: seal.FormatPseudonym(i.Person), ClaimTime: timeToProto(i.ClaimTime),
		}
	}
	return out, nil
}

// moveToProto is a merge or a split.
func moveToProto(m directory.Move) *segmentationv1.ContactMove {
	out := &segmentationv1.ContactMove{
		Name: moveName(m.ID), Kind: segmentationv1.ContactMove_Kind(m.Kind), From: contactsCollection + m.From, To: contactsCollection + m.To, Actor: m.Actor,
		Reason: m.Reason, Time: timeToProto(m.Time),
	}
	for _, p := range m.Persons {
		out.Pseudonyms = append(out.Pseudonyms, seal.FormatPseudonym(p))
	}
	if m.UndoneBy != 0 {
		out.UndoneBy = moveName(m.UndoneBy)
	}
	return out
}
