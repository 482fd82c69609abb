package relational

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/comment/internal/store"
)

const (
	reanalysisColumns = `organization, id, model, create_time, end_time, cancelled, done, total, sentiments_changed, aspects_changed, after`

	sqlReanalysisTaken  = `SELECT 1 FROM reanalyses WHERE organization = $1 AND (id = $2 OR end_time IS NULL)`
	sqlCountComments    = `SELECT count(*) FROM comments WHERE organization = $1 AND worded = 1`
	sqlInsertReanalysis = `INSERT INTO reanalyses (` + reanalysisColumns + `) VALUES ($1, $2, $3, $4, NULL, 0, $5, $6, $7, $8, $9)`
	sqlSelectReanalysis = `SELECT ` + reanalysisColumns + ` FROM reanalyses WHERE organization = $1 AND id = $2`
	sqlListReanalyses   = `SELECT ` + reanalysisColumns + ` FROM reanalyses WHERE organization = $1 ORDER BY create_time DESC, id DESC LIMIT $2 OFFSET $3`
	sqlClaimReanalysis  = `UPDATE reanalyses SET holder = $1, until = $3 WHERE (organization, id) = (
SELECT organization, id FROM reanalyses WHERE end_time IS NULL AND (holder IN ('', $1) OR until <= $2) ORDER BY create_time, organization, id LIMIT 1)
RETURNING ` + reanalysisColumns
	sqlKeepReanalysis = `UPDATE reanalyses SET until = $4 WHERE organization = $1 AND id = $2 AND holder = $3 AND end_time IS NULL`
	// sqlMoveReanalysis leaves one alone that was moved as far before: what is repeated counts once.
	sqlMoveReanalysis = `UPDATE reanalyses SET after = $3, done = done + $4, sentiments_changed = sentiments_changed + $5, aspects_changed = aspects_changed + $6
WHERE organization = $1 AND id = $2 AND after < $3`
	sqlEndReanalysis = `UPDATE reanalyses SET end_time = $3, cancelled = $4, holder = '', until = 0 WHERE organization = $1 AND id = $2 AND end_time IS NULL`

	sqlStaleComments = `SELECT ` + commentColumns + commentTables + ` WHERE c.organization = $1 AND c.seq > $4 AND c.worded = 1 AND (c.model <> $2 OR c.aspects_version < $3)
ORDER BY c.seq LIMIT $5`
	sqlModels = `SELECT model, count(*) FROM comments WHERE organization = $1 GROUP BY model`
	// sqlNextOrganization and those after it walk an index, which holds each organisation many times.
	sqlNextOrganization = `SELECT organization FROM comments WHERE organization > $1 ORDER BY organization LIMIT 1`
	sqlLesserModel      = `SELECT 1 FROM comments WHERE organization = $1 AND model < $2 AND worded = 1`
	sqlGreaterModel     = `SELECT 1 FROM comments WHERE organization = $1 AND model > $2 AND worded = 1`
	sqlRuns             = `SELECT 1 FROM reanalyses WHERE organization = $1 AND end_time IS NULL`

	sqlSetTexts = `UPDATE comment_bodies SET text = $3 WHERE organization = $1 AND seq = $2`
	sqlSetModel = `UPDATE comments SET model = $3, aspects_version = $4, likeness = $5, phrases = $6 WHERE organization = $1 AND seq = $2`
)

func scanReanalysis(row relational.Scanner) (r store.Reanalysis, err error) {
	var created, cancelled int64
	var ended *int64
	err = row.Scan(&r.Organization, &r.ID, &r.Model, &created, &ended, &cancelled, &r.Done, &r.Total, &r.SentimentsChanged, &r.AspectsChanged, &r.After)
	r.CreateTime, r.EndTime, r.Cancelled = relational.FromMicro(created), relational.FromNull(ended), cancelled != 0
	return r, err
}

// BeginReanalysis implements store.Reanalyses.
func (s *Store) BeginReanalysis(ctx context.Context, r store.Reanalysis) (out store.Reanalysis, err error) {
	err = s.write(ctx, "begin reanalysis", func(ctx context.Context, w *writing) error {
		if taken, err := relational.Exists(ctx, w, sqlReanalysisTaken, r.Organization, r.ID); err != nil {
			return err
		} else if taken {
			return store.ErrExists
		}
		if r.Total, err = relational.One(ctx, w, relational.Value[int64], sqlCountComments, r.Organization); err != nil {
			return err
		}
		_, err := w.Exec(ctx, sqlInsertReanalysis, r.Organization, r.ID, r.Model, relational.ToMicro(r.CreateTime), r.Done, r.Total, r.SentimentsChanged, r.AspectsChanged, r.After)
		if err != nil {
			return err
		}
		out, err = relational.One(ctx, w, scanReanalysis, sqlSelectReanalysis, r.Organization, r.ID)
		return err
	})
	if err != nil {
		return store.Reanalysis{}, err
	}
	return out, nil
}

// GetReanalysis implements store.Reanalyses.
func (s *Store) GetReanalysis(ctx context.Context, organization, id string) (store.Reanalysis, error) {
	r, err := relational.One(ctx, s.db, scanReanalysis, sqlSelectReanalysis, organization, id)
	return r, s.db.Explain("get reanalysis", notFound(err))
}

// ListReanalyses implements store.Reanalyses.
func (s *Store) ListReanalyses(ctx context.Context, organization string, offset, limit int) ([]store.Reanalysis, bool, error) {
	all, err := relational.List(ctx, s.db, scanReanalysis, sqlListReanalyses, organization, limit+1, offset)
	if err != nil {
		return nil, false, s.db.Explain("list reanalyses", err)
	}
	out, more := relational.Page(all, limit)
	return out, more, nil
}

// ClaimReanalysis implements store.Reanalyses.
func (s *Store) ClaimReanalysis(ctx context.Context, holder string, now, until time.Time) (out store.Reanalysis, err error) {
	err = s.write(ctx, "claim reanalysis", func(ctx context.Context, w *writing) error {
		out, err = relational.One(ctx, w, scanReanalysis, sqlClaimReanalysis, holder, relational.ToMicro(now), relational.ToMicro(until))
		return notFound(err)
	})
	if err != nil {
		return store.Reanalysis{}, err
	}
	return out, nil
}

// StaleComments implements store.Reanalyses.
func (s *Store) StaleComments(ctx context.Context, organization, model string, aspectsVersion, after int64, limit int) ([]store.Comment, error) {
	out, err := relational.List(ctx, s.db, scanComment, sqlStaleComments, organization, model, aspectsVersion, after, limit)
	return out, s.db.Explain("read comments to be analysed anew", err)
}

// StoreAnalyses implements store.Reanalyses.
func (s *Store) StoreAnalyses(ctx context.Context, holder string, until time.Time, r store.Reanalysis, comments []store.Comment) error {
	return s.write(ctx, "store analyses", func(ctx context.Context, w *writing) error {
		if err := held(w.Exec(ctx, sqlKeepReanalysis, r.Organization, r.ID, holder, relational.ToMicro(until))); err != nil {
			return err
		}
		var responses []responseKey
		var sentiments, aspects int64
		for _, c := range comments {
			c.Organization = r.Organization
			before, now, err := w.storeAnalysis(ctx, c)
			if err != nil {
				return err
			}
			if before.Analysis.Sentiment != now.Analysis.Sentiment {
				sentiments++
			}
			if !sameAspects(before.Analysis, now.Analysis) {
				aspects++
			}
			if differs(before.Effective(), now.Effective()) {
				responses = append(responses, responseKey{c.Organization, c.Survey, c.Response})
			}
		}
		if _, err := w.Exec(ctx, sqlMoveReanalysis, r.Organization, r.ID, r.After, len(comments), sentiments, aspects); err != nil {
			return err
		}
		return w.tellAnew(ctx, responses)
	})
}

// storeAnalysis stores the new analysis of a comment, unless the comment is another by now or without words, and returns it as it was and is.
func (w *writing) storeAnalysis(ctx context.Context, c store.Comment) (before, now store.Comment, err error) {
	before, err = relational.One(ctx, w, scanComment, sqlSelectComment, c.Organization, c.Survey, c.Response, c.ID)
	if errors.Is(err, relational.ErrNoRow) {
		return before, before, nil
	}
	if err != nil {
		return before, before, err
	}
	// A comment that says something else has another number: what has no Original is told by that.
	if !bytes.Equal(before.Original, c.Original) || c.Seq != 0 && c.Seq != before.Seq || before.Text == "" && len(before.Sealed) == 0 {
		return before, before, nil
	}
	void, err := w.deletionsOf(ctx, c.Organization)
	if err != nil {
		return before, before, err
	}
	c.Analysis.Aspects = void.of(c.Analysis.Aspects, c.Analysis.AspectsVersion)
	now = before
	now.Text, now.Terms, now.Similar, now.Analysis, now.Previous = c.Text, c.Terms, c.Similar, c.Analysis, previous(before, c.Analysis)
	if err := w.storeParts(ctx, now); err != nil {
		return before, now, err
	}
	if _, err := w.Exec(ctx, sqlSetTexts, now.Organization, now.Seq, now.Text); err != nil {
		return before, now, err
	}
	if now.Text != before.Text {
		if err := w.checkQuotes(ctx, now.Ref, now.Text); err != nil {
			return before, now, err
		}
	}
	similar := int64(now.Similar) //nolint:gosec // the bits are kept
	phrases := packPhrases(now.Analysis.Phrases)
	if _, err := w.Exec(ctx, sqlSetModel, now.Organization, now.Seq, now.Analysis.Model, now.Analysis.AspectsVersion, similar, phrases); err != nil {
		return before, now, err
	}
	for _, statement := range []string{sqlDeletePhrases, w.dialect.DeleteTerms()} {
		if _, err := w.Exec(ctx, statement, now.Organization, now.Seq); err != nil {
			return before, now, err
		}
	}
	var rows rowsOfComments
	rows.addTerms(w.dialect, now)
	rows.addPhrases(now)
	return before, now, rows.write(ctx, w)
}

// differs tells whether others have to be told of what holds now.
func differs(a, b store.Analysis) bool {
	return a.Sentiment != b.Sentiment || a.Language != b.Language || !sameAspects(a, b)
}

// sameAspects tells whether two analyses find the same aspects with the same sentiments.
func sameAspects(a, b store.Analysis) bool {
	type mention struct {
		aspect    string
		sentiment store.Sentiment
	}
	set := func(all []store.AspectMention) map[mention]bool {
		out := map[mention]bool{}
		for _, m := range all {
			out[mention{m.Aspect, m.Sentiment}] = true
		}
		return out
	}
	return maps.Equal(set(a.Aspects), set(b.Aspects))
}

// EndReanalysis implements store.Reanalyses.
func (s *Store) EndReanalysis(ctx context.Context, organization, id string, cancelled bool, at time.Time) (out store.Reanalysis, err error) {
	flag := int64(0)
	if cancelled {
		flag = 1
	}
	err = s.write(ctx, "end reanalysis", func(ctx context.Context, w *writing) error {
		if _, err := w.Exec(ctx, sqlEndReanalysis, organization, id, relational.ToMicro(at), flag); err != nil {
			return err
		}
		out, err = relational.One(ctx, w, scanReanalysis, sqlSelectReanalysis, organization, id)
		return notFound(err)
	})
	if err != nil {
		return store.Reanalysis{}, err
	}
	return out, nil
}

// Models implements store.Reanalyses.
func (s *Store) Models(ctx context.Context, organization string) (map[string]int64, error) {
	out := map[string]int64{}
	_, err := relational.List(ctx, s.db, func(row relational.Scanner) (struct{}, error) {
		var model string
		var n int64
		err := row.Scan(&model, &n)
		out[model] = n
		return struct{}{}, err
	}, sqlModels, organization)
	if err != nil {
		return nil, s.db.Explain("count comments by model", err)
	}
	return out, nil
}

// StaleOrganizations implements store.Reanalyses.
func (s *Store) StaleOrganizations(ctx context.Context, model string, limit int) (out []string, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		for after := ""; len(out) < limit; {
			organization, err := relational.One(ctx, r, relational.Value[string], sqlNextOrganization, after)
			if errors.Is(err, relational.ErrNoRow) {
				return nil
			}
			if err != nil {
				return err
			}
			after = organization
			isStale, err := stale(ctx, r, organization, model)
			if err != nil {
				return err
			}
			if isStale {
				out = append(out, organization)
			}
		}
		return nil
	})
	if err != nil {
		return nil, s.db.Explain("look for comments to be analysed anew", err)
	}
	return out, nil
}

// stale tells whether an organisation has comments by another model and no reanalysis that runs.
func stale(ctx context.Context, r relational.Reader, organization, model string) (bool, error) {
	if runs, err := relational.Exists(ctx, r, sqlRuns, organization); err != nil || runs {
		return false, err
	}
	for _, query := range []string{sqlLesserModel, sqlGreaterModel} {
		if found, err := relational.Exists(ctx, r, query, organization, model); err != nil || found {
			return found, err
		}
	}
	return false, nil
}
