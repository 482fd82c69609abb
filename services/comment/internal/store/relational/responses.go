package relational

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/comment/internal/store"
)

// responseKey names a response.
type responseKey struct{ organization, survey, id string }

func scanResponseKey(row relational.Scanner) (k responseKey, err error) {
	err = row.Scan(&k.organization, &k.survey, &k.id)
	return k, err
}

// known is what is stored of a response.
type known struct {
	key                responseKey
	no, position, pass int64
}

func scanKnown(row relational.Scanner) (k known, err error) {
	err = row.Scan(&k.key.organization, &k.key.survey, &k.key.id, &k.no, &k.position, &k.pass)
	return k, err
}

const (
	sqlSetAside = `SELECT DISTINCT organization, survey, response FROM dead_letters WHERE (organization, survey, response) IN (`
	sqlKnown    = `SELECT organization, survey, id, no, position, pass FROM responses WHERE (organization, survey, id) IN (`
	// knownAtOnce is how many responses are looked for in one query.
	knownAtOnce = 64

	sqlPutResponse = `INSERT INTO responses (organization, survey, id, no, position, pass, person, attributes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (organization, survey, id) DO UPDATE SET position = excluded.position, pass = excluded.pass, person = excluded.person, attributes = excluded.attributes`
)

// lookUp finds what is stored of responses.
func lookUp(ctx context.Context, r relational.Reader, wanted []responseKey) (map[responseKey]known, error) {
	out := make(map[responseKey]known, len(wanted))
	for part := range slices.Chunk(wanted, knownAtOnce) {
		var where conditions
		found, err := relational.List(ctx, r, scanKnown, sqlKnown+where.names(part)+`)`, where.args...)
		if err != nil {
			return nil, err
		}
		for _, k := range found {
			out[k.key] = k
		}
	}
	return out, nil
}

// names are the values of IN over responses, knownAtOnce of them: the last is repeated, so that there is one statement for all numbers of responses.
func (c *conditions) names(of []responseKey) string {
	tuples := make([]string, knownAtOnce)
	for i := range tuples {
		k := of[min(i, len(of)-1)]
		tuples[i] = "(" + c.arg(k.organization) + ", " + c.arg(k.survey) + ", " + c.arg(k.id) + ")"
	}
	return inPairs(tuples)
}

// setAside are those of responses without comments that have dead letters.
func (w *writing) setAside(ctx context.Context, latest map[responseKey]store.Response, order []responseKey) (map[responseKey]bool, error) {
	var silent []responseKey
	for _, k := range order {
		if len(latest[k].Comments) == 0 {
			silent = append(silent, k)
		}
	}
	out := map[responseKey]bool{}
	for part := range slices.Chunk(silent, knownAtOnce) {
		var where conditions
		found, err := relational.List(ctx, w, scanResponseKey, sqlSetAside+where.names(part)+`)`, where.args...)
		if err != nil {
			return nil, err
		}
		for _, k := range found {
			out[k] = true
		}
	}
	return out, nil
}

// storeResponses stores what a batch of the pass says.
func (w *writing) storeResponses(ctx context.Context, pass int64, responses []store.Response) error {
	latest, order := map[responseKey]store.Response{}, []responseKey(nil)
	for _, r := range responses {
		k := responseKey{r.Organization, r.Survey, r.ID}
		if before, twice := latest[k]; !twice {
			order = append(order, k)
		} else if before.Position >= r.Position {
			continue
		}
		latest[k] = r
	}
	stored, err := lookUp(ctx, w, order)
	if err != nil {
		return err
	}
	aside, err := w.setAside(ctx, latest, order)
	if err != nil {
		return err
	}
	var rows rowsOfComments
	var told []telling
	for _, k := range order {
		r := latest[k]
		before, isKnown := stored[k]
		if isKnown && (before.pass > pass || before.pass == pass && before.position >= r.Position) {
			continue
		}
		if len(r.Comments) == 0 && !isKnown && !aside[k] {
			// Most responses are scores: of them there is nothing to store, to remove or to tell.
			continue
		}
		t, err := w.storeResponse(ctx, &rows, pass, r, before, isKnown)
		if err != nil {
			return err
		}
		told = append(told, t)
	}
	if err := rows.write(ctx, w); err != nil {
		return err
	}
	return w.tell(ctx, told)
}

// storeResponse adds the rows of a response, in place of those that were there before.
func (w *writing) storeResponse(ctx context.Context, rows *rowsOfComments, pass int64, r store.Response, before known, isKnown bool) (telling, error) {
	t := telling{key: responseKey{r.Organization, r.Survey, r.ID}}
	if len(r.Comments) == 0 {
		return t, w.clearResponse(ctx, pass, r, isKnown)
	}
	old := map[string]store.Comment{}
	if isKnown {
		var err error
		if old, err = w.replaceComments(ctx, r); err != nil {
			return t, err
		}
	} else {
		before.no = next(&w.responses)
	}
	attributes := ""
	if len(r.Context.Attributes) > 0 {
		var err error
		if attributes, err = encode(r.Context.Attributes); err != nil {
			return t, err
		}
	}
	rows.responses = append(rows.responses, []any{r.Organization, r.Survey, r.ID, before.no, r.Position, pass, r.Person, attributes})
	seen := map[string]bool{}
	for _, c := range r.Comments {
		if seen[c.ID] {
			continue
		}
		seen[c.ID] = true
		void, err := w.deletionsOf(ctx, r.Organization)
		if err != nil {
			return t, err
		}
		void.apply(&c)
		c = w.prepare(r, c, old)
		t.comments = append(t.comments, c)
		if err := rows.add(w.dialect, before.no, c); err != nil {
			return t, err
		}
	}
	return t, nil
}

// prepare fills what a comment has of its response, and of what was stored before it.
func (w *writing) prepare(r store.Response, c store.Comment, old map[string]store.Comment) store.Comment {
	c.Organization, c.Survey, c.Response = r.Organization, r.Survey, r.ID
	c.AnswerLanguage, c.Context, c.NPS, c.Person = r.Language, r.Context, r.NPS, r.Person
	if c.CountTime.IsZero() {
		c.CountTime = r.CountTime
	}
	if c.ReceiveTime = r.ReceiveTime; c.ReceiveTime.IsZero() {
		c.ReceiveTime = r.CountTime
	}
	c.Correction = nil
	before, wasThere := old[c.ID]
	if !wasThere || !sameText(before, c) {
		c.Seq = next(&w.comments)
		return c
	}
	c.Seq, c.Correction = before.Seq, before.Correction
	if c.Previous == nil {
		c.Previous = previous(before, c.Analysis)
	}
	return c
}

// sameText tells whether a comment was written as the one before was.
func sameText(before, c store.Comment) bool {
	return bytes.Equal(before.Original, c.Original) && (len(c.Original) > 0 || before.Text == c.Text)
}

// previous is what is kept beside an analysis that takes the place of a comment's: the one by another model.
func previous(before store.Comment, analysis store.Analysis) *store.Analysis {
	if before.Analysis.Model == analysis.Model {
		return before.Previous
	}
	return &before.Analysis
}

// replaceComments removes the rows of a response's comments, with what was said of those that go or say something else now, and returns what was there.
func (w *writing) replaceComments(ctx context.Context, r store.Response) (map[string]store.Comment, error) {
	key := responseKey{r.Organization, r.Survey, r.ID}
	stored, err := w.commentsOf(ctx, key)
	if err != nil {
		return nil, err
	}
	old := make(map[string]store.Comment, len(stored))
	for _, c := range stored {
		old[c.ID] = c
		if err := w.deleteComment(ctx, c.Organization, c.Seq); err != nil {
			return nil, err
		}
		at := slices.IndexFunc(r.Comments, func(n store.Comment) bool { return n.ID == c.ID })
		if at >= 0 && sameText(c, r.Comments[at]) {
			if c.Text != r.Comments[at].Text {
				if err := w.checkQuotes(ctx, c.Ref, r.Comments[at].Text); err != nil {
					return nil, err
				}
			}
			continue
		}
		if _, err := w.deleteSayings(ctx, c.Ref); err != nil {
			return nil, err
		}
		if at < 0 {
			if _, err := w.forgetMentions(ctx, key, c.ID); err != nil {
				return nil, err
			}
		}
	}
	return old, nil
}

const sqlCommentsOf = `SELECT ` + commentColumns + commentTables + ` WHERE c.organization = $1 AND c.survey = $2 AND c.response = $3`

// commentsOf reads the comments of a response.
func (w *writing) commentsOf(ctx context.Context, k responseKey) ([]store.Comment, error) {
	found, err := relational.List(ctx, w, scanComment, sqlCommentsOf, k.organization, k.survey, k.id)
	slices.SortFunc(found, func(a, b store.Comment) int { return cmp.Compare(a.Seq, b.Seq) })
	return found, err
}
