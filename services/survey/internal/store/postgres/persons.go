package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/services/survey/internal/store"
)

const (
	// The second condition is that of the index.
	sqlListPerson = `SELECT ` + submissionColumns + ` FROM submissions WHERE organization = $1 AND person = $2 AND person > ''::bytea AND position > $3
ORDER BY position LIMIT $4`
	sqlListUnmarked = `SELECT ` + submissionColumns + ` FROM submissions WHERE organization = $1 AND person IS NULL AND position > $2
ORDER BY position LIMIT $3`
	sqlListAllUnmarked = `SELECT ` + submissionColumns + ` FROM submissions WHERE person IS NULL AND (organization, position) > ($1, $2)
ORDER BY organization, position LIMIT $3`
	sqlMark = `UPDATE submissions s SET person = m.person FROM unnest($2::bigint[], $3::bytea[]) AS m (position, person)
WHERE s.organization = $1 AND s.position = ANY($2) AND s.position = m.position AND s.person IS NULL`

	// sqlLockUsage keeps usages from being counted meanwhile.
	sqlLockUsage = `SELECT position FROM progress WHERE name = 'usage' FOR NO KEY UPDATE`
	sqlDelete    = `WITH gone AS (
    DELETE FROM submissions WHERE organization = $1 AND position = ANY($2) AND kind < $3
    RETURNING position, survey, kind, id, count_time, length(body) AS size
), forgotten AS (
    UPDATE identifiers i SET fingerprint = $4 FROM gone g WHERE i.organization = $1 AND i.survey = g.survey AND i.kind = g.kind AND i.id = g.id
)
SELECT position, survey, kind, id, count_time, size FROM gone`
	sqlLockLog    = `SELECT position, pg_advisory_xact_lock($1) IS NULL FROM log_head FOR NO KEY UPDATE`
	sqlMoveLog    = `UPDATE log_head SET position = $1`
	sqlNoteRemove = `INSERT INTO submissions (organization, survey, kind, position, count_time, accept_time, id, revision, body, person)
SELECT $1, t.survey, $2, t.position, t.count_time, now(), t.id, 0, t.body, ''
FROM unnest($3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::bytea[]) AS t (survey, position, count_time, id, body)`
	sqlCountRemoval = `UPDATE erasures SET responses = responses + $3, refusals = refusals + $4, comments = comments + $5, position = $6
WHERE organization = $1 AND erasure = $2`
	sqlInsertErasedKeys = `INSERT INTO erased_keys (organization, erasure, person_key) SELECT $1, $2, k FROM unnest($3::text[]) AS k ON CONFLICT DO NOTHING`
	sqlForgetRemovals   = `DELETE FROM submissions WHERE organization = $1 AND position = ANY($2) AND kind = $3 AND position < (SELECT position FROM log_head)`
	sqlRewrite          = `WITH input AS MATERIALIZED (SELECT * FROM unnest($2::bigint[], $3::bytea[]) AS t (position, body)),
before AS MATERIALIZED (
    SELECT s.position, length(s.body) AS size FROM submissions s WHERE s.organization = $1 AND s.position = ANY($2) AND s.kind < $4
), written AS (
    UPDATE submissions s SET body = i.body FROM input i WHERE s.organization = $1 AND s.position = ANY($2) AND s.position = i.position AND s.kind < $4
)
SELECT coalesce(sum(length(i.body) - b.size), 0)::bigint FROM before b JOIN input i USING (position) WHERE b.position <= $5`
)

// ListPerson implements store.Persons.
func (s *Store) ListPerson(ctx context.Context, q store.PersonQuery) ([]store.Submission, error) {
	if err := s.ready("list submissions of a person"); err != nil {
		return nil, err
	}
	out, err := list(ctx, s, q.Page, scanSubmission, func(v store.Submission) int { return len(v.Body) }, sqlListPerson, q.Organization, notNull(q.Person), q.After, q.Limit)
	return out, s.fail("list submissions of a person", err)
}

// ListUnmarked implements store.Persons.
func (s *Store) ListUnmarked(ctx context.Context, q store.PersonQuery) ([]store.Submission, error) {
	if err := s.ready("list unmarked submissions"); err != nil {
		return nil, err
	}
	out, err := list(ctx, s, q.Page, scanSubmission, func(v store.Submission) int { return len(v.Body) }, sqlListUnmarked, q.Organization, q.After, q.Limit)
	return out, s.fail("list unmarked submissions", err)
}

// ListAllUnmarked implements store.Persons.
func (s *Store) ListAllUnmarked(ctx context.Context, q store.PersonQuery) ([]store.Submission, error) {
	if err := s.ready("list all unmarked submissions"); err != nil {
		return nil, err
	}
	out, err := list(ctx, s, q.Page, scanSubmission, func(v store.Submission) int { return len(v.Body) }, sqlListAllUnmarked, q.Organization, q.After, q.Limit)
	return out, s.fail("list all unmarked submissions", err)
}

// Mark implements store.Persons.
func (s *Store) Mark(ctx context.Context, organization string, marks []store.Mark) error {
	if err := s.ready("mark submissions"); err != nil {
		return err
	}
	positions, persons := make([]int64, len(marks)), make([][]byte, len(marks))
	for i, m := range marks {
		positions[i], persons[i] = m.Position, notNull(m.Person)
	}
	_, err := s.db.Pool.Exec(ctx, sqlMark, organization, positions, persons)
	return s.fail("mark submissions", err)
}

// Remove implements store.Persons.
func (s *Store) Remove(ctx context.Context, r store.Removals) (store.Removed, error) {
	if err := s.ready("remove submissions"); err != nil {
		return store.Removed{}, err
	}
	var out store.Removed
	err := s.update(ctx, func(ctx context.Context, tx pgx.Tx) (err error) {
		out, err = s.remove(ctx, tx, r)
		return err
	})
	if err != nil {
		return store.Removed{}, s.fail("remove submissions", err)
	}
	s.head.Advance(out.Position)
	return out, nil
}

// remove runs in a transaction. The log is locked last, since everybody waits for it.
func (s *Store) remove(ctx context.Context, tx pgx.Tx, r store.Removals) (store.Removed, error) {
	var counted int64
	if err := tx.QueryRow(ctx, sqlLockUsage).Scan(&counted); err != nil {
		return store.Removed{}, err
	}
	gone, err := deleteSubmissions(ctx, tx, r)
	if err != nil || len(gone.ids) == 0 {
		return store.Removed{}, err
	}
	if _, err := tx.Exec(ctx, sqlAddUsage, r.Organization, -gone.countedRows(counted), -gone.countedBytes(counted)); err != nil {
		return store.Removed{}, err
	}
	if r.Erasure != "" && len(gone.keys) > 0 {
		if _, err := tx.Exec(ctx, sqlInsertErasedKeys, r.Organization, r.Erasure, gone.keys); err != nil {
			return store.Removed{}, err
		}
	}
	var head int64
	var locked bool
	if err := tx.QueryRow(ctx, sqlLockLog, s.logLock).Scan(&head, &locked); err != nil {
		return store.Removed{}, err
	}
	positions := make([]int64, len(gone.ids))
	for i := range positions {
		head++
		positions[i] = head
	}
	if r.Erasure != "" {
		if _, err := tx.Exec(ctx, sqlCountRemoval, r.Organization, r.Erasure, gone.responses, gone.refusals, gone.comments, head); err != nil {
			return store.Removed{}, err
		}
	}
	if _, err := tx.Exec(ctx, sqlNoteRemove, r.Organization, int16(store.KindRemoval), gone.surveys, positions, gone.counts, gone.ids, gone.bodies); err != nil {
		return store.Removed{}, err
	}
	if _, err := tx.Exec(ctx, sqlMoveLog, head); err != nil {
		return store.Removed{}, err
	}
	return store.Removed{Count: len(gone.ids), Position: head}, nil
}

// deleted is what a transaction deleted, in the order asked for.
type deleted struct {
	positions, counts, sizes      []int64
	surveys, ids, keys            []string
	bodies                        [][]byte
	responses, refusals, comments int64
}

// deleteSubmissions deletes those that are still there.
func deleteSubmissions(ctx context.Context, tx pgx.Tx, r store.Removals) (deleted, error) {
	wanted := make([]int64, len(r.Items))
	for i, item := range r.Items {
		wanted[i] = item.Position
	}
	type row struct {
		survey, id  string
		kind        int16
		count, size int64
	}
	rows, err := tx.Query(ctx, sqlDelete, r.Organization, wanted, int16(store.KindRemoval), store.Forgotten)
	if err != nil {
		return deleted{}, err
	}
	found := make(map[int64]row, len(wanted))
	var position int64
	var v row
	if _, err := pgx.ForEachRow(rows, []any{&position, &v.survey, &v.kind, &v.id, &v.count, &v.size}, func() error {
		found[position] = v
		return nil
	}); err != nil {
		return deleted{}, err
	}
	var out deleted
	for _, item := range r.Items {
		v, ok := found[item.Position]
		if !ok {
			continue
		}
		delete(found, item.Position)
		out.positions, out.counts, out.sizes = append(out.positions, item.Position), append(out.counts, v.count), append(out.sizes, v.size)
		out.surveys, out.ids, out.bodies = append(out.surveys, v.survey), append(out.ids, v.id), append(out.bodies, notNull(item.Body))
		if item.Key != "" {
			out.keys = append(out.keys, item.Key)
		}
		out.comments += int64(item.Comments)
		if store.Kind(v.kind) == store.KindResponse {
			out.responses++
		} else {
			out.refusals++
		}
	}
	return out, nil
}

// countedRows and countedBytes are the part of it that usages have counted.
func (d deleted) countedRows(counted int64) (n int64) {
	for _, position := range d.positions {
		if position <= counted {
			n++
		}
	}
	return n
}

func (d deleted) countedBytes(counted int64) (n int64) {
	for i, position := range d.positions {
		if position <= counted {
			n += d.sizes[i]
		}
	}
	return n
}

// ForgetRemovals implements store.Persons.
func (s *Store) ForgetRemovals(ctx context.Context, organization string, positions []int64) error {
	if err := s.ready("forget removals"); err != nil {
		return err
	}
	_, err := s.db.Pool.Exec(ctx, sqlForgetRemovals, organization, positions, int16(store.KindRemoval))
	return s.fail("forget removals", err)
}

// Rewrite implements store.Persons.
func (s *Store) Rewrite(ctx context.Context, organization string, bodies []store.NewBody) error {
	if err := s.ready("rewrite submissions"); err != nil {
		return err
	}
	positions, contents := make([]int64, len(bodies)), make([][]byte, len(bodies))
	for i, b := range bodies {
		positions[i], contents[i] = b.Position, notNull(b.Body)
	}
	err := s.update(ctx, func(ctx context.Context, tx pgx.Tx) error {
		var counted, growth int64
		if err := tx.QueryRow(ctx, sqlLockUsage).Scan(&counted); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, sqlRewrite, organization, positions, contents, int16(store.KindRemoval), counted).Scan(&growth); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sqlAddUsage, organization, int64(0), growth)
		return err
	})
	return s.fail("rewrite submissions", err)
}
