// Package relational keeps the segmentation service's data in tables, whatever the database: what is written, and when, is said once. Packages sqlite and
// postgres open their databases.
//
// Whatever changes data first takes the row of the counter of writes and holds it until the commit. So writers of all processes take turns, numbers are given
// in the order of commits, and nobody who reads the outbox ever finds an event with a lesser position than one that was there before.
package relational

import (
	"context"
	"errors"

	"github.com/otklik/otklik/libs/lead"
	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// Store is a store.Store over a database.
type Store struct {
	lead.Table
	db   relational.Database
	told signal
}

var _ store.Store = (*Store)(nil)

// New makes a store over a database whose schema is up to date.
func New(db relational.Database) *Store { return &Store{Table: lead.In(db), db: db} }

// Ping implements store.Store.
func (s *Store) Ping(ctx context.Context) error { return s.db.Explain("ping", s.db.Ping(ctx)) }

// Place implements store.Store.
func (s *Store) Place() string { return s.db.Place() }

// Close implements store.Store.
func (s *Store) Close() error {
	defer s.told.send()
	return s.db.Close()
}

// notFound is the store's word for no row.
func notFound(err error) error {
	if errors.Is(err, relational.ErrNoRow) {
		return store.ErrNotFound
	}
	return err
}

// found is ErrNotFound where a change found nothing.
func found(n int64, err error) error {
	if err == nil && n == 0 {
		return store.ErrNotFound
	}
	return err
}

// held is ErrLost where a change found the thing another's, or elsewhere.
func held(n int64, err error) error {
	if err == nil && n == 0 {
		return store.ErrLost
	}
	return err
}
