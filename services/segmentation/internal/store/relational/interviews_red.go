package relational

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/segmentation/internal/interview"
	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/timeline"
)

// ApplyRedList implements store.Interviews.
func (s *Store) ApplyRedList(ctx context.Context, follower string, from, to int64, turns []store.LightTurn) error {
	return s.write(ctx, "apply the red list", func(ctx context.Context, w *writing) error {
		for _, t := range turns {
			if err := w.turn(ctx, t); err != nil {
				return err
			}
		}
		return w.advance(ctx, follower, from, to)
	})
}

// turn opens an interview, or lets one lapse.
func (w *writing) turn(ctx context.Context, t store.LightTurn) error {
	id, of := taskID(t), t.Contact
	var err error
	if t.Contact, err = w.standing(ctx, t.Organization, of, t.Person); errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	held, err := relational.One(ctx, w, relational.Value[string], sqlToBeHeld, t.Organization, t.Contact)
	if errors.Is(err, relational.ErrNoRow) {
		if !t.Red {
			return nil
		}
		stake, err := w.stakeOf(ctx, t)
		if err != nil {
			return err
		}
		i := interview.Interview{
			Organization: t.Organization, ID: id, Contact: t.Contact, Company: t.Company, Location: t.Location, Region: t.Region, Person: t.Person,
			Origin: interview.RedList, Score: &t.Score, Stake: stake, Version: 1,
		}
		if err := i.Begin(t.Time); err != nil {
			return err
		}
		return w.openInterview(ctx, roundInterview(i))
	}
	if err != nil || t.Red {
		return err
	}
	i, err := relational.One(ctx, w, scanInterview, sqlSelectInterview, t.Organization, held)
	if err != nil || i.State != interview.Open || i.Origin != interview.RedList {
		return err
	}
	if of != t.Contact && !bytes.Equal(i.Person, t.Person) {
		// The light was that of a contact that was merged since: it says nothing about the interview of the other one.
		return nil
	}
	i.State, i.UpdateTime = interview.Lapsed, t.Time
	return w.updateInterview(ctx, roundInterview(i))
}

// stakeOf is the value at stake of the contact's company, or of a contact who has none.
func (w *writing) stakeOf(ctx context.Context, t store.LightTurn) (float64, error) {
	if t.Company == "" {
		return t.Stake, nil
	}
	of, err := lightOf(ctx, w, t.Organization, light.Unit{Kind: light.Company, ID: t.Company})
	if errors.Is(err, relational.ErrNoRow) {
		return 0, nil
	}
	return of.Stake, err
}

// openInterview stores an interview unless the same event made it before.
func (w *writing) openInterview(ctx context.Context, i interview.Interview) error {
	if there, err := relational.Exists(ctx, w, sqlInterviewTaken, i.Organization, i.ID); err != nil || there {
		return err
	}
	return w.insertInterview(ctx, &i)
}

// taskID is the identifier of the interview that an event opens: the same for the same event.
func taskID(t store.LightTurn) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%d", t.Organization, t.Contact, t.Position))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:15]))
}

// interviewEvents are what happened to an interview that is in a state.
var interviewEvents = map[interview.State]string{
	interview.Open: "created", interview.Scheduled: "scheduled", interview.Completed: "held", interview.Cancelled: "cancelled", interview.Lapsed: "cancelled",
}

// rememberInterview enters an interview into the timeline of the contact.
func (w *writing) rememberInterview(ctx context.Context, i interview.Interview) error {
	body, err := timeline.Encode(timeline.Interview{
		Units: timeline.Units{Company: i.Company, Location: i.Location, Region: i.Region}, Event: interviewEvents[i.State], State: i.State.String(),
	})
	if err != nil {
		return err
	}
	at := i.CreateTime
	if !i.ScheduleTime.IsZero() {
		at = i.ScheduleTime
	}
	if !i.CompleteTime.IsZero() {
		at = i.CompleteTime
	}
	return w.remember(ctx, store.TimelineEntry{
		Organization: i.Organization, Contact: i.Contact, Person: i.Person, Time: at, Kind: timeline.InterviewKind, Resource: "interviews/" + i.ID, Body: body,
	})
}

// keyOf names the key that something is sealed with; empty where nothing is.
func keyOf(sealed []byte) string {
	if len(sealed) == 0 {
		return ""
	}
	id, err := seal.KeyID(sealed)
	if err != nil {
		return ""
	}
	return id
}

// moveInterviews gives interviews to another contact. One that is to be held lapses where the other contact has one: there is one.
func moveInterviews(ctx context.Context, w *writing, organization, to, condition string, args []any) error {
	moved, err := relational.List(ctx, w, scanInterview, `SELECT `+interviewColumns+` FROM interviews WHERE `+condition, args...)
	if err != nil {
		return err
	}
	held, err := relational.List(ctx, w, relational.Value[string], sqlToBeHeld, organization, to)
	if err != nil {
		return err
	}
	for _, i := range moved {
		if i.Contact == to {
			continue
		}
		state := i.State
		if state.Active() && len(held) > 0 {
			state = interview.Lapsed
			i.Contact, i.State = to, state
			if err := w.rememberInterview(ctx, i); err != nil {
				return err
			}
		}
		if state.Active() {
			held = append(held, i.ID)
		}
		if _, err := w.Exec(ctx, `UPDATE interviews SET contact = $3, state = $4, version = version + 1 WHERE organization = $1 AND id = $2`, organization, i.ID, to,
			int64(state)); err != nil {
			return err
		}
	}
	return nil
}

// GetGuide implements store.Interviews.
func (s *Store) GetGuide(ctx context.Context, organization, survey string) (interview.Guide, error) {
	g := interview.Guide{Organization: organization, Survey: survey}
	version, err := readDocument(ctx, s.db, organization, documentGuide(survey), &g)
	g.Version = version
	return g, s.db.Explain("get guide", err)
}

// PutGuide implements store.Interviews.
func (s *Store) PutGuide(ctx context.Context, g interview.Guide) (interview.Guide, error) {
	err := s.write(ctx, "put guide", func(ctx context.Context, w *writing) error {
		return w.putDocument(ctx, g.Organization, documentGuide(g.Survey), g.Version, g)
	})
	g.Version++
	return g, err
}

// GetCodeBook implements store.Interviews.
func (s *Store) GetCodeBook(ctx context.Context, organization string) (interview.Book, error) {
	b := interview.Book{Organization: organization}
	version, err := readDocument(ctx, s.db, organization, documentCodeBook, &b)
	b.Version = version
	return b, s.db.Explain("get code book", err)
}

// PutCodeBook implements store.Interviews.
func (s *Store) PutCodeBook(ctx context.Context, b interview.Book, check func(before interview.Book, used map[string]bool) error) (interview.Book, error) {
	err := s.write(ctx, "put code book", func(ctx context.Context, w *writing) error {
		var before interview.Book
		if err := readDocumentOrNone(ctx, w, b.Organization, documentCodeBook, &before); err != nil {
			return err
		}
		lists, err := relational.List(ctx, w, relational.Value[string], sqlCodesInUse, b.Organization)
		if err != nil {
			return err
		}
		used := map[string]bool{}
		for _, codes := range lists {
			for code := range strings.FieldsSeq(codes) {
				used[code] = true
			}
		}
		if err := check(before, used); err != nil {
			return err
		}
		return w.putDocument(ctx, b.Organization, documentCodeBook, b.Version, b)
	})
	b.Version++
	return b, err
}

// interviewTable is that of interviews.
func interviewTable() personTable {
	return personTable{
		table: "interviews", kind: "interviews", name: "'interviews/' || id", time: "create_time", content: "body", sealed: "sealed", key: "key", move: moveInterviews,
	}
}
