package pgkit_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/testkit/pgtest"
)

func TestErrorsForCallers(t *testing.T) {
	t.Parallel()
	server := func(code string) error { return fmt.Errorf("insert: %w", &pgconn.PgError{Code: code}) }
	for name, c := range map[string]struct{ err, want error }{
		"disk full":               {server("53100"), pgkit.ErrFull},
		"too many connections":    {server("53300"), pgkit.ErrUnavailable},
		"shutting down":           {server("57P01"), pgkit.ErrUnavailable},
		"starting up":             {server("57P03"), pgkit.ErrUnavailable},
		"standby":                 {server("25006"), pgkit.ErrUnavailable},
		"ended while idle":        {server("25P03"), pgkit.ErrUnavailable},
		"serialization":           {server("40001"), pgkit.ErrBusy},
		"deadlock":                {server("40P01"), pgkit.ErrBusy},
		"lock":                    {server("55P03"), pgkit.ErrBusy},
		"statement took too long": {server("57014"), pgkit.ErrBusy},
		"connection lost":         {fmt.Errorf("read: %w", io.ErrUnexpectedEOF), pgkit.ErrUnavailable},
		"connection was lost":     {fmt.Errorf("send: %w", pgconn.ErrConnClosed), pgkit.ErrUnavailable},
		"unique":                  {server("23505"), nil},
		"syntax":                  {server("42601"), nil},
		"deadline":                {fmt.Errorf("query: %w", context.DeadlineExceeded), nil},
		"cancelled":               {fmt.Errorf("query: %w", context.Canceled), nil},
		"other":                   {io.ErrNoProgress, nil},
	} {
		got := pgkit.Translate(c.err)
		if !errors.Is(got, c.err) {
			t.Errorf("%s: the cause is lost: %v", name, got)
		}
		if c.want == nil {
			if got != c.err { //nolint:errorlint // must be the very same
				t.Errorf("%s: became %v", name, got)
			}
			continue
		}
		if !errors.Is(got, c.want) || rpcerr.Code(got) != codes.Unavailable || rpcerr.RetryAfter(got) <= 0 {
			t.Errorf("%s: became %v", name, got)
		}
		if again := pgkit.Translate(got); again != got { //nolint:errorlint // must be the very same
			t.Errorf("%s: translated twice: %v", name, again)
		}
	}
	if pgkit.Translate(nil) != nil || pgkit.IsUniqueViolation(nil) || pgkit.Code(nil) != "" {
		t.Error("an error out of nil")
	}
	if !pgkit.IsUniqueViolation(server("23505")) || pgkit.IsUniqueViolation(server("40001")) {
		t.Error("unique violations are not told from others")
	}
}

// TestServerErrorsForCallers: the same, as the server gives them.
func TestServerErrorsForCallers(t *testing.T) {
	t.Parallel()
	c := configFor(pgtest.Database(t))
	c.StatementTimeout, c.IdleTransactionTimeout = 200*time.Millisecond, 200*time.Millisecond
	db := open(t, c)
	sleep := func(ctx context.Context) error {
		_, err := db.Pool.Exec(ctx, `SELECT pg_sleep(10)`)
		return pgkit.Translate(err)
	}
	if err := sleep(t.Context()); !errors.Is(err, pgkit.ErrBusy) {
		t.Errorf("a statement that takes too long: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := sleep(ctx); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, pgkit.ErrBusy) {
		t.Errorf("a caller whose time is over: %v", err)
	}
	err := db.Update(t.Context(), func(ctx context.Context, tx pgx.Tx) error {
		time.Sleep(500 * time.Millisecond)
		_, err := tx.Exec(ctx, `SELECT 1`)
		return err
	})
	if !errors.Is(err, pgkit.ErrUnavailable) {
		t.Errorf("a transaction that stood still: %v", err)
	}
}

func TestTransactionsAreAllOrNothing(t *testing.T) {
	t.Parallel()
	dsn := pgtest.Database(t)
	c := configFor(dsn)
	c.Schema = "public"
	pgtest.Exec(t, dsn, `CREATE TABLE ops (id int PRIMARY KEY)`)
	db := open(t, c)
	boom := errors.New("boom")
	insert := func(then error) error {
		return db.Update(t.Context(), func(ctx context.Context, tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, `INSERT INTO ops VALUES (1)`); err != nil {
				return err
			}
			return then
		})
	}
	count := func() (n int) {
		t.Helper()
		err := db.View(t.Context(), func(ctx context.Context, tx pgx.Tx) error {
			return tx.QueryRow(ctx, `SELECT count(*) FROM ops`).Scan(&n)
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if err := insert(boom); !errors.Is(err, boom) || count() != 0 {
		t.Errorf("undone: %v, %d rows", err, count())
	}
	if err := insert(nil); err != nil || count() != 1 {
		t.Errorf("done: %v, %d rows", err, count())
	}
	if err := insert(nil); !pgkit.IsUniqueViolation(err) {
		t.Errorf("again: %v", err)
	}
	if err := db.View(t.Context(), func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO ops VALUES (2)`)
		return err
	}); err == nil {
		t.Error("a view writes")
	}
}
