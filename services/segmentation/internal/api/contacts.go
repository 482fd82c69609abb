package api

import (
	"context"
	"errors"
	"slices"

	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/libs/mask"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/profile"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// contactServer serves ContactService.
type contactServer struct {
	segmentationv1.UnimplementedContactServiceServer
	*Server
}

const contactMissing = segmentationv1.ErrorReason_ERROR_REASON_CONTACT_NOT_FOUND

// seenContact returns a contact that the caller sees. Errors: store.ErrNotFound.
func (s *Server) seenContact(ctx context.Context, org, id string) (directory.Contact, error) {
	all, err := s.Store.SeeContacts(ctx, org, unitsOf(ctx), []string{id})
	if err != nil {
		return directory.Contact{}, err
	}
	c, there := all[id]
	if !there {
		return directory.Contact{}, store.ErrNotFound
	}
	return c.Contact, nil
}

// GetContact returns a contact.
func (s *contactServer) GetContact(ctx context.Context, req *segmentationv1.GetContactRequest) (*segmentationv1.GetContactResponse, error) {
	org, id, err := parseOwned(ctx, "name", contactsCollection, req.GetName())
	if err != nil {
		return nil, err
	}
	c, err := s.seenContact(ctx, org, id)
	if err != nil {
		return nil, orNotFound(err, contactMissing, "contact", req.GetName())
	}
	out, err := s.contactsToProto(ctx, org, []directory.Contact{c})
	if err != nil {
		return nil, err
	}
	return &segmentationv1.GetContactResponse{Contact: out[0]}, nil
}

// ListContacts lists contacts.
func (s *contactServer) ListContacts(ctx context.Context, req *segmentationv1.ListContactsRequest) (*segmentationv1.ListContactsResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	p, err := openPage[string](s.Server, "ListContacts", org, req)
	if err != nil {
		return nil, err
	}
	declared, err := s.attributesOf(ctx, org, attribute.Contact)
	if err != nil {
		return nil, err
	}
	wanted, err := wantedValues(declared, req.GetAttributes())
	if err != nil {
		return nil, err
	}
	company, err := parseRef("company", req.GetCompany())
	if err != nil {
		return nil, err
	}
	var found []directory.Contact
	token := ""
	if req.GetIdentifier() != "" {
		found, err = s.contactsKnownAs(ctx, org, req.GetIdentifier())
	} else {
		q := store.ContactQuery{Organization: org, Units: unitsOf(ctx), Company: company.ID}
		found, token, err = walk(p, func(after string, limit int) ([]directory.Contact, bool, error) {
			q.After, q.Limit = after, limit
			return s.Store.ListContacts(ctx, q)
		}, func(c directory.Contact) (string, bool) { return c.ID, hasAll(c.Attributes, wanted) })
	}
	if err != nil {
		return nil, err
	}
	out, err := s.contactsToProto(ctx, org, found)
	if err != nil {
		return nil, err
	}
	return &segmentationv1.ListContactsResponse{Contacts: out, NextPageToken: token}, nil
}

// contactsKnownAs are the contacts that have an identity: one at most.
func (s *contactServer) contactsKnownAs(ctx context.Context, org, identifier string) ([]directory.Contact, error) {
	person, err := s.pseudonym(ctx, org, identifier)
	if err != nil {
		return nil, err
	}
	id, err := s.Store.ContactOf(ctx, org, person)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, storeError(err)
	}
	c, err := s.seenContact(ctx, org, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return []directory.Contact{c}, storeError(err)
}

// contactFields are the fields of a contact that can be changed.
var contactFields = []string{"display_name", "email", "phone", "company", "location", "attributes", "identities"}

// claimed is why what was known by an identity alone becomes a part of the contact that is changed.
const claimed = "the identity was stated of the contact"

// contactChange makes a change of an update.
func (s *contactServer) contactChange(declared attribute.Set, in *segmentationv1.Contact, paths *fieldmaskpb.FieldMask, missing bool) (profile.Change, error) {
	none := profile.Change{}
	named, keys := splitMask(paths.GetPaths())
	fields := []string(nil)
	if len(named) > 0 || len(keys) == 0 {
		var err error
		if fields, err = mask.Changed(&fieldmaskpb.FieldMask{Paths: named}, in, contactFields); err != nil {
			return none, err
		}
	}
	// What is not to be changed is not looked at.
	changed := &segmentationv1.Contact{Name: in.GetName(), Etag: in.GetEtag()}
	mask.Overlay(changed, in, fields)
	for _, key := range keys {
		if v, there := in.GetAttributes()[key]; there {
			if changed.Attributes == nil {
				changed.Attributes = map[string]*structpb.Value{}
			}
			changed.Attributes[key] = v
		}
	}
	if err := s.rules.Check(changed); err != nil {
		return none, rpcerr.Under("contact", err)
	}
	values := attributeChanges{}
	if slices.Contains(fields, "attributes") {
		keys = nil
	}
	var wrong error
	if slices.Contains(fields, "attributes") || len(keys) > 0 {
		values, wrong = readAttributes(declared, "contact.attributes", changed.GetAttributes(), keys)
	}
	out := contactEdit(declared, changed, fields, values)
	if out.Profile != nil {
		// What is stated is looked at before what is there is known, so that all that is wrong is told at once.
		var stated directory.Profile
		out.Profile(&stated)
		wrong = together(wrong, directoryError("contact", stated.Check()))
	}
	if wrong != nil {
		return none, wrong
	}
	out.AllowMissing = missing
	return out, nil
}

// contactEdit is the change of what a message says of fields.
func contactEdit(declared attribute.Set, in *segmentationv1.Contact, fields []string, values attributeChanges) profile.Change {
	has := func(f string) bool { return slices.Contains(fields, f) }
	out := profile.Change{ID: bare(contactsCollection, in.GetName())}
	for _, i := range in.GetIdentities() {
		out.Identifiers = append(out.Identifiers, profile.Identifier{Channel: i.GetChannel(), Identifier: i.GetIdentifier()})
	}
	if has("display_name") || has("email") || has("phone") {
		out.Profile = func(p *directory.Profile) {
			for _, f := range []struct {
				name  string
				field *string
				value string
			}{{"display_name", &p.DisplayName, in.GetDisplayName()}, {"email", &p.Email, in.GetEmail()}, {"phone", &p.Phone, in.GetPhone()}} {
				if has(f.name) {
					*f.field = f.value
				}
			}
		}
	}
	out.Edit = func(c *directory.Contact) error {
		if in.GetEtag() != "" && (c.Version == 0 || in.GetEtag() != etag(c.CreateTime, c.Version)) {
			return store.ErrChanged
		}
		if has("company") {
			c.Company = bare(companiesCollection, in.GetCompany())
		}
		if has("location") {
			c.Location = bare(locationsCollection, in.GetLocation())
		}
		c.Attributes = values.apply(c.Attributes, declared)
		return nil
	}
	return out
}

// UpdateContact changes or makes a contact.
func (s *contactServer) UpdateContact(ctx context.Context, req *segmentationv1.UpdateContactRequest) (*segmentationv1.UpdateContactResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	declared, err := s.attributesOf(ctx, org, attribute.Contact)
	if err != nil {
		return nil, err
	}
	change, err := s.contactChange(declared, req.GetContact(), req.GetUpdateMask(), req.GetAllowMissing())
	if err != nil {
		return nil, err
	}
	change.Actor, change.Reason = callerID(ctx), claimed
	outcomes, err := s.register().Put(ctx, org, s.Now(), false, []profile.Change{change})
	if err == nil {
		err = outcomeError("contact", req.GetContact().GetName(), outcomes[0].Err, contactMissing, "contact")
	}
	if err != nil {
		return nil, storeError(err)
	}
	out, err := s.contactsToProto(ctx, org, []directory.Contact{outcomes[0].Contact})
	if err != nil {
		return nil, err
	}
	return &segmentationv1.UpdateContactResponse{Contact: out[0]}, nil
}

// BatchUpdateContacts changes or makes contacts.
func (s *contactServer) BatchUpdateContacts(ctx context.Context, req *segmentationv1.BatchUpdateContactsRequest) (*segmentationv1.BatchUpdateContactsResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	declared, err := s.attributesOf(ctx, org, attribute.Contact)
	if err != nil {
		return nil, err
	}
	refused, changes, order := map[int]error{}, []profile.Change(nil), []int(nil)
	seen := map[string]bool{}
	for i, r := range req.GetRequests() {
		name := r.GetContact().GetName()
		if seen[name] {
			return nil, validation.Malformed(requestField(i, "contact.name"), "DUPLICATE", "is there twice")
		}
		seen[name] = true
		change, err := s.contactChange(declared, r.GetContact(), r.GetUpdateMask(), r.GetAllowMissing())
		if err != nil {
			refused[i] = err
			continue
		}
		change.Actor, change.Reason = callerID(ctx), claimed
		changes, order = append(changes, change), append(order, i)
	}
	outcomes, err := s.register().Put(ctx, org, s.Now(), false, changes)
	if err != nil {
		return nil, storeError(err)
	}
	var done []directory.Contact
	var places []int
	for n, o := range outcomes {
		if err := outcomeError("contact", contactsCollection+changes[n].ID, o.Err, contactMissing, "contact"); err != nil {
			refused[order[n]] = err
			continue
		}
		done, places = append(done, o.Contact), append(places, order[n])
	}
	contacts, err := s.contactsToProto(ctx, org, done)
	if err != nil {
		return nil, err
	}
	out := make([]*segmentationv1.ContactOutcome, len(req.GetRequests()))
	for n, i := range places {
		out[i] = &segmentationv1.ContactOutcome{Outcome: &segmentationv1.ContactOutcome_Contact{Contact: contacts[n]}}
	}
	for i, err := range refused {
		st, ok := statusOf(err)
		if !ok {
			return nil, err
		}
		out[i] = &segmentationv1.ContactOutcome{Outcome: &segmentationv1.ContactOutcome_Error{Error: st}}
	}
	return &segmentationv1.BatchUpdateContactsResponse{Outcomes: out}, nil
}
