package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/libs/relational/postgres"
)

// alertDB is the database as package alerting uses it.
type alertDB struct {
	relational.Reader
	db *pgkit.DB
}

func alertsIn(db *pgkit.DB) alertDB { return alertDB{postgres.Reading(db), db} }

// Update implements alerting.Database.
func (d alertDB) Update(ctx context.Context, fn func(ctx context.Context, w relational.Writer) error) error {
	return d.db.Update(ctx, func(ctx context.Context, tx pgx.Tx) error { return fn(ctx, postgres.Writing(tx)) })
}

// Translate implements alerting.Database.
func (alertDB) Translate(err error) error { return pgkit.Translate(err) }
