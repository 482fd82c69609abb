package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/services/access/internal/audit"
	"github.com/otklik/otklik/services/access/internal/store"
)

const (
	sqlInsertAudit = `INSERT INTO audit_entries (` + store.AuditColumns + `)
SELECT $1, u.* FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
	$11::smallint[], $12::text[], $13::bigint[], $14::bytea[], $15::bytea[]) AS u`
	sqlMakeHead  = `INSERT INTO audit_heads (organization, sequence, hash) VALUES ($1, 0, $2) ON CONFLICT (organization) DO NOTHING`
	sqlAuditHead = `SELECT sequence, hash FROM audit_heads WHERE organization = $1`
	sqlLockHead  = sqlAuditHead + ` FOR UPDATE`
	sqlMoveHead  = `UPDATE audit_heads SET sequence = $2, hash = $3 WHERE organization = $1`
	sqlListAudit = `SELECT ` + store.AuditColumns + ` FROM audit_entries WHERE organization = $1 AND sequence > $2 AND sequence < $3`
)

// AppendAudit implements store.Audit.
func (s *Store) AppendAudit(ctx context.Context, entries []audit.Entry) ([]int64, error) {
	if s.closed.Load() {
		return nil, store.ErrClosed
	}
	return s.appends.do(ctx, entries)
}

// appendAudit stores entries in one transaction.
func (s *Store) appendAudit(ctx context.Context, entries []audit.Entry) ([]int64, error) {
	sequences := make([]int64, len(entries))
	places := store.ByOrganization(entries)
	err := s.update(ctx, "append audit entries", func(ctx context.Context, tx pgx.Tx) error {
		// In one order in all processes, so that none waits for the other in a circle.
		for _, organization := range slices.Sorted(maps.Keys(places)) {
			if err := appendChain(ctx, tx, organization, entries, places[organization], sequences); err != nil {
				return err
			}
		}
		return nil
	})
	return sequences, err
}

// appendChain puts the entries at places at the end of a chain, whose head it holds until the commit.
func appendChain(ctx context.Context, tx pgx.Tx, organization string, entries []audit.Entry, places []int, sequences []int64) error {
	head, err := lockHead(ctx, tx, organization)
	if err != nil {
		return err
	}
	var rows auditRows
	var e audit.Entry
	for _, i := range places {
		e, head = head.Next(entries[i])
		rows.add(e)
		sequences[i] = e.Sequence
	}
	if _, err := tx.Exec(ctx, sqlInsertAudit, rows.args(organization)...); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, sqlMoveHead, organization, head.Sequence, head.Hash[:])
	return err
}

func lockHead(ctx context.Context, tx pgx.Tx, organization string) (audit.Head, error) {
	head, err := scanHead(tx.QueryRow(ctx, sqlLockHead, organization))
	if !errors.Is(err, pgx.ErrNoRows) {
		return head, err
	}
	if _, err := tx.Exec(ctx, sqlMakeHead, organization, make([]byte, len(audit.Hash{}))); err != nil {
		return audit.Head{}, err
	}
	return scanHead(tx.QueryRow(ctx, sqlLockHead, organization))
}

// auditRows are the columns of entries.
type auditRows struct {
	sequences, times, starts                                                   []int64
	actors, names, methods, permissions, resources, addresses, requests, codes []string
	outcomes                                                                   []int16
	previous, hashes                                                           [][]byte
}

func (r *auditRows) add(e audit.Entry) {
	r.sequences, r.times, r.starts = append(r.sequences, e.Sequence), append(r.times, store.ToNano(e.Time)), append(r.starts, e.Start)
	r.actors, r.names = append(r.actors, e.Actor), append(r.names, e.ActorName)
	r.methods, r.permissions, r.resources = append(r.methods, e.Method), append(r.permissions, e.Permission), append(r.resources, e.Resource)
	r.addresses, r.requests, r.codes = append(r.addresses, e.ClientAddress), append(r.requests, e.RequestID), append(r.codes, e.Code)
	r.outcomes = append(r.outcomes, int16(e.Outcome))
	r.previous, r.hashes = append(r.previous, e.Previous[:]), append(r.hashes, e.Hash[:])
}

// args are the columns in the order of sqlInsertAudit.
func (r *auditRows) args(organization string) []any {
	return []any{
		organization, r.sequences, r.times, r.actors, r.names, r.methods, r.permissions, r.resources, r.addresses, r.requests, r.outcomes, r.codes,
		r.starts, r.previous, r.hashes,
	}
}

// AuditHead implements store.Audit.
func (s *Store) AuditHead(ctx context.Context, organization string) (audit.Head, error) {
	head, err := scanHead(s.db.Pool.QueryRow(ctx, sqlAuditHead, organization))
	if errors.Is(err, pgx.ErrNoRows) {
		return audit.Head{}, nil
	}
	return head, s.fail("read end of audit log", err)
}

func scanHead(row store.Scanner) (audit.Head, error) {
	var head audit.Head
	var hash []byte
	err := row.Scan(&head.Sequence, &hash)
	copy(head.Hash[:], hash)
	return head, err
}

// ListAudit implements store.Audit.
func (s *Store) ListAudit(ctx context.Context, q store.AuditQuery) ([]audit.Entry, error) {
	query, args := auditQuery(q)
	out, err := list(ctx, s, store.ScanAudit, query, args...)
	return out, s.fail("list audit entries", err)
}

// auditQuery writes the query with the conditions that are asked for, of which there are few combinations to be prepared.
func auditQuery(q store.AuditQuery) (string, []any) {
	after, before, from, to := q.Bounds()
	args := []any{q.Organization, after, before}
	var text strings.Builder
	text.WriteString(sqlListAudit)
	// where adds a condition in which ? stands for the value.
	where := func(condition string, value any) {
		args = append(args, value)
		text.WriteString(" AND " + strings.ReplaceAll(condition, "?", fmt.Sprintf("$%d", len(args))))
	}
	if !q.From.IsZero() {
		where("time >= ?", from)
	}
	if !q.To.IsZero() {
		where("time < ?", to)
	}
	if q.Actor != "" {
		where("actor = ?", q.Actor)
	}
	if q.Method != "" {
		where("(method = ?::text OR right(method, length(?::text) + 1) = '/' || ?::text)", q.Method)
	}
	if q.Resource != "" {
		names := []string{q.Resource}
		if q.Formerly != "" {
			names = append(names, q.Formerly)
		}
		where("EXISTS (SELECT FROM unnest(?::text[]) AS n (name) WHERE resource = name OR left(resource, length(name) + 1) = name || '/')", names)
	}
	if q.Outcome != 0 {
		where("outcome = ?", int16(q.Outcome))
	}
	order := "ASC"
	if q.Newest {
		order = "DESC"
	}
	args = append(args, q.Limit)
	fmt.Fprintf(&text, " ORDER BY sequence %s LIMIT $%d", order, len(args))
	return text.String(), args
}
