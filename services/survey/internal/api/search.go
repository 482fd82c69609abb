package api

import (
	"context"
	"fmt"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/services/survey/internal/store"
)

// found is a submission that was found.
type found struct {
	record store.Submission
	parts  parts
	// response or refusal is set.
	response *surveyv1.Response
	refusal  *surveyv1.Refusal
}

func findIn(r store.Submission) (f found, err error) {
	f.record = r
	switch r.Kind {
	case store.KindResponse:
		f.response, f.parts, err = responseFromRecord(r)
	case store.KindRefusal:
		f.refusal, f.parts, err = refusalFromRecord(r)
	default:
		err = fmt.Errorf("read submission %d: kind %d is not known", r.Position, r.Kind)
	}
	return f, err
}

func (f found) invitation() string {
	if f.response != nil {
		return f.response.GetInvitation()
	}
	return f.refusal.GetInvitation()
}

func (f found) respondent() string {
	if f.response != nil {
		return f.response.GetRespondent()
	}
	return f.refusal.GetRespondent()
}

// search finds what is kept about a person: what names the respondent, and what names nobody but an invitation that the respondent used.
type search struct {
	*Server
	org string
	who person
	// invitations are those that the respondent used.
	invitations map[invitation]bool
}

type invitation struct{ survey, id string }

// isOwn tells whether a submission names the respondent.
func (s *search) isOwn(ctx context.Context, f found) (bool, error) {
	if f.parts.takenOut || f.respondent() == "" {
		return f.respondent() == s.who.pseudonym, nil
	}
	pseudonym, err := s.keeper.Pseudonym(ctx, s.org, f.respondent())
	return pseudonym == s.who.pseudonym, err
}

// isInvited tells whether a submission names nobody but one of the invitations.
func (s *search) isInvited(_ context.Context, f found) (bool, error) {
	return f.respondent() == "" && s.invitations[invitation{f.record.Survey, f.invitation()}], nil
}

// findInvitations looks for the invitations that the respondent used.
func (s *search) findInvitations(ctx context.Context) error {
	s.invitations = map[invitation]bool{}
	return s.own(ctx, func(batch []found) error {
		for _, f := range batch {
			if id := f.invitation(); id != "" {
				s.invitations[invitation{f.record.Survey, id}] = true
			}
		}
		return nil
	})
}

// own visits what names the respondent. What is not marked comes first: where it is marked meanwhile it is found all the same.
func (s *search) own(ctx context.Context, visit func([]found) error) error {
	if err := s.walk(ctx, s.listUnmarked, nil, s.isOwn, visit); err != nil {
		return err
	}
	return s.walk(ctx, s.listPerson, s.who.bytes, s.isOwn, visit)
}

// invited visits what names nobody but an invitation that the respondent used.
func (s *search) invited(ctx context.Context, visit func([]found) error) error {
	if len(s.invitations) == 0 {
		return nil
	}
	if err := s.walk(ctx, s.listUnmarked, nil, s.isInvited, visit); err != nil {
		return err
	}
	for i := range s.invitations {
		who, err := s.invitedTo(ctx, s.org, i.survey, i.id)
		if err != nil {
			return err
		}
		if err := s.walk(ctx, s.listPerson, who.bytes, s.isInvited, visit); err != nil {
			return err
		}
	}
	return nil
}

func (s *search) listPerson(ctx context.Context, q store.PersonQuery) ([]store.Submission, error) {
	return s.store.ListPerson(ctx, q)
}

func (s *search) listUnmarked(ctx context.Context, q store.PersonQuery) ([]store.Submission, error) {
	return s.store.ListUnmarked(ctx, q)
}

// walk visits the submissions of a list that are wanted, a batch at a time.
func (s *search) walk(ctx context.Context, list func(context.Context, store.PersonQuery) ([]store.Submission, error), who []byte,
	wanted func(context.Context, found) (bool, error), visit func([]found) error,
) error {
	q := store.PersonQuery{Organization: s.org, Person: who, Page: store.Page{Limit: erasureBatch, Bytes: pageBytes}}
	for {
		records, err := list(ctx, q)
		if err != nil || len(records) == 0 {
			return err
		}
		q.After = records[len(records)-1].Position
		var batch []found
		for _, r := range records {
			f, err := findIn(r)
			if err != nil {
				return err
			}
			is, err := wanted(ctx, f)
			if err != nil {
				return err
			}
			if is {
				batch = append(batch, f)
			}
		}
		if len(batch) > 0 {
			if err := visit(batch); err != nil {
				return err
			}
		}
	}
}
