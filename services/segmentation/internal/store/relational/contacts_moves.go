package relational

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/timeline"
)

const (
	moveColumns = `id, kind, contact, from_contact, undone_by, time, body`

	sqlInsertMove = `INSERT INTO contact_moves (organization, ` + moveColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	sqlSelectMove = `SELECT ` + moveColumns + ` FROM contact_moves WHERE organization = $1 AND id = $2`
	sqlListMoves  = `SELECT ` + moveColumns + ` FROM contact_moves WHERE organization = $1 AND id < $2 ORDER BY id DESC LIMIT $3`
	// sqlListMovesOf asks two indexes for as many as are wanted, and takes the last of both.
	sqlListMovesOf = `SELECT ` + moveColumns + ` FROM contact_moves WHERE organization = $1 AND id IN (
SELECT id FROM (SELECT id FROM contact_moves WHERE organization = $1 AND contact = $4 AND id < $2 ORDER BY id DESC LIMIT $3) AS there
UNION SELECT id FROM (SELECT id FROM contact_moves WHERE organization = $1 AND from_contact = $4 AND id < $2 ORDER BY id DESC LIMIT $3) AS back)
ORDER BY id DESC LIMIT $3`
	sqlLastMoveInto = `SELECT ` + moveColumns + ` FROM contact_moves WHERE organization = $1 AND from_contact = $2 AND contact = $3 AND undone_by = 0 ORDER BY id DESC LIMIT 1`
	// sqlMergeOf is the merge by which a contact is another's part now.
	sqlMergeOf  = `SELECT ` + moveColumns + ` FROM contact_moves WHERE organization = $1 AND from_contact = $2 AND kind <> $3 AND undone_by = 0 ORDER BY id DESC LIMIT 1`
	sqlUndoMove = `UPDATE contact_moves SET undone_by = $3 WHERE organization = $1 AND id = $2`
)

// moveNumbers numbers merges and splits.
const moveNumbers counter = "contact_moves"

// movesCollection is that of resource names.
const movesCollection = "contactMoves/"

// moveBody is what is kept of a move beside what it is found by.
type moveBody struct {
	Persons       [][]byte
	Actor, Reason string
	Filled        directory.Filled
	Joined        json.RawMessage `json:",omitempty"`
}

func scanMove(row relational.Scanner) (m directory.Move, err error) {
	var kind, at int64
	var body []byte
	if err := row.Scan(&m.ID, &kind, &m.To, &m.From, &m.UndoneBy, &at, &body); err != nil {
		return m, err
	}
	var b moveBody
	if err := json.Unmarshal(body, &b); err != nil {
		return m, fmt.Errorf("decode move %d: %w", m.ID, err)
	}
	m.Kind, m.Time = directory.MoveKind(kind), relational.FromMicro(at) //nolint:gosec // what was stored
	m.Persons, m.Actor, m.Reason, m.Filled, m.Joined = b.Persons, b.Actor, b.Reason, b.Filled, b.Joined
	return m, nil
}

func encodeMove(m directory.Move) ([]byte, error) {
	body, err := json.Marshal(moveBody{m.Persons, m.Actor, m.Reason, m.Filled, m.Joined})
	if err != nil {
		return nil, fmt.Errorf("encode move %d: %w", m.ID, err)
	}
	return body, nil
}

// moveResources are what a move is called in the timelines of the contact that got something, and of the other one.
func moveResources(id int64) [2]string {
	name := movesCollection + strconv.FormatInt(id, 10)
	return [...]string{name, name + "#from"}
}

// note keeps a move, gives it its number, and enters it into the timelines of both contacts.
func (w *writing) note(ctx context.Context, organization string, m directory.Move) (directory.Move, error) {
	m.ID = w.next(moveNumbers)
	body, err := encodeMove(m)
	if err != nil {
		return m, err
	}
	_, err = w.Exec(ctx, sqlInsertMove, organization, m.ID, int64(m.Kind), m.To, m.From, m.UndoneBy, relational.ToMicro(m.Time), body)
	if err != nil {
		return m, err
	}
	event := "merged"
	if m.Kind == directory.Split {
		event = "split"
	}
	for i, of := range [...][2]string{{m.To, m.From}, {m.From, m.To}} {
		if i > 0 && m.Kind != directory.Split {
			// There is no timeline of a contact that was merged.
			break
		}
		text, err := timeline.Encode(timeline.Merge{Event: event, Other: of[1]})
		if err != nil {
			return m, err
		}
		e := store.TimelineEntry{
			Organization: organization, Contact: of[0], Time: m.Time, Kind: timeline.MergeKind, Resource: moveResources(m.ID)[i], Body: text,
		}
		if err := w.remember(ctx, e); err != nil {
			return m, err
		}
	}
	return m, nil
}

// two reads the contacts of a move. Errors: store.ErrNotFound.
func (w *writing) two(ctx context.Context, organization string, m directory.Move) (from, to directory.Contact, err error) {
	all, err := contactsIn(ctx, w, organization, []string{m.From, m.To})
	from, has := all[m.From]
	to, hasTo := all[m.To]
	if err == nil && (!has || !hasTo) {
		err = store.ErrNotFound
	}
	return from, to, err
}

// absorb gives everything of m.From to m.To, which both stand for themselves.
func (w *writing) absorb(ctx context.Context, organization string, m directory.Move) (directory.Move, error) {
	from, to, err := w.two(ctx, organization, m)
	if err != nil {
		return m, err
	}
	known, err := identitiesOf(ctx, w, organization, []string{m.From})
	if err != nil {
		return m, err
	}
	for _, i := range known[m.From] {
		m.Persons = append(m.Persons, i.Person)
	}
	m.Filled = to.Fill(from)
	from.MergedInto = m.To
	for _, c := range []directory.Contact{from, to} {
		c.Version, c.UpdateTime = c.Version+1, m.Time
		if _, err := w.Exec(ctx, sqlPutContact, contactArgs(organization, c)...); err != nil {
			return m, err
		}
	}
	if m.Joined, err = w.join(ctx, organization, m); err != nil {
		return m, err
	}
	return w.note(ctx, organization, m)
}

// MergeContacts implements store.Contacts.
func (s *Store) MergeContacts(ctx context.Context, organization string, m directory.Move) (out directory.Move, err error) {
	err = s.write(ctx, "merge contacts", func(ctx context.Context, w *writing) error {
		from, to, err := w.two(ctx, organization, m)
		switch {
		case err != nil:
			return err
		case m.From == m.To:
			return directory.Refuse("contacts", directory.MoveInvalid, "a contact is not merged into itself")
		case to.MergedInto != "":
			return directory.Refuse("name", directory.Merged, "the contact was merged into %s: merge into that", to.MergedInto)
		case from.MergedInto == m.To:
			out, err = relational.One(ctx, w, scanMove, sqlLastMoveInto, organization, m.From, m.To)
			return notFound(err)
		case from.MergedInto != "":
			return directory.Refuse("contacts", directory.Merged, "the contact %s was merged into %s", m.From, from.MergedInto)
		}
		m.Kind = directory.Merge
		if out, err = w.absorb(ctx, organization, m); err != nil {
			return err
		}
		return w.contactsChanged(ctx, organization, []string{m.From, m.To}, m.Time)
	})
	return out, err
}

// UndoMerge implements store.Contacts.
func (s *Store) UndoMerge(ctx context.Context, organization string, merge int64, m directory.Move) (out directory.Move, err error) {
	err = s.write(ctx, "undo merge", func(ctx context.Context, w *writing) error {
		done, err := relational.One(ctx, w, scanMove, sqlSelectMove, organization, merge)
		if err != nil || done.To != m.From || done.Kind == directory.Split {
			return errors.Join(notFound(err), orNotThere(err))
		}
		back, from, err := w.two(ctx, organization, done)
		if err != nil {
			return err
		}
		if done.UndoneBy != 0 || back.MergedInto != m.From || from.MergedInto != "" {
			return directory.Refuse("merge", directory.MoveInvalid, "the merge was undone already, or one that came after it must be undone first")
		}
		known, err := identitiesOf(ctx, w, organization, []string{m.From})
		if err != nil {
			return err
		}
		for _, i := range known[m.From] {
			if slices.ContainsFunc(done.Persons, func(p []byte) bool { return slices.Equal(p, i.Person) }) {
				m.Persons = append(m.Persons, i.Person)
			}
		}
		if len(m.Persons) == len(known[m.From]) {
			return directory.Refuse("merge", directory.MoveInvalid, "the contact would be left without an identity")
		}
		back.MergedInto = ""
		from.Empty(done.Filled, back)
		if k := m.Keeps; k != nil && done.Filled.Profile {
			if k.Version != from.Version {
				return store.ErrChanged
			}
			from.Sealed, from.Key = k.Sealed, k.Key
		}
		m.Kind, m.To = directory.Split, back.ID
		if out, err = w.takeOut(ctx, organization, m, from, back); err != nil {
			return err
		}
		if err := w.apart(ctx, organization, done.Joined, out); err != nil {
			return err
		}
		_, err = w.Exec(ctx, sqlUndoMove, organization, merge, out.ID)
		return err
	})
	return out, err
}

// orNotThere is ErrNotFound where nothing failed.
func orNotThere(err error) error {
	if err == nil {
		return store.ErrNotFound
	}
	return nil
}

// takeOut gives m.Persons of a contact to another one, and stores both.
func (w *writing) takeOut(ctx context.Context, organization string, m directory.Move, from, to directory.Contact) (directory.Move, error) {
	for _, c := range []directory.Contact{from, to} {
		c.Version, c.UpdateTime = c.Version+1, m.Time
		if _, err := w.Exec(ctx, sqlPutContact, contactArgs(organization, c)...); err != nil {
			return m, err
		}
	}
	m, err := w.note(ctx, organization, m)
	if err != nil {
		return m, err
	}
	for _, p := range m.Persons {
		if err := w.movePerson(ctx, organization, m.From, m.To, p); err != nil {
			return m, err
		}
	}
	return m, w.contactsChanged(ctx, organization, []string{m.From, m.To}, m.Time)
}

// SplitContact implements store.Contacts.
func (s *Store) SplitContact(ctx context.Context, organization string, m directory.Move, own []directory.Identity) (out directory.Move, err error) {
	err = s.write(ctx, "split contact", func(ctx context.Context, w *writing) error {
		all, err := contactsIn(ctx, w, organization, []string{m.From, m.To})
		if err != nil {
			return err
		}
		from, there := all[m.From]
		if !there {
			return store.ErrNotFound
		}
		to, there := all[m.To]
		if !there {
			to = directory.Contact{ID: m.To, CreateTime: m.Time}
		}
		known, err := identitiesOf(ctx, w, organization, []string{m.From})
		if err != nil {
			return err
		}
		if err := checkSplit(m, from, to, known[m.From]); err != nil {
			return err
		}
		m.Kind = directory.Split
		if out, err = w.takeOut(ctx, organization, m, from, to); err != nil || there {
			return err
		}
		return w.settleIn(ctx, organization, m, own)
	})
	return out, err
}

// checkSplit refuses a split that takes what is not there, or everything.
func checkSplit(m directory.Move, from, to directory.Contact, known []directory.Identity) error {
	switch {
	case m.From == m.To:
		return directory.Refuse("to", directory.MoveInvalid, "must be another contact")
	case from.MergedInto != "":
		return directory.Refuse("name", directory.Merged, "the contact was merged into %s: split that", from.MergedInto)
	case to.MergedInto != "":
		return directory.Refuse("to", directory.Merged, "the contact was merged into %s", to.MergedInto)
	case to.Version == 0 && directory.GivenByService(m.To):
		return directory.Refuse("to", directory.Invalid, "contacts of this form are made by answers alone")
	case len(m.Persons) == 0 || len(m.Persons) >= len(known):
		return directory.Refuse("pseudonyms", directory.MoveInvalid, "the contact has %d identities, of which one at least has to be taken and one to stay", len(known))
	}
	for _, p := range m.Persons {
		if !slices.ContainsFunc(known, func(i directory.Identity) bool { return slices.Equal(i.Person, p) }) {
			return directory.Refuse("pseudonyms", directory.MoveInvalid, "the contact is not known by all of them")
		}
	}
	return nil
}

// settleIn gives a contact that was made its own identifier, unless that is another's.
func (w *writing) settleIn(ctx context.Context, organization string, m directory.Move, own []directory.Identity) error {
	for _, i := range own {
		taken, err := relational.Exists(ctx, w, `SELECT 1 FROM identities WHERE organization = $1 AND person = $2`, organization, i.Person)
		if err != nil || taken {
			return err
		}
		i.Contact, i.ClaimTime = m.To, m.Time
		if _, err := w.Exec(ctx, sqlPutIdentity, identityArgs(organization, i)...); err != nil {
			return err
		}
	}
	return nil
}

// ListMoves implements store.Contacts.
func (s *Store) ListMoves(ctx context.Context, organization, contact string, before int64, limit int) ([]directory.Move, bool, error) {
	if before == 0 {
		before = int64(^uint64(0) >> 1)
	}
	query, args := sqlListMoves, []any{organization, before, limit + 1}
	if contact != "" {
		query, args = sqlListMovesOf, append(args, contact)
	}
	all, err := relational.List(ctx, s.db, scanMove, query, args...)
	if err != nil {
		return nil, false, s.db.Explain("list moves of identities", err)
	}
	out, more := relational.Page(all, limit)
	return out, more, nil
}
