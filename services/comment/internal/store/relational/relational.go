// Package relational keeps the comment service's data in tables, whatever the database: what is written, and when, is said once. Packages sqlite and
// postgres open their databases and say where they differ.
//
// Whatever changes data first takes the row of the counters and holds it until the commit. So writers of all processes take turns, numbers are given in the
// order of commits, and nobody who reads the outbox ever finds an event with a lesser position than one that was there before.
package relational

import (
	"context"
	"errors"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/comment/internal/search"
	"github.com/otklik/otklik/services/comment/internal/store"
)

// Database is what a backend gives.
type Database interface {
	relational.Database
	Dialect
}

// Dialect is how a database searches for words.
type Dialect interface {
	// InsertTerms is the statement that stores the terms of a comment: organization, seq, terms as EncodeTerms makes them.
	InsertTerms() string
	// DeleteTerms is the statement that removes them: organization, seq.
	DeleteTerms() string
	// EncodeTerms is how terms are stored: one or two parameters.
	EncodeTerms(terms string) []any
	// Matching is a condition on the comment c; arg adds a parameter and returns its name.
	Matching(words *search.Query, arg func(any) string) string
	// Rank is an expression that is the less the better a comment c fits. It stands in a query whose joins RankJoin are.
	Rank(words *search.Query, arg func(any) string) (join, condition, expression string)
}

// Store is a store.Store over a Database.
type Store struct {
	db Database
}

var _ store.Store = (*Store)(nil)

// New makes a store over a database whose schema is up to date.
func New(db Database) *Store { return &Store{db: db} }

// Ping implements store.Store.
func (s *Store) Ping(ctx context.Context) error { return s.db.Explain("ping", s.db.Ping(ctx)) }

// Place says where the data is, for logs.
func (s *Store) Place() string { return s.db.Place() }

// Close implements store.Store.
func (s *Store) Close() error { return s.db.Close() }

// notFound is the store's word for no row.
func notFound(err error) error {
	if errors.Is(err, relational.ErrNoRow) {
		return store.ErrNotFound
	}
	return err
}
