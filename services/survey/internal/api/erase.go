package api

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/libs/seal"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/services/survey/internal/questionnaire"
	"github.com/otklik/otklik/services/survey/internal/store"
)

const (
	erasuresCollection = "erasures/"
	// erasureBatch is how many submissions are removed in one transaction.
	erasureBatch = 200
	// reasonNoPseudonym tells that what is to be a pseudonym is none.
	reasonNoPseudonym = "NO_PSEUDONYM"
	// defaultSettle is longer than a process uses a key without looking whether it exists, and a submission is on its way into the store.
	defaultSettle = seal.DefaultFresh + 20*time.Second
)

// ErasePerson removes everything that the service keeps about a person.
//
// What arrives meanwhile, submissions and decisions, is removed when it was sealed with a key that is destroyed, at once or, when it is stored after the call
// has returned, by settleErasures; what is sealed with another key comes after the erasure and stays.
func (s *personServer) ErasePerson(ctx context.Context, req *surveyv1.ErasePersonRequest) (*surveyv1.ErasePersonResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	who, err := s.whoIs(ctx, org, req)
	if err != nil {
		return nil, err
	}
	id := strings.TrimPrefix(req.GetErasure(), erasuresCollection)
	if _, err := s.store.BeginErasure(ctx, org, id, who.bytes, s.now()); errors.Is(err, store.ErrIDReused) {
		return nil, idReused("erasure")
	} else if err != nil {
		return nil, storeError(err)
	}
	e := &erasing{Server: s.Server, org: org, id: id, search: search{Server: s.Server, org: org, who: who}}
	if err := e.run(ctx); err != nil {
		return nil, storeError(err)
	}
	return e.receipt(ctx)
}

// named is a request that says who, by a respondent or by a pseudonym.
type named interface {
	GetRespondent() string
	GetPerson() string
}

// whoIs is the person whom a request names.
func (s *Server) whoIs(ctx context.Context, org string, req named) (person, error) {
	if pseudonym := req.GetPerson(); pseudonym != "" {
		b, ok := seal.ParsePseudonym(pseudonym)
		if !ok {
			return person{}, validation.Malformed("person", reasonNoPseudonym, "is no pseudonym")
		}
		return person{pseudonym, b}, s.vault.refusal()
	}
	if questionnaire.HasControl(req.GetRespondent(), false) {
		return person{}, validation.Malformed("respondent", questionnaire.ReasonControlCharacter, "holds a control character; no respondent has one")
	}
	return s.personOf(ctx, org, req.GetRespondent())
}

// erasing is an erasure under way.
type erasing struct {
	*Server
	org, id string
	search  search
}

// run removes in small transactions, each of which leaves what is still to be removed to be found again: after a failure it begins anew. What can be
// found by an invitation of the person's goes first, since the person's own submissions name the invitations.
func (e *erasing) run(ctx context.Context) error {
	if err := e.search.findInvitations(ctx); err != nil {
		return err
	}
	for _, part := range []func(context.Context, func([]found) error) error{e.search.invited, e.search.own} {
		if err := part(ctx, func(batch []found) error { return e.remove(ctx, batch) }); err != nil {
			return err
		}
	}
	for {
		n, err := e.store.EraseConsents(ctx, e.org, e.search.who.bytes, e.id, nil)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
	}
	keys, err := e.store.ErasedKeys(ctx, e.org, e.id)
	if err != nil {
		return err
	}
	// Only from now on the time runs in which others go on with the keys, however long it took to come here: the erasure counts as begun anew.
	if _, err := e.store.BeginErasure(ctx, e.org, e.id, e.search.who.bytes, e.now()); err != nil {
		return err
	}
	if _, err := e.keeper.Destroy(ctx, keys); err != nil {
		return err
	}
	return e.removeUnreadable(ctx, e.org, e.id, e.search.who.bytes)
}

// remove removes a batch. It counts the texts while they can be read.
func (e *erasing) remove(ctx context.Context, batch []found) error {
	all := make([]parts, len(batch))
	for i, f := range batch {
		all[i] = f.parts
	}
	keys, err := e.keysOf(ctx, all)
	if err != nil {
		return err
	}
	r := store.Removals{Organization: e.org, Erasure: e.id, Items: make([]store.Removal, len(batch))}
	for i, f := range batch {
		item := &r.Items[i]
		item.Position, item.Key = f.record.Position, f.parts.key()
		if f.response != nil {
			if key, ok := keys[item.Key]; ok {
				personal := &surveyv1.Response{}
				if err := openMessage(key, f.parts.sealed, personal, e.org, f.response.GetName()); err != nil {
					return err
				}
				putBack(f.response, personal)
			}
			item.Comments = countWords(f.response)
		}
		if item.Body, err = e.removalOf(f.record, f.invitation(), erasuresCollection+e.id); err != nil {
			return err
		}
	}
	_, err = e.store.Remove(ctx, r)
	return err
}

// removeUnreadable removes what was sealed with a key that is destroyed.
func (s *Server) removeUnreadable(ctx context.Context, org, erasure string, person []byte) error {
	if err := s.removeUnreadableConsents(ctx, org, erasure, person); err != nil {
		return err
	}
	q := store.PersonQuery{Organization: org, Person: person, Page: store.Page{Limit: erasureBatch, Bytes: pageBytes}}
	for {
		records, err := s.store.ListPerson(ctx, q)
		if err != nil || len(records) == 0 {
			return err
		}
		q.After = records[len(records)-1].Position
		batch, all := make([]found, len(records)), make([]parts, len(records))
		for i, r := range records {
			if batch[i], err = findIn(r); err != nil {
				return err
			}
			all[i] = batch[i].parts
		}
		keys, err := s.keysOf(ctx, all)
		if err != nil {
			return err
		}
		removals := store.Removals{Organization: org, Erasure: erasure}
		for _, f := range batch {
			id := f.parts.key()
			if _, ok := keys[id]; ok || id == "" {
				continue
			}
			body, err := s.removalOf(f.record, f.invitation(), erasuresCollection+erasure)
			if err != nil {
				return err
			}
			removals.Items = append(removals.Items, store.Removal{Position: f.record.Position, Key: id, Body: body})
		}
		if len(removals.Items) == 0 {
			continue
		}
		if _, err := s.store.Remove(ctx, removals); err != nil {
			return err
		}
	}
}

func (s *Server) removeUnreadableConsents(ctx context.Context, org, erasure string, person []byte) error {
	records, err := s.store.ListConsents(ctx, org, person, everyConsent)
	if err != nil || len(records) == 0 {
		return err
	}
	ids := make([]string, len(records))
	for i, c := range records {
		ids[i] = c.Key
	}
	keys, err := s.keeper.Keys(ctx, ids)
	if err != nil {
		return err
	}
	destroyed := slices.DeleteFunc(ids, func(id string) bool {
		_, ok := keys[id]
		return ok
	})
	if len(destroyed) == 0 {
		return nil
	}
	_, err = s.store.EraseConsents(ctx, org, person, erasure, destroyed)
	return err
}

// settleErasures removes what was on its way when erasures began and was stored since.
func (s *Server) settleErasures(ctx context.Context) error {
	for {
		open, err := s.store.UnsettledErasures(ctx, s.now().Add(-s.settle), erasureBatch)
		if err != nil || len(open) == 0 {
			return err
		}
		for _, e := range open {
			if err := s.removeUnreadable(ctx, e.Organization, e.ID, e.Person); err != nil {
				return err
			}
			if err := s.store.SettleErasure(ctx, e.Organization, e.ID, e.BeginTime); err != nil {
				return err
			}
		}
	}
}

// receipt tells what was removed so far, in this call and before.
func (e *erasing) receipt(ctx context.Context) (*surveyv1.ErasePersonResponse, error) {
	done, err := e.store.GetErasure(ctx, e.org, e.id)
	if err != nil {
		return nil, storeError(err)
	}
	keys, err := e.store.ErasedKeys(ctx, e.org, e.id)
	if err != nil {
		return nil, storeError(err)
	}
	const database = "database"
	line := func(kind, place string, count int64, note string) *typev1.Removal {
		return &typev1.Removal{Service: serviceName, Kind: kind, Place: place, Count: count, Note: note}
	}
	return &surveyv1.ErasePersonResponse{Position: done.Position, Removals: []*typev1.Removal{
		line("responses", database, done.Responses, "deleted; their identifiers stay used, so that a repeated submission stores nothing"),
		line("refusals", database, done.Refusals, "deleted; their identifiers stay used"),
		line("comments", database, done.Comments, "texts of the person, deleted with the responses"),
		line("consents", database, done.Consents, "deleted"),
		line("person_keys", "vault", int64(len(keys)), "destroyed: nobody can read what was encrypted with them"),
		line("sealed_copies", "event streams and backups", done.Responses+done.Refusals, "unreadable since their keys are destroyed; a removal event follows each"),
	}}, nil
}
