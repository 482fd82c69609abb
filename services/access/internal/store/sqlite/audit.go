package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/services/access/internal/audit"
	"github.com/otklik/otklik/services/access/internal/store"
)

const (
	sqlInsertAudit = `INSERT INTO audit_entries (` + store.AuditColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	sqlAuditHead   = `SELECT sequence, hash FROM audit_heads WHERE organization = ?`
	sqlMoveHead    = `INSERT INTO audit_heads (organization, sequence, hash) VALUES (?, ?, ?)
ON CONFLICT (organization) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash`
	sqlListAudit = `SELECT ` + store.AuditColumns + ` FROM audit_entries `
	sqlOfChain   = `WHERE organization = ? AND sequence > ? AND sequence < ?`
	// SQLite would rather walk the whole chain.
	sqlByActor = `INDEXED BY audit_entries_by_actor `
)

// AppendAudit implements store.Audit.
func (s *Store) AppendAudit(ctx context.Context, entries []audit.Entry) ([]int64, error) {
	sequences := make([]int64, len(entries))
	err := s.update(ctx, "append audit entries", func(ctx context.Context, tx *sqlkit.Tx) error {
		for organization, places := range store.ByOrganization(entries) {
			head, err := scanHead(tx.QueryRowContext(ctx, sqlAuditHead, organization))
			if err != nil {
				return err
			}
			var e audit.Entry
			for _, i := range places {
				e, head = head.Next(entries[i])
				if err := insertAudit(ctx, tx, e); err != nil {
					return err
				}
				sequences[i] = e.Sequence
			}
			if _, err := tx.ExecContext(ctx, sqlMoveHead, organization, head.Sequence, head.Hash[:]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return sequences, nil
}

func insertAudit(ctx context.Context, tx *sqlkit.Tx, e audit.Entry) error {
	_, err := tx.ExecContext(ctx, sqlInsertAudit, e.Organization, e.Sequence, store.ToNano(e.Time), e.Actor, e.ActorName, e.Method, e.Permission,
		e.Resource, e.ClientAddress, e.RequestID, int64(e.Outcome), e.Code, e.Start, e.Previous[:], e.Hash[:])
	return err
}

// AuditHead implements store.Audit.
func (s *Store) AuditHead(ctx context.Context, organization string) (audit.Head, error) {
	head, err := scanHead(s.db.QueryRow(ctx, sqlAuditHead, organization))
	return head, s.fail("read end of audit log", err)
}

func scanHead(row store.Scanner) (audit.Head, error) {
	var head audit.Head
	var hash []byte
	err := row.Scan(&head.Sequence, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		return audit.Head{}, nil
	}
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
	if q.Actor != "" {
		text.WriteString(sqlByActor)
	}
	text.WriteString(sqlOfChain)
	where := func(wanted bool, condition string, values ...any) {
		if wanted {
			text.WriteString(" AND " + condition)
			args = append(args, values...)
		}
	}
	where(!q.From.IsZero() || !q.To.IsZero(), "time >= ? AND time < ?", from, to)
	where(q.Actor != "", "actor = ?", q.Actor)
	where(q.Method != "", "(method = ? OR substr(method, -length(?)) = ?)", q.Method, "/"+q.Method, "/"+q.Method)
	const ofResource = "resource = ? OR substr(resource, 1, length(?)) = ?"
	where(q.Resource != "" && q.Formerly == "", "("+ofResource+")", q.Resource, q.Resource+"/", q.Resource+"/")
	where(q.Formerly != "", "("+ofResource+" OR "+ofResource+")", q.Resource, q.Resource+"/", q.Resource+"/", q.Formerly, q.Formerly+"/", q.Formerly+"/")
	where(q.Outcome != 0, "outcome = ?", int64(q.Outcome))
	order := "ASC"
	if q.Newest {
		order = "DESC"
	}
	text.WriteString(" ORDER BY sequence " + order + " LIMIT ?")
	return text.String(), append(args, q.Limit)
}
