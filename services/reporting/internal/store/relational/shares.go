package relational

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/reporting/internal/share"
	"github.com/otklik/otklik/services/reporting/internal/store"
)

const (
	shareColumns   = `organization, id, key, creator, recipient, create_time, expire_time, views, view_time, body`
	sqlInsertShare = `INSERT INTO report_shares (` + shareColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, NULL, $8) ON CONFLICT DO NOTHING`
	sqlCountShares = `SELECT count(*) FROM report_shares WHERE organization = $1`
	sqlSelectShare = `SELECT ` + shareColumns + ` FROM report_shares WHERE organization = $1 AND id = $2`
	sqlShareOf     = `SELECT ` + shareColumns + ` FROM report_shares WHERE organization = $1 AND key = $2`
	// $2 is empty for the links of everybody.
	sqlListShares  = `SELECT ` + shareColumns + ` FROM report_shares WHERE organization = $1 AND ($2 = '' OR creator = $2) ORDER BY create_time DESC, id DESC LIMIT $3`
	sqlMoreShares  = `SELECT ` + shareColumns + ` FROM report_shares WHERE organization = $1 AND ($2 = '' OR creator = $2) AND (create_time < $4 OR create_time = $4 AND id < $5) ORDER BY create_time DESC, id DESC LIMIT $3`
	sqlDeleteShare = `DELETE FROM report_shares WHERE organization = $1 AND id = $2`
	sqlViewShare   = `UPDATE report_shares SET views = views + 1, view_time = CASE WHEN view_time > $3 THEN view_time ELSE $3 END WHERE organization = $1 AND id = $2`
	// The condition twice: the index is of links that were mailed.
	sqlMailedShares = `SELECT ` + shareColumns + ` FROM report_shares WHERE organization = $1 AND recipient = $2 AND recipient <> '' ORDER BY id`
	sqlEndedShares  = `SELECT ` + shareColumns + ` FROM report_shares WHERE expire_time < $1 ORDER BY expire_time, organization, id LIMIT $2`
)

func scanShare(row relational.Scanner) (s share.Share, err error) {
	var created, expires int64
	var viewed *int64
	var body []byte
	if err := row.Scan(&s.Organization, &s.ID, &s.Key, &s.Creator, &s.Recipient, &created, &expires, &s.Views, &viewed, &body); err != nil {
		return share.Share{}, err
	}
	if err := json.Unmarshal(body, &s); err != nil {
		return share.Share{}, fmt.Errorf("decode share %s: %w", s.ID, err)
	}
	s.CreateTime, s.ExpireTime, s.ViewTime = relational.FromMicro(created), relational.FromMicro(expires), relational.FromNull(viewed)
	return s, nil
}

// CreateShare implements store.Shares.
func (s *Store) CreateShare(ctx context.Context, in share.Share, most int) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("encode share: %w", err)
	}
	err = s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		n, err := w.Exec(ctx, sqlInsertShare, in.Organization, in.ID, in.Key, in.Creator, in.Recipient, relational.ToMicro(in.CreateTime), relational.ToMicro(in.ExpireTime), body)
		if err != nil {
			return err
		}
		if n == 0 {
			return store.ErrExists
		}
		count, err := relational.One(ctx, w, relational.Value[int], sqlCountShares, in.Organization)
		if err == nil && count > most {
			return store.ErrTooMany
		}
		return err
	})
	return s.db.Explain("create share", err)
}

// GetShare implements store.Shares.
func (s *Store) GetShare(ctx context.Context, organization, id string) (share.Share, error) {
	return s.oneShare(ctx, sqlSelectShare, organization, id)
}

// ShareOf implements store.Shares.
func (s *Store) ShareOf(ctx context.Context, organization, key string) (share.Share, error) {
	return s.oneShare(ctx, sqlShareOf, organization, key)
}

func (s *Store) oneShare(ctx context.Context, query, organization, key string) (out share.Share, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		out, err = relational.One(ctx, r, scanShare, query, organization, key)
		return err
	})
	if errors.Is(err, relational.ErrNoRow) {
		err = store.ErrNotFound
	}
	return out, s.db.Explain("read share", err)
}

// ListShares implements store.Shares.
func (s *Store) ListShares(ctx context.Context, organization, creator string, after store.ShareMark, limit int) (out []share.Share, err error) {
	if after.ID == "" {
		out, err = relational.ListOnce(ctx, s.db, scanShare, sqlListShares, organization, creator, limit)
	} else {
		out, err = relational.ListOnce(ctx, s.db, scanShare, sqlMoreShares, organization, creator, limit, relational.ToMicro(after.Create), after.ID)
	}
	return out, s.db.Explain("list shares", err)
}

// DeleteShare implements store.Shares.
func (s *Store) DeleteShare(ctx context.Context, organization, id string) error {
	err := s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		_, err := w.Exec(ctx, sqlDeleteShare, organization, id)
		return err
	})
	return s.db.Explain("delete share", err)
}

// NoteView implements store.Shares.
func (s *Store) NoteView(ctx context.Context, organization, id string, at time.Time) error {
	err := s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		_, err := w.Exec(ctx, sqlViewShare, organization, id, relational.ToMicro(at))
		return err
	})
	return s.db.Explain("note view of share", err)
}

// EndedShares implements store.Shares.
func (s *Store) EndedShares(ctx context.Context, before time.Time, limit int) ([]share.Share, error) {
	out, err := relational.ListOnce(ctx, s.db, scanShare, sqlEndedShares, relational.ToMicro(before), limit)
	return out, s.db.Explain("look for ended shares", err)
}

// MailedShares implements store.Shares.
func (s *Store) MailedShares(ctx context.Context, organization, recipient string) ([]share.Share, error) {
	out, err := relational.ListOnce(ctx, s.db, scanShare, sqlMailedShares, organization, recipient)
	return out, s.db.Explain("look for links that were mailed", err)
}
