package relational

import (
	"context"
	"slices"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/comment/internal/store"
)

const (
	sqlWorded = `SELECT ` + commentColumns + commentTables + ` WHERE c.worded = 1 AND c.receive_time < $1 ORDER BY c.receive_time LIMIT $2`

	sqlForgetComment = `UPDATE comments SET worded = 0, likeness = 0, phrases = '' WHERE organization = $1 AND seq = $2`
	sqlForgetBody    = `UPDATE comment_bodies SET text = '', sealed = NULL, key = '', original = NULL, analysis = $3, previous = $4, correction = $5 WHERE organization = $1 AND seq = $2`

	sqlCorrectionsOf = `SELECT body FROM corrections WHERE organization = $1 AND survey = $2 AND response = $3 AND comment = $4`
	sqlPutCorrection = `UPDATE corrections SET body = $3 WHERE organization = $1 AND id = $2`
)

// ForgetWords implements store.Comments.
func (s *Store) ForgetWords(ctx context.Context, before time.Time, limit int) (forgotten int, err error) {
	err = s.write(ctx, "forget words", func(ctx context.Context, w *writing) error {
		comments, err := relational.List(ctx, w, scanComment, sqlWorded, relational.ToMicro(before), limit)
		if err != nil {
			return err
		}
		for _, c := range comments {
			if err := w.forgetWords(ctx, c); err != nil {
				return err
			}
		}
		forgotten = len(comments)
		return nil
	})
	if err != nil {
		return 0, err
	}
	return forgotten, nil
}

// forgetWords takes the words out of a comment, and out of what was said of it.
func (w *writing) forgetWords(ctx context.Context, c store.Comment) error {
	c.Analysis = wordless(c.Analysis)
	if c.Previous != nil {
		*c.Previous = wordless(*c.Previous)
	}
	if c.Correction != nil {
		*c.Correction = wordlessCorrection(*c.Correction)
	}
	analysis, previous, correction, err := bodyColumns(c)
	if err != nil {
		return err
	}
	if _, err := w.Exec(ctx, sqlForgetBody, c.Organization, c.Seq, analysis, previous, correction); err != nil {
		return err
	}
	for _, statement := range []string{sqlForgetComment, sqlDeletePhrases, w.dialect.DeleteTerms()} {
		if _, err := w.Exec(ctx, statement, c.Organization, c.Seq); err != nil {
			return err
		}
	}
	if err := w.checkQuotes(ctx, c.Ref, ""); err != nil {
		return err
	}
	corrections, err := relational.List(ctx, w, scanCorrection, sqlCorrectionsOf, c.Organization, c.Survey, c.Response, c.ID)
	if err != nil {
		return err
	}
	for _, k := range corrections {
		body, err := encode(wordlessCorrection(k))
		if err != nil {
			return err
		}
		if _, err := w.Exec(ctx, sqlPutCorrection, c.Organization, k.ID, body); err != nil {
			return err
		}
	}
	return nil
}

// wordless is an analysis without phrases, and without places in a text that is gone.
func wordless(a store.Analysis) store.Analysis {
	a.LanguageSpans, a.Phrases, a.Redactions = nil, nil, nil
	a.Aspects = withoutEvidence(a.Aspects)
	return a
}

func wordlessCorrection(c store.Correction) store.Correction {
	c.Aspects, c.Analysis = withoutEvidence(c.Aspects), wordless(c.Analysis)
	return c
}

func withoutEvidence(mentions []store.AspectMention) []store.AspectMention {
	mentions = slices.Clone(mentions)
	for i := range mentions {
		mentions[i].Evidence = store.Span{}
	}
	return mentions
}
