package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/services/scoring/internal/store/alerting"
)

// alertRows are those of a query.
type alertRows struct{ pgx.Rows }

// Close implements alerting.Rows: its error is that of Err.
func (r alertRows) Close() error {
	r.Rows.Close()
	return nil
}

func queryAlerts(rows pgx.Rows, err error) (alerting.Rows, error) {
	if err != nil {
		return nil, err
	}
	return alertRows{rows}, nil
}

// alertDB is the database as package alerting uses it.
type alertDB struct{ db *pgkit.DB }

// Query implements alerting.Reader.
func (d alertDB) Query(ctx context.Context, query string, args ...any) (alerting.Rows, error) {
	return queryAlerts(d.db.Pool.Query(ctx, query, args...))
}

// Update implements alerting.Database.
func (d alertDB) Update(ctx context.Context, fn func(ctx context.Context, w alerting.Writer) error) error {
	return d.db.Update(ctx, func(ctx context.Context, tx pgx.Tx) error { return fn(ctx, alertWriter{tx}) })
}

// Translate implements alerting.Database.
func (alertDB) Translate(err error) error { return pgkit.Translate(err) }

// alertWriter is a transaction as package alerting uses it.
type alertWriter struct{ tx pgx.Tx }

// Query implements alerting.Reader.
func (w alertWriter) Query(ctx context.Context, query string, args ...any) (alerting.Rows, error) {
	return queryAlerts(w.tx.Query(ctx, query, args...))
}

// Exec implements alerting.Writer.
func (w alertWriter) Exec(ctx context.Context, statement string, args ...any) (int64, error) {
	tag, err := w.tx.Exec(ctx, statement, args...)
	return tag.RowsAffected(), err
}
