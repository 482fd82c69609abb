package relational

import (
	"context"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/comment/internal/store"
)

const (
	sqlInsertComment = `INSERT INTO comments (organization, survey, response, id, seq, response_no, question, count_time, receive_time, answer_language, touchpoint, channel,
location, region, company, nps, verdict, language, sentiment, model, aspects_version, likeness, themes, phrases, worded)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)`
	sqlInsertBody = `INSERT INTO comment_bodies (organization, seq, score, text, sealed, key, original, analysis, previous, correction)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	sqlInsertAspect = `INSERT INTO comment_aspects (organization, seq, aspect, sentiment, probability) VALUES ($1, $2, $3, $4, $5)`
	sqlInsertPhrase = `INSERT INTO comment_phrases (organization, seq, key) VALUES ($1, $2, $3)`
)

// rowsOfComments are rows to be written.
type rowsOfComments struct {
	responses, comments, bodies, aspects, phrases, terms [][]any
}

// add adds the rows of a comment.
func (r *rowsOfComments) add(d Dialect, no int64, c store.Comment) error {
	holds := c.Effective()
	worded := int64(0)
	if c.Text != "" || len(c.Sealed) > 0 {
		worded = 1
	}
	r.comments = append(r.comments, []any{
		c.Organization, c.Survey, c.Response, c.ID, c.Seq, no, c.Question, relational.ToMicro(c.CountTime), relational.ToMicro(c.ReceiveTime), c.AnswerLanguage, c.Context.Touchpoint, c.Context.Channel,
		c.Context.Location, c.Context.Region, c.Context.Company, c.NPS, verdict(c.NPS), int64(holds.Language), int64(holds.Sentiment), c.Analysis.Model,
		c.Analysis.AspectsVersion, int64(c.Similar), packThemes(holds.Aspects), packPhrases(c.Analysis.Phrases), worded, //nolint:gosec // the bits are kept
	})
	analysis, previous, correction, err := bodyColumns(c)
	if err != nil {
		return err
	}
	r.bodies = append(r.bodies, []any{c.Organization, c.Seq, c.Score, c.Text, c.Sealed, c.Key, c.Original, analysis, previous, correction})
	r.addTerms(d, c)
	r.addPhrases(c)
	r.addAspects(c.Organization, c.Seq, holds.Aspects)
	return nil
}

func (r *rowsOfComments) addTerms(d Dialect, c store.Comment) {
	r.terms = append(r.terms, append([]any{c.Organization, c.Seq}, d.EncodeTerms(c.Terms)...))
}

// addPhrases adds each phrase once.
func (r *rowsOfComments) addPhrases(c store.Comment) {
	for p := range distinct(c.Analysis.Phrases) {
		r.phrases = append(r.phrases, []any{c.Organization, c.Seq, toKey(p.Key)})
	}
}

// addAspects adds each aspect once for each sentiment, with the greatest probability.
func (r *rowsOfComments) addAspects(organization string, seq int64, mentions []store.AspectMention) {
	for i, m := range mentions {
		twice, greatest := false, m.Probability
		for j, other := range mentions {
			if other.Aspect == m.Aspect && other.Sentiment == m.Sentiment {
				twice, greatest = twice || j < i, max(greatest, other.Probability)
			}
		}
		if !twice {
			r.aspects = append(r.aspects, []any{organization, seq, m.Aspect, int64(m.Sentiment), float64(greatest)})
		}
	}
}

// write writes the rows.
func (r *rowsOfComments) write(ctx context.Context, w *writing) error {
	for _, table := range []struct {
		statement string
		rows      [][]any
	}{
		{sqlPutResponse, r.responses},
		{sqlInsertComment, r.comments},
		{sqlInsertBody, r.bodies},
		{sqlInsertAspect, r.aspects},
		{sqlInsertPhrase, r.phrases},
		{w.dialect.InsertTerms(), r.terms},
	} {
		if len(table.rows) == 0 {
			continue
		}
		if err := w.Many(ctx, table.statement, table.rows); err != nil {
			return err
		}
	}
	return nil
}
