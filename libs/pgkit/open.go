package pgkit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/otklik/otklik/libs/pause"
	"github.com/otklik/otklik/libs/telemetry"
)

// Options is what the use of a database needs from outside. All but Component may be left out.
type Options struct {
	// Component names the service: messages tell the settings of its section.
	Component string
	// Logger gets what has no caller to be told.
	Logger *slog.Logger
	// Tracers make spans of the statements of calls that are traced.
	Tracers trace.TracerProvider
	// Meters make instruments for the pool of connections.
	Meters metric.MeterProvider
	// Settings are parameters of the server for the connections, such as plan_cache_mode.
	Settings map[string]string
}

func (o Options) logger() *slog.Logger {
	if o.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return o.Logger
}

// DB is an open database: a pool of connections whose search path is the service's schema.
type DB struct {
	// Pool may be used directly; its errors are for Translate.
	Pool *pgxpool.Pool

	config    Config
	component string
	log       *slog.Logger
	place     string
	unmeter   func() error
}

// Waits between tries to reach the server at the start.
const (
	minStartPause = 100 * time.Millisecond
	maxStartPause = 3 * time.Second
)

// Open connects to a database. A server that is out of reach or starting is tried again for StartTimeout; what does not pass by itself - a wrong
// password, a missing database, a malformed DSN, trouble with TLS - fails at once. Errors name the setting to change, never the password.
func Open(ctx context.Context, config Config, options Options) (*DB, error) {
	if err := config.Check(); err != nil {
		return nil, fmt.Errorf("%s: %w", options.Component, err)
	}
	parsed, err := parse(config, options.Component)
	if err != nil {
		return nil, err
	}
	tune(parsed, config, options)
	pool, err := pgxpool.NewWithConfig(ctx, parsed)
	if err != nil {
		return nil, fmt.Errorf("make pool of connections: %w", err)
	}
	db := &DB{Pool: pool, config: config, component: options.Component, log: options.logger(), place: place(parsed)}
	if err := db.await(ctx); err != nil {
		pool.Close()
		return nil, err
	}
	if options.Meters != nil {
		if db.unmeter, err = observe(options.Meters, pool, options.Component); err != nil {
			pool.Close()
			return nil, err
		}
	}
	return db, nil
}

// tune sets what the DSN leaves to us.
func tune(parsed *pgxpool.Config, config Config, options Options) {
	parsed.MaxConns = int32(config.MaxConnections)
	parsed.ConnConfig.ConnectTimeout = config.ConnectTimeout
	// Connections that a failover left with the wrong server go in the end.
	parsed.MaxConnLifetime = 30 * time.Minute
	parsed.MaxConnLifetimeJitter = 5 * time.Minute
	parsed.HealthCheckPeriod = 10 * time.Second
	params := parsed.ConnConfig.RuntimeParams
	params["search_path"] = config.Schema
	params["TimeZone"] = "UTC"
	// No statement of a service runs for as long as compiling it takes; what makes the server think so is a guess about the size of an array.
	params["jit"] = "off"
	maps.Copy(params, options.Settings)
	params["application_name"] = "otklik-" + options.Component
	params["statement_timeout"] = strconv.FormatInt(config.StatementTimeout.Milliseconds(), 10)
	params["idle_in_transaction_session_timeout"] = strconv.FormatInt(config.IdleTransactionTimeout.Milliseconds(), 10)
	if spans := telemetry.Tracer(options.Tracers, scope); spans != nil {
		parsed.ConnConfig.Tracer = &tracer{spans: spans, component: options.Component}
	}
}

// await waits until the server takes a connection.
func (db *DB) await(ctx context.Context) error {
	deadline := time.Now().Add(db.config.StartTimeout)
	wait := minStartPause
	for {
		err := db.Pool.Ping(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("connect to PostgreSQL at %s: %w", db.place, ctx.Err())
		}
		found := diagnose(err, db.component)
		if !found.passes {
			return fmt.Errorf("connect to PostgreSQL at %s: %s", db.place, found.text)
		}
		left := time.Until(deadline)
		if left <= 0 {
			return fmt.Errorf("connect to PostgreSQL at %s: given up after %v (%s): %s", db.place, db.config.StartTimeout, setting(db.component, "start_timeout"), found.text)
		}
		db.log.WarnContext(ctx, "PostgreSQL cannot be reached; trying again", "at", db.place, "problem", found.text, "for_another", left.Round(time.Second).String())
		if err := pause.For(ctx, min(wait, left)); err != nil {
			return fmt.Errorf("connect to PostgreSQL at %s: %w", db.place, err)
		}
		wait = min(2*wait, maxStartPause)
	}
}

// Ping tells whether the database answers: what readiness asks. Its error says what is wrong and how to mend it.
func (db *DB) Ping(ctx context.Context) error {
	err := db.Pool.Ping(ctx)
	if err == nil {
		return nil
	}
	if translated := Translate(err); errors.Is(translated, ErrClosed) {
		return translated
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return fmt.Errorf("ping PostgreSQL: %w", ctx.Err())
	}
	return &PingError{text: fmt.Sprintf("PostgreSQL at %s: %s", db.place, diagnose(err, db.component).text), cause: Translate(err)}
}

// PingError tells operators why a database does not answer. Its chain holds what callers may be told.
type PingError struct {
	text  string
	cause error
}

func (e *PingError) Error() string { return e.text }

// Unwrap returns the driver's error, translated.
func (e *PingError) Unwrap() error { return e.cause }

// Place says where the database is, without the password: for logs.
func (db *DB) Place() string { return db.place + ", schema " + strconv.Quote(db.config.Schema) }

// Close waits for the connections in use and closes all. Safe to call twice.
func (db *DB) Close() error {
	db.Pool.Close()
	if db.unmeter != nil {
		return db.unmeter()
	}
	return nil
}

// Update runs fn in a transaction of its own, which is committed when fn returns nil and undone otherwise. Errors are translated. An error
// of the commit itself leaves open whether it was written: repeat what is safe to repeat, or look.
func (db *DB) Update(ctx context.Context, fn func(ctx context.Context, tx pgx.Tx) error) error {
	return db.transact(ctx, pgx.TxOptions{}, fn)
}

// View runs fn in a transaction that sees the database as it was when it began. Errors are translated.
func (db *DB) View(ctx context.Context, fn func(ctx context.Context, tx pgx.Tx) error) error {
	return db.transact(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, fn)
}

func (db *DB) transact(ctx context.Context, options pgx.TxOptions, fn func(ctx context.Context, tx pgx.Tx) error) error {
	return Translate(pgx.BeginTxFunc(ctx, db.Pool, options, func(tx pgx.Tx) error { return fn(ctx, tx) }))
}
