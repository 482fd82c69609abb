package relational

import (
	"context"
	"math"

	"github.com/otklik/otklik/services/comment/internal/store"
)

const (
	sqlDeleteComment = `DELETE FROM comments WHERE organization = $1 AND seq = $2`
	sqlDeleteBody    = `DELETE FROM comment_bodies WHERE organization = $1 AND seq = $2`
	sqlDeleteAspects = `DELETE FROM comment_aspects WHERE organization = $1 AND seq = $2`
	sqlDeletePhrases = `DELETE FROM comment_phrases WHERE organization = $1 AND seq = $2`

	sqlDeleteCorrections  = `DELETE FROM corrections WHERE organization = $1 AND survey = $2 AND response = $3 AND comment = $4`
	sqlDeleteTestimonials = `DELETE FROM testimonials WHERE organization = $1 AND survey = $2 AND response = $3 AND comment = $4`

	sqlDeleteResponse = `DELETE FROM responses WHERE organization = $1 AND survey = $2 AND id = $3`

	sqlAddErased = `INSERT INTO erasures (organization, erasure, comments, corrections, testimonials, dead_letters, mentions) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (organization, erasure) DO UPDATE SET comments = erasures.comments + excluded.comments, corrections = erasures.corrections + excluded.corrections,
testimonials = erasures.testimonials + excluded.testimonials, dead_letters = erasures.dead_letters + excluded.dead_letters,
mentions = erasures.mentions + excluded.mentions`
)

// removeResponse removes a response with all that hangs on it, unless what is stored came later in the same pass, and counts what went. A position of 0 is
// later than all.
func (w *writing) removeResponse(ctx context.Context, pass int64, r store.Removal) error {
	key := responseKey{r.Organization, r.Survey, r.Response}
	stored, err := lookUp(ctx, w, []responseKey{key})
	if err != nil {
		return err
	}
	before, isKnown := stored[key]
	if r.Position == 0 {
		r.Position = math.MaxInt64
	}
	if isKnown && before.pass >= pass && before.position > r.Position {
		return nil
	}
	var gone store.Erased
	if isKnown {
		if gone, err = w.deleteResponse(ctx, key); err != nil {
			return err
		}
		if err := w.tell(ctx, []telling{{key: key}}); err != nil {
			return err
		}
	}
	if gone.DeadLetters, err = w.deleteDeadLetters(ctx, key, pass, r.Position); err != nil {
		return err
	}
	if gone.Mentions, err = w.forgetMentions(ctx, key, ""); err != nil {
		return err
	}
	if r.Erasure == "" || gone == (store.Erased{}) {
		return nil
	}
	_, err = w.Exec(ctx, sqlAddErased, r.Organization, r.Erasure, gone.Comments, gone.Corrections, gone.Testimonials, gone.DeadLetters, gone.Mentions)
	return err
}

// clearResponse removes what is stored of a response that has no comments any more.
func (w *writing) clearResponse(ctx context.Context, pass int64, r store.Response, isKnown bool) error {
	key := responseKey{r.Organization, r.Survey, r.ID}
	// Nothing remembers the response's position when it is gone, so that its dead letters, which hold what it said before, must not come back.
	if _, err := w.deleteDeadLetters(ctx, key, pass, r.Position-1); err != nil || !isKnown {
		return err
	}
	if _, err := w.deleteResponse(ctx, key); err != nil {
		return err
	}
	_, err := w.forgetMentions(ctx, key, "")
	return err
}

// deleteResponse removes a response, its comments, and what was said of them.
func (w *writing) deleteResponse(ctx context.Context, k responseKey) (gone store.Erased, err error) {
	comments, err := w.commentsOf(ctx, k)
	if err != nil {
		return store.Erased{}, err
	}
	for _, c := range comments {
		if err := w.deleteComment(ctx, c.Organization, c.Seq); err != nil {
			return store.Erased{}, err
		}
		said, err := w.deleteSayings(ctx, c.Ref)
		if err != nil {
			return store.Erased{}, err
		}
		gone.Comments++
		gone.Corrections += said.Corrections
		gone.Testimonials += said.Testimonials
	}
	_, err = w.Exec(ctx, sqlDeleteResponse, k.organization, k.survey, k.id)
	return gone, err
}

// deleteComment removes the rows of a comment.
func (w *writing) deleteComment(ctx context.Context, organization string, seq int64) error {
	for _, statement := range []string{sqlDeleteComment, sqlDeleteBody, sqlDeleteAspects, sqlDeletePhrases, w.dialect.DeleteTerms()} {
		if _, err := w.Exec(ctx, statement, organization, seq); err != nil {
			return err
		}
	}
	return nil
}

// deleteSayings removes what was said of a comment: corrections and testimonials.
func (w *writing) deleteSayings(ctx context.Context, ref store.Ref) (gone store.Erased, err error) {
	if gone.Corrections, err = w.Exec(ctx, sqlDeleteCorrections, ref.Organization, ref.Survey, ref.Response, ref.ID); err != nil {
		return store.Erased{}, err
	}
	gone.Testimonials, err = w.Exec(ctx, sqlDeleteTestimonials, ref.Organization, ref.Survey, ref.Response, ref.ID)
	return gone, err
}
