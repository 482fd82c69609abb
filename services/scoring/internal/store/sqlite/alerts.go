package sqlite

import (
	"context"
	"database/sql"

	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/services/scoring/internal/store/alerting"
)

// alertDB is the database as package alerting uses it.
type alertDB struct{ db *sqlkit.DB }

func queryAlerts(rows *sql.Rows, err error) (alerting.Rows, error) {
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// Query implements alerting.Reader.
func (d alertDB) Query(ctx context.Context, query string, args ...any) (alerting.Rows, error) {
	return queryAlerts(d.db.Query(ctx, query, args...)) //nolint:sqlclosecheck // who asked closes them
}

// Update implements alerting.Database.
func (d alertDB) Update(ctx context.Context, fn func(ctx context.Context, w alerting.Writer) error) error {
	return d.db.Update(ctx, func(ctx context.Context, tx *sqlkit.Tx) error { return fn(ctx, alertWriter{tx}) })
}

// Translate implements alerting.Database.
func (alertDB) Translate(err error) error { return sqlkit.Translate(err) }

// alertWriter is a transaction as package alerting uses it.
type alertWriter struct{ tx *sqlkit.Tx }

// Query implements alerting.Reader.
func (w alertWriter) Query(ctx context.Context, query string, args ...any) (alerting.Rows, error) {
	return queryAlerts(w.tx.QueryContext(ctx, query, args...)) //nolint:sqlclosecheck // who asked closes them
}

// Exec implements alerting.Writer.
func (w alertWriter) Exec(ctx context.Context, statement string, args ...any) (int64, error) {
	r, err := w.tx.ExecContext(ctx, statement, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}
