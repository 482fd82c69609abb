package pgkit_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/libs/testkit/pgtest"
)

// configFor is a configuration for a database.
func configFor(dsn string) pgkit.Config {
	c := pgkit.DefaultConfig("things")
	c.DSN = dsn
	return c
}

func open(t *testing.T, c pgkit.Config) *pgkit.DB {
	t.Helper()
	db, err := pgkit.Open(t.Context(), c, pgkit.Options{Component: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// edit changes a DSN.
func edit(t *testing.T, dsn string, change func(u *url.URL)) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	change(u)
	return u.String()
}

// TestStartTellsWhatIsWrong: what does not pass by itself fails at once, names the setting, and keeps the password.
func TestStartTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	dsn := pgtest.Database(t)
	const secret = "s3cr-t/%word"
	withPassword := func(u *url.URL) { u.User = url.UserPassword(u.User.Username(), secret) }
	for name, c := range map[string]struct {
		dsn  string
		want []string
	}{
		"wrong password":     {edit(t, dsn, withPassword), []string{"password is refused", "shop.postgres.dsn", `user "otklik"`}},
		"no such user":       {edit(t, dsn, func(u *url.URL) { u.User = url.UserPassword("nobody", secret) }), []string{"refused", "shop.postgres.dsn"}},
		"no such database":   {edit(t, dsn, func(u *url.URL) { u.Path = "/elsewhere" }), []string{"no such database", `"elsewhere"`, "CREATE DATABASE", "shop.postgres.dsn"}},
		"no TLS":             {edit(t, dsn, func(u *url.URL) { u.RawQuery = "sslmode=require" }), []string{"does not offer TLS", "sslmode=disable", "shop.postgres.dsn"}},
		"not a DSN":          {"127.0.0.1:5432", []string{"no PostgreSQL DSN", "shop.postgres.dsn"}},
		"another scheme":     {"mysql://u:" + secret + "@h/d", []string{"no PostgreSQL DSN", "shop.postgres.dsn"}},
		"unknown mode":       {edit(t, dsn, func(u *url.URL) { withPassword(u); u.RawQuery = "sslmode=sometimes" }), []string{"sslmode is invalid", "shop.postgres.dsn"}},
		"password unescaped": {"postgres://otklik:" + secret + "@127.0.0.1:5432/x", []string{"shop.postgres.dsn", "percent-encoded"}},
		"keywords":           {"host=127.0.0.1 port=no password=" + secret, []string{"shop.postgres.dsn"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			_, err := pgkit.Open(ctx, configFor(c.dsn), pgkit.Options{Component: "shop"})
			if err == nil {
				t.Fatal("it was opened")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in: %v", want, err)
				}
			}
			for _, hidden := range []string{secret, url.QueryEscape(secret), "otklik-tests"} {
				if strings.Contains(err.Error(), hidden) {
					t.Errorf("the password is in: %v", err)
				}
			}
			t.Log(err)
		})
	}
}

// TestStartWaitsForTheServer: a server that is out of reach is tried again and again, and each try is logged.
func TestStartWaitsForTheServer(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t)
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	c := configFor(server.DSN())
	c.StartTimeout = 300 * time.Millisecond
	began := time.Now()
	_, err := pgkit.Open(t.Context(), c, pgkit.Options{Component: "shop"})
	if err == nil || !strings.Contains(err.Error(), "nothing listens there") || !strings.Contains(err.Error(), server.Address()) || !strings.Contains(err.Error(), "shop.postgres.start_timeout") {
		t.Errorf("error %v", err)
	}
	if took := time.Since(began); took < 300*time.Millisecond || took > 20*time.Second {
		t.Errorf("it took %v", took)
	}

	c.StartTimeout = time.Minute
	var log bytes.Buffer
	opened := make(chan error, 1)
	go func() {
		db, err := pgkit.Open(t.Context(), c, pgkit.Options{Component: "shop", Logger: slog.New(slog.NewTextHandler(&log, nil))})
		if err == nil {
			err = db.Close()
		}
		opened <- err
	}()
	time.Sleep(300 * time.Millisecond)
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-opened; err != nil {
		t.Fatal(err)
	}
	if text := log.String(); !strings.Contains(text, "trying again") || !strings.Contains(text, "nothing listens there") {
		t.Errorf("log:\n%s", text)
	}
}

func TestStartEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := pgkit.Open(ctx, configFor("postgres://u@127.0.0.1:1/x"), pgkit.Options{Component: "shop"})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}

// TestOthersThatListenAreTold: what is no PostgreSQL says so, sooner or later.
func TestOthersThatListenAreTold(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{"web server": "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "nothing": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close() //nolint:errcheck // the test is over
			go func() {
				for {
					conn, err := listener.Accept()
					if err != nil {
						return
					}
					// Whatever comes is read once, as a server of another kind would.
					_, _ = conn.Read(make([]byte, 1024))
					_, _ = conn.Write([]byte(answer))
					_ = conn.Close()
				}
			}()
			c := configFor("postgres://u@" + listener.Addr().String() + "/x?sslmode=disable")
			c.StartTimeout = 200 * time.Millisecond
			_, err = pgkit.Open(t.Context(), c, pgkit.Options{Component: "shop"})
			if err == nil || !strings.Contains(err.Error(), "shop.postgres.dsn") || !strings.Contains(err.Error(), "PostgreSQL") || !strings.Contains(err.Error(), "host and port") {
				t.Errorf("error %v", err)
			}
			t.Log(err)
		})
	}
}

// TestOutagesAreForCallers: while the server is away calls fail at once with advice to try again, readiness says what is wrong, and all goes
// on when it is back.
func TestOutagesAreForCallers(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t)
	db := open(t, configFor(server.DSN()))
	query := func() error {
		var one int
		return pgkit.Translate(db.Pool.QueryRow(t.Context(), `SELECT 1`).Scan(&one))
	}
	if err := errors.Join(db.Ping(t.Context()), query()); err != nil {
		t.Fatal(err)
	}
	for name, end := range map[string]func() error{"stopped": server.Stop, "killed": server.Kill} {
		if err := end(); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			began := time.Now()
			err := query()
			if !errors.Is(err, pgkit.ErrUnavailable) || rpcerr.Code(err) != codes.Unavailable || rpcerr.RetryAfter(err) <= 0 {
				t.Errorf("%s: a query: %v", name, err)
			}
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("%s: it took %v to fail", name, took)
			}
		}
		err := db.Ping(t.Context())
		if err == nil || !strings.Contains(err.Error(), server.Address()) || !strings.Contains(err.Error(), "shop.postgres.dsn") || !errors.Is(err, pgkit.ErrUnavailable) {
			t.Errorf("%s: ping: %v", name, err)
		}
		if err := server.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		testkit.Eventually(t, 10*time.Second, func() error { return errors.Join(db.Ping(t.Context()), query()) })
	}
}

func TestClosedPoolSaysSo(t *testing.T) {
	t.Parallel()
	db := open(t, configFor(pgtest.Database(t)))
	if err := errors.Join(db.Close(), db.Close()); err != nil {
		t.Fatal(err)
	}
	if err := db.Ping(t.Context()); !errors.Is(err, pgkit.ErrClosed) {
		t.Errorf("ping: %v", err)
	}
	_, err := db.Pool.Exec(t.Context(), `SELECT 1`)
	if err := pgkit.Translate(err); !errors.Is(err, pgkit.ErrClosed) || rpcerr.Code(err) != codes.Unavailable {
		t.Errorf("exec: %v", err)
	}
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	if err := (pgkit.Config{}).Check(); err != nil {
		t.Errorf("without a DSN there is nothing to check: %v", err)
	}
	for want, change := range map[string]func(c *pgkit.Config){
		"schema":                   func(c *pgkit.Config) { c.Schema = `a"b` },
		"max_connections":          func(c *pgkit.Config) { c.MaxConnections = 1 },
		"connect_timeout":          func(c *pgkit.Config) { c.ConnectTimeout = 0 },
		"start_timeout":            func(c *pgkit.Config) { c.StartTimeout = -1 },
		"statement_timeout":        func(c *pgkit.Config) { c.StatementTimeout = -1 },
		"idle_transaction_timeout": func(c *pgkit.Config) { c.IdleTransactionTimeout = -1 },
	} {
		c := configFor("postgres://u@127.0.0.1/x")
		change(&c)
		_, err := pgkit.Open(t.Context(), c, pgkit.Options{Component: "shop"})
		if err == nil || !strings.Contains(err.Error(), "postgres."+want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
