package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/libs/testkit/child"
)

// EnvDSN is the environment variable that names a server to use instead of one made for the test: a user who may make databases, in the form
// of a URL.
const EnvDSN = "OTKLIK_TEST_POSTGRES_DSN"

// shared is the server of this test process, made when the first test asks.
var shared = sync.OnceValues(func() (*Server, error) { return Start(context.Background()) })

// Database makes an empty database for a test and returns its DSN. The server is the one that EnvDSN names, or else one for all tests of the
// process, which the tests must leave running. The database is dropped at the end.
func Database(t testing.TB) string {
	t.Helper()
	base := os.Getenv(EnvDSN)
	if base == "" {
		s, err := shared()
		child.Must(t, err)
		base = s.DSN()
	}
	name := "otklik_test_" + strings.ToLower(rand.Text()[:12])
	if err := createDatabase(t.Context(), base, name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// The test's own context has ended.
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := execute(ctx, base, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	named, err := withDatabase(base, name)
	if err != nil {
		t.Fatal(err)
	}
	return named
}

// New makes a server for a test that stops or breaks it. It is removed at the end.
func New(t testing.TB, opts ...Option) *Server {
	t.Helper()
	s, err := Start(t.Context(), opts...)
	child.Must(t, err)
	t.Cleanup(func() {
		if err := s.Remove(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Exec runs statements in a database.
func Exec(t testing.TB, dsn, statements string) {
	t.Helper()
	if err := execute(t.Context(), dsn, statements); err != nil {
		t.Fatal(err)
	}
}

func createDatabase(ctx context.Context, dsn, name string) error {
	// template0 has no connections that could be in the way.
	return execute(ctx, dsn, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()+" TEMPLATE template0")
}

func execute(ctx context.Context, dsn, statements string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	_, err = conn.Exec(ctx, statements)
	if err != nil {
		err = fmt.Errorf("execute %q: %w", statements, err)
	}
	return errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
}

// withDatabase names another database of the same server.
func withDatabase(dsn, name string) (string, error) {
	u, err := url.Parse(dsn)
	if err != nil || u.Scheme == "" {
		return "", fmt.Errorf("read %s: want a URL such as postgres://user@127.0.0.1:5432/postgres", EnvDSN)
	}
	u.Path = "/" + name
	return u.String(), nil
}
