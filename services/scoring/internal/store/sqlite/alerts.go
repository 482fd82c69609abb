package sqlite

import (
	"context"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/libs/relational/sqlite"
	"github.com/otklik/otklik/libs/sqlkit"
)

// alertDB is the database as package alerting uses it.
type alertDB struct {
	relational.Reader
	db *sqlkit.DB
}

func alertsIn(db *sqlkit.DB) alertDB { return alertDB{sqlite.Reading(db), db} }

// Update implements alerting.Database.
func (d alertDB) Update(ctx context.Context, fn func(ctx context.Context, w relational.Writer) error) error {
	return d.db.Update(ctx, func(ctx context.Context, tx *sqlkit.Tx) error { return fn(ctx, sqlite.Writing(tx)) })
}

// Translate implements alerting.Database.
func (alertDB) Translate(err error) error { return sqlkit.Translate(err) }
