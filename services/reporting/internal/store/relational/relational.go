// Package relational keeps the reporting service's data in tables, whatever the database: what is written, and when, is said once. Packages sqlite and postgres
// open their databases.
package relational

import (
	"context"

	"github.com/otklik/otklik/libs/lead"
	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/reporting/internal/store"
)

// Store is a store.Store over a database.
type Store struct {
	lead.Table
	db relational.Database
}

var _ store.Store = (*Store)(nil)

// New makes a store over a database whose schema is up to date.
func New(db relational.Database) *Store { return &Store{Table: lead.In(db), db: db} }

// Ping implements store.Store.
func (s *Store) Ping(ctx context.Context) error { return s.db.Explain("ping", s.db.Ping(ctx)) }

// Place implements store.Store.
func (s *Store) Place() string { return s.db.Place() }

// Close implements store.Store.
func (s *Store) Close() error { return s.db.Close() }
