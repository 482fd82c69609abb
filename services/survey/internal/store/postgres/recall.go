package postgres

import (
	"context"
	"errors"

	"github.com/otklik/otklik/services/survey/internal/store"
)

// sqlRecall finds what identifiers were used for. The submission is missing when its partition was detached; the time of acceptance lets the server
// look into the one partition that can hold it.
const sqlRecall = `SELECT k.n, i.fingerprint, i.position, s.position IS NOT NULL, coalesce(s.revision, 0), coalesce(s.count_time, 0), coalesce(s.trace, ''), s.body
FROM unnest($1::text[], $2::text[], $3::smallint[], $4::text[]) WITH ORDINALITY AS k (organization, survey, kind, id, n)
JOIN identifiers i ON i.organization = k.organization AND i.survey = k.survey AND i.kind = k.kind AND i.id = k.id
LEFT JOIN submissions s ON s.organization = i.organization AND s.survey = i.survey AND s.kind = i.kind AND s.position = i.position AND s.accept_time = i.accept_time`

// recalled is what an identifier was used for.
type recalled struct {
	fingerprint []byte
	submission  store.Submission
	// kept tells that the submission still is in the table; else only its position is known.
	kept bool
}

// recall looks identifiers up; those that were not used are missing in the answer.
func (s *Store) recall(ctx context.Context, keys []submissionKey) (map[submissionKey]recalled, error) {
	organizations, surveys, ids := make([]string, len(keys)), make([]string, len(keys)), make([]string, len(keys))
	kinds := make([]int16, len(keys))
	for i, k := range keys {
		organizations[i], surveys[i], kinds[i], ids[i] = k.organization, k.survey, int16(k.kind), k.id
	}
	rows, err := s.db.Pool.Query(ctx, sqlRecall, organizations, surveys, kinds, ids)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := make(map[submissionKey]recalled, len(keys))
	for rows.Next() {
		var n, count int64
		var r recalled
		v := &r.submission
		if err := rows.Scan(&n, &r.fingerprint, &v.Position, &r.kept, &v.Revision, &count, &v.Trace, &v.Body); err != nil {
			return nil, err
		}
		key := keys[n-1]
		v.Organization, v.Survey, v.Kind, v.ID, v.CountTime = key.organization, key.survey, key.kind, key.id, store.FromNano(count)
		out[key] = r
	}
	return out, rows.Err()
}

// Recall implements store.Submissions.
func (s *Store) Recall(ctx context.Context, organization, survey string, kind store.Kind, id string, fingerprint []byte) (store.Submission, error) {
	r, err := s.find(ctx, submissionKey{organization, survey, kind, id})
	if r.fingerprint != nil && !store.Fits(r.fingerprint, fingerprint) {
		err = store.ErrIDReused
	}
	if err != nil {
		return store.Submission{}, s.fail("recall submission", err)
	}
	return r.submission, nil
}

// GetSubmission implements store.Submissions.
func (s *Store) GetSubmission(ctx context.Context, organization, survey string, kind store.Kind, id string) (store.Submission, error) {
	r, err := s.find(ctx, submissionKey{organization, survey, kind, id})
	if err != nil {
		return store.Submission{}, s.fail("get submission", err)
	}
	return r.submission, nil
}

// find returns what an identifier was used for. With ErrNotFound the fingerprint is set when only the submission is gone.
func (s *Store) find(ctx context.Context, key submissionKey) (recalled, error) {
	if err := s.open(); err != nil {
		return recalled{}, err
	}
	found, err := s.recall(ctx, []submissionKey{key})
	if err != nil {
		return recalled{}, err
	}
	r, ok := found[key]
	if !ok || !r.kept {
		return r, store.ErrNotFound
	}
	return r, nil
}

var errIdentifierGone = errors.New("an identifier that was in the way is gone")

// answerReplays decides about the items of a stored group whose identifiers were used before. What the group stored is safe by now, whatever becomes
// of this.
func (s *Store) answerReplays(g *group) {
	var open []item
	var keys []submissionKey
	for _, it := range g.replays {
		if !g.replayWithin(it) {
			open, keys = append(open, it), append(keys, it.key())
		}
	}
	if len(open) == 0 {
		return
	}
	var found map[submissionKey]recalled
	err := inTime(func(ctx context.Context) (err error) {
		found, err = s.recall(ctx, keys)
		return err
	})
	for _, it := range open {
		r, ok := found[it.key()]
		switch {
		case err != nil:
			it.call.err = err
		case !ok:
			it.call.err = errIdentifierGone
		case r.kept:
			it.decide(sameContent(it.in().Fingerprint, r.fingerprint, r.submission))
		default:
			// The content is the same, if the fingerprints are, so that the one that came now stands in for the one that is gone.
			it.decide(sameContent(it.in().Fingerprint, r.fingerprint, it.accepted(r.submission.Position)))
		}
	}
}
