package api

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

const movesCollection = "contactMoves/"

func moveName(id int64) string { return movesCollection + strconv.FormatInt(id, 10) }

// moveBy is a move by the caller.
func (s *contactServer) moveBy(ctx context.Context, reason string) directory.Move {
	return directory.Move{Actor: callerID(ctx), Reason: reason, Time: s.Now()}
}

// contactNow is a contact as the caller sees it.
func (s *contactServer) contactNow(ctx context.Context, org, id string) (*segmentationv1.Contact, error) {
	all, err := s.Store.GetContacts(ctx, org, []string{id})
	if err != nil {
		return nil, storeError(err)
	}
	out, err := s.contactsToProto(ctx, org, []directory.Contact{all[id]})
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// MergeContacts merges contacts into one. Those before one that is refused stay merged: the call can be repeated without it.
func (s *contactServer) MergeContacts(ctx context.Context, req *segmentationv1.MergeContactsRequest) (*segmentationv1.MergeContactsResponse, error) {
	org, id, err := parseOwned(ctx, "name", contactsCollection, req.GetName())
	if err != nil {
		return nil, err
	}
	if slices.Contains(req.GetContacts(), req.GetName()) {
		return nil, directoryError("", directory.Refuse("contacts", directory.MoveInvalid, "a contact is not merged into itself"))
	}
	out := &segmentationv1.MergeContactsResponse{}
	for _, name := range req.GetContacts() {
		m := s.moveBy(ctx, req.GetReason())
		m.From, m.To = bare(contactsCollection, name), id
		done, err := s.Store.MergeContacts(ctx, org, m)
		if errors.Is(err, store.ErrNotFound) {
			return nil, notFound(contactMissing, "contact", name+" or "+req.GetName())
		}
		if err != nil {
			return nil, storeError(directoryError("", err))
		}
		out.Moves = append(out.Moves, moveToProto(done))
	}
	out.Contact, err = s.contactNow(ctx, org, id)
	return out, err
}

// SplitContact takes identities out of a contact.
func (s *contactServer) SplitContact(ctx context.Context, req *segmentationv1.SplitContactRequest) (*segmentationv1.SplitContactResponse, error) {
	org, id, err := parseOwned(ctx, "name", contactsCollection, req.GetName())
	if err != nil {
		return nil, err
	}
	m := s.moveBy(ctx, req.GetReason())
	m.From, m.To = id, bare(contactsCollection, req.GetTo())
	undo, names := req.GetMerge() != "", m.To != "" && len(req.GetPseudonyms()) > 0
	var done directory.Move
	switch {
	case undo == names || undo && (m.To != "" || len(req.GetPseudonyms()) > 0):
		return nil, validation.Malformed("merge", "EITHER", "name a merge to undo, or pseudonyms and the contact that gets them")
	case undo:
		number, _ := parseNumber(bare(movesCollection, req.GetMerge()))
		done, err = s.register().UndoMerge(ctx, org, number, m)
		if errors.Is(err, store.ErrNotFound) {
			return nil, notFound(segmentationv1.ErrorReason_ERROR_REASON_MOVE_NOT_FOUND, "merge", req.GetMerge()+" into "+req.GetName())
		}
	default:
		done, err = s.splitOut(ctx, org, m, req.GetPseudonyms())
		if errors.Is(err, store.ErrNotFound) {
			return nil, notFound(contactMissing, "contact", req.GetName())
		}
	}
	if err != nil {
		return nil, storeError(directoryError("", err))
	}
	contact, err := s.contactNow(ctx, org, done.To)
	if err != nil {
		return nil, err
	}
	return &segmentationv1.SplitContactResponse{Contact: contact, Move: moveToProto(done)}, nil
}

// splitOut takes named identities out of a contact.
func (s *contactServer) splitOut(ctx context.Context, org string, m directory.Move, pseudonyms []string) (directory.Move, error) {
	var err error
	if m.Persons, err = parsePseudonyms("pseudonyms", pseudonyms); err != nil {
		return m, err
	}
	var own []directory.Identity
	if !directory.GivenByService(m.To) {
		person, err := s.pseudonym(ctx, org, m.To)
		if err != nil {
			return m, err
		}
		own = []directory.Identity{{Person: person, Home: m.To}}
	}
	return s.Store.SplitContact(ctx, org, m, own)
}

// ListContactMoves lists merges and splits.
func (s *contactServer) ListContactMoves(ctx context.Context, req *segmentationv1.ListContactMovesRequest) (*segmentationv1.ListContactMovesResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	p, err := openPage[int64](s.Server, "ListContactMoves", org, req)
	if err != nil {
		return nil, err
	}
	moves, more, err := s.Store.ListMoves(ctx, org, bare(contactsCollection, req.GetContact()), p.cursor, p.size)
	if err != nil {
		return nil, storeError(err)
	}
	out := &segmentationv1.ListContactMovesResponse{}
	for _, m := range moves {
		out.ContactMoves = append(out.ContactMoves, moveToProto(m))
	}
	if more {
		out.NextPageToken = p.next(true, moves[len(moves)-1].ID)
	}
	return out, nil
}
