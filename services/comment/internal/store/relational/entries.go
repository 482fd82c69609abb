package relational

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/comment/internal/register"
	"github.com/otklik/otklik/services/comment/internal/store"
)

const (
	sqlEntryExists = `SELECT 1 FROM entries WHERE organization = $1 AND id = $2`
	sqlInsertEntry = `INSERT INTO entries (organization, id, kind, state, severity, theme, create_time, version, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	sqlSelectEntry = `SELECT version, body FROM entries WHERE organization = $1 AND id = $2`
	sqlUpdateEntry = `UPDATE entries SET kind = $4, state = $5, severity = $6, theme = $7, create_time = $8, version = version + 1, body = $9
WHERE organization = $1 AND id = $2 AND version = $3`
	sqlDeleteEntry = `DELETE FROM entries WHERE organization = $1 AND id = $2`
	sqlFindEntry   = `SELECT version, body FROM entries WHERE organization = $1 AND theme = $2 AND theme <> '' ORDER BY create_time DESC, id DESC LIMIT 1`

	sqlInsertMention  = `INSERT INTO entry_mentions (organization, survey, response, comment, entry) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`
	sqlDeleteMentions = `DELETE FROM entry_mentions WHERE organization = $1 AND entry = $2`
	sqlMentioning     = `SELECT DISTINCT entry FROM entry_mentions WHERE organization = $1 AND survey = $2 AND response = $3 ORDER BY entry`

	sqlNextSurvey = `SELECT organization, survey FROM comments WHERE (organization, survey) > ($1, $2) ORDER BY organization, survey LIMIT 1`
	sqlIsActive   = `SELECT 1 FROM comments WHERE organization = $1 AND survey = $2 AND count_time >= $3`
)

func scanEntry(row relational.Scanner) (e register.Entry, err error) {
	var version int64
	var body string
	if err = row.Scan(&version, &body); err != nil {
		return register.Entry{}, err
	}
	err = decode(body, &e)
	e.Version = version
	return e, err
}

// entryColumns are what is kept of an entry beside its body.
func entryColumns(e register.Entry) (severity int64, body string, err error) {
	// Trends come after all risks.
	severity = -1
	if e.Kind == register.Risk {
		severity = int64(e.Severity())
	}
	body, err = encode(e)
	return severity, body, err
}

// roundEntry is an entry with the times that are kept.
func roundEntry(e register.Entry) register.Entry {
	e.CreateTime, e.UpdateTime = relational.FromMicro(relational.ToMicro(e.CreateTime)), relational.FromMicro(relational.ToMicro(e.UpdateTime))
	return e
}

// CreateEntry implements store.Entries.
func (s *Store) CreateEntry(ctx context.Context, e register.Entry) (register.Entry, error) {
	e = roundEntry(e)
	e.Version = 1
	err := s.write(ctx, "create entry", func(ctx context.Context, w *writing) error {
		if taken, err := relational.Exists(ctx, w, sqlEntryExists, e.Organization, e.ID); err != nil {
			return err
		} else if taken {
			return store.ErrExists
		}
		severity, body, err := entryColumns(e)
		if err != nil {
			return err
		}
		if _, err := w.Exec(ctx, sqlInsertEntry, e.Organization, e.ID, int64(e.Kind), int64(e.State), severity, e.Theme, relational.ToMicro(e.CreateTime), e.Version, body); err != nil {
			return err
		}
		return w.addMentions(ctx, e)
	})
	if err != nil {
		return register.Entry{}, err
	}
	return e, nil
}

// GetEntry implements store.Entries.
func (s *Store) GetEntry(ctx context.Context, organization, id string) (register.Entry, error) {
	e, err := relational.One(ctx, s.db, scanEntry, sqlSelectEntry, organization, id)
	return e, s.db.Explain("get entry", notFound(err))
}

// ListEntries implements store.Entries.
func (s *Store) ListEntries(ctx context.Context, q store.EntryQuery) ([]register.Entry, bool, error) {
	where := conditions{}
	where.and("organization = " + where.arg(q.Organization))
	if q.Kind != 0 {
		where.and("kind = " + where.arg(int64(q.Kind)))
	}
	if len(q.States) > 0 {
		var in []string
		for _, state := range q.States {
			in = append(in, where.arg(int64(state)))
		}
		where.and("state IN (" + strings.Join(in, ", ") + ")")
	}
	all, err := relational.ListOnce(ctx, s.db, scanEntry, `SELECT version, body FROM entries WHERE `+where.text.String()+
		` ORDER BY severity DESC, create_time DESC, id DESC LIMIT `+where.arg(q.Limit+1)+` OFFSET `+where.arg(q.Offset), where.args...)
	if err != nil {
		return nil, false, s.db.Explain("list entries", err)
	}
	out, more := relational.Page(all, q.Limit)
	return out, more, nil
}

// UpdateEntry implements store.Entries.
func (s *Store) UpdateEntry(ctx context.Context, e register.Entry) (out register.Entry, err error) {
	e = roundEntry(e)
	err = s.write(ctx, "update entry", func(ctx context.Context, w *writing) error {
		isSame, err := w.updateEntry(ctx, e)
		if err != nil {
			return err
		}
		if out, err = relational.One(ctx, w, scanEntry, sqlSelectEntry, e.Organization, e.ID); err != nil {
			return notFound(err)
		}
		if !isSame {
			return store.ErrChanged
		}
		return nil
	})
	if err != nil {
		return register.Entry{}, err
	}
	return out, nil
}

// updateEntry stores an entry over its version, and tells whether it had that version.
func (w *writing) updateEntry(ctx context.Context, e register.Entry) (bool, error) {
	severity, body, err := entryColumns(e)
	if err != nil {
		return false, err
	}
	isSame, err := changed(w.Exec(ctx, sqlUpdateEntry, e.Organization, e.ID, e.Version, int64(e.Kind), int64(e.State), severity, e.Theme, relational.ToMicro(e.CreateTime), body))
	if err != nil || !isSame {
		return false, err
	}
	if _, err := w.Exec(ctx, sqlDeleteMentions, e.Organization, e.ID); err != nil {
		return false, err
	}
	return true, w.addMentions(ctx, e)
}

// DeleteEntry implements store.Entries.
func (s *Store) DeleteEntry(ctx context.Context, organization, id string) error {
	return s.write(ctx, "delete entry", func(ctx context.Context, w *writing) error {
		if err := found(w.Exec(ctx, sqlDeleteEntry, organization, id)); err != nil {
			return err
		}
		_, err := w.Exec(ctx, sqlDeleteMentions, organization, id)
		return err
	})
}

// FindEntry implements store.Entries.
func (s *Store) FindEntry(ctx context.Context, organization, theme string) (register.Entry, error) {
	e, err := relational.One(ctx, s.db, scanEntry, sqlFindEntry, organization, theme)
	return e, s.db.Explain("find entry", notFound(err))
}

// parseComment reads a comment's name: `surveys/{survey}/responses/{response}/comments/{comment}`.
func parseComment(name string) (survey, response, comment string, ok bool) {
	parts := strings.Split(name, "/")
	if len(parts) != 6 || parts[0] != "surveys" || parts[2] != "responses" || parts[4] != "comments" {
		return "", "", "", false
	}
	return parts[1], parts[3], parts[5], true
}

// addMentions notes which comments an entry names, so that they are found when the comments go.
func (w *writing) addMentions(ctx context.Context, e register.Entry) error {
	for _, name := range e.Comments {
		survey, response, comment, ok := parseComment(name)
		if !ok {
			continue
		}
		if _, err := w.Exec(ctx, sqlInsertMention, e.Organization, survey, response, comment, e.ID); err != nil {
			return err
		}
	}
	return nil
}

// forgetMentions takes a comment of a response, or all with an empty one, out of the entries that name it, and tells how many names went.
func (w *writing) forgetMentions(ctx context.Context, k responseKey, comment string) (gone int64, err error) {
	entries, err := relational.List(ctx, w, relational.Value[string], sqlMentioning, k.organization, k.survey, k.id)
	if err != nil {
		return 0, err
	}
	for _, id := range entries {
		e, err := relational.One(ctx, w, scanEntry, sqlSelectEntry, k.organization, id)
		if err != nil {
			return 0, err
		}
		before := len(e.Comments)
		e.Comments = slices.DeleteFunc(e.Comments, func(name string) bool {
			survey, response, c, ok := parseComment(name)
			return ok && survey == k.survey && response == k.id && (comment == "" || c == comment)
		})
		if len(e.Comments) == before {
			continue
		}
		gone += int64(before - len(e.Comments))
		if _, err := w.updateEntry(ctx, e); err != nil {
			return 0, err
		}
	}
	return gone, nil
}

func scanSurvey(row relational.Scanner) (k [2]string, err error) {
	err = row.Scan(&k[0], &k[1])
	return k, err
}

// ActiveSurveys implements store.Entries.
func (s *Store) ActiveSurveys(ctx context.Context, since time.Time, after [2]string, limit int) (out [][2]string, err error) {
	for len(out) < limit {
		next, err := relational.One(ctx, s.db, scanSurvey, sqlNextSurvey, after[0], after[1])
		if errors.Is(err, relational.ErrNoRow) {
			break
		}
		if err != nil {
			return nil, s.db.Explain("look for surveys", err)
		}
		after = next
		active, err := relational.Exists(ctx, s.db, sqlIsActive, next[0], next[1], relational.ToMicro(since))
		if err != nil {
			return nil, s.db.Explain("look for surveys", err)
		}
		if active {
			out = append(out, next)
		}
	}
	return out, nil
}
