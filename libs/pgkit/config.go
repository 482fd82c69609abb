// Package pgkit is what the PostgreSQL stores stand on: a pool of connections that are opened with patience and described in words, forward
// migrations that one command runs, monthly partitions, and translated errors.
package pgkit

import (
	"errors"
	"fmt"
	"regexp"
	"time"
)

// Config says where a database is and how it is used. Start from DefaultConfig.
type Config struct {
	DSN                    string        `koanf:"dsn" secret:"true" doc:"Database to use instead of the SQLite file, for example postgres://user:password@host:5432/database?sslmode=verify-full. Empty means SQLite."`
	Schema                 string        `koanf:"schema" doc:"Schema of the service's tables, made by otklik migrate. Services may share a database, not a schema."`
	MaxConnections         int           `koanf:"max_connections" doc:"Most connections that a process opens for the service."`
	ConnectTimeout         time.Duration `koanf:"connect_timeout" doc:"Most time to make a connection."`
	StartTimeout           time.Duration `koanf:"start_timeout" doc:"Time at the start in which the server may be out of reach before the process gives up."`
	StatementTimeout       time.Duration `koanf:"statement_timeout" doc:"Most time that a statement may take; 0 is no limit. Migrations have none."`
	IdleTransactionTimeout time.Duration `koanf:"idle_transaction_timeout" doc:"Time after which the server ends a transaction in which nothing happens, so that a process that is stuck does not hold up the others; 0 is no limit."`
}

// Defaults of Config.
const (
	DefaultMaxConnections         = 16
	DefaultConnectTimeout         = 5 * time.Second
	DefaultStartTimeout           = time.Minute
	DefaultStatementTimeout       = time.Minute
	DefaultIdleTransactionTimeout = 10 * time.Second
)

// DefaultConfig returns a sound configuration for tables in a schema. It is not Enabled until it has a DSN.
func DefaultConfig(schema string) Config {
	return Config{
		Schema:                 schema,
		MaxConnections:         DefaultMaxConnections,
		ConnectTimeout:         DefaultConnectTimeout,
		StartTimeout:           DefaultStartTimeout,
		StatementTimeout:       DefaultStatementTimeout,
		IdleTransactionTimeout: DefaultIdleTransactionTimeout,
	}
}

// Enabled tells whether PostgreSQL is to be used.
func (c Config) Enabled() bool { return c.DSN != "" }

// plainName is what a schema may be called: it needs no quotes, and names of partitions have room beside it.
var plainName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// Check says what is wrong with a configuration that is Enabled.
func (c Config) Check() error {
	if !c.Enabled() {
		return nil
	}
	var errs []error
	refuse := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf("check postgres."+format, args...))
		}
	}
	refuse(!plainName.MatchString(c.Schema), "schema: %q is no plain name: want small letters, digits and underscores", c.Schema)
	refuse(c.MaxConnections < minConnections, "max_connections: %d, want at least %d", c.MaxConnections, minConnections)
	refuse(c.ConnectTimeout <= 0, "connect_timeout: %v is not positive", c.ConnectTimeout)
	for name, d := range map[string]time.Duration{
		"start_timeout": c.StartTimeout, "statement_timeout": c.StatementTimeout, "idle_transaction_timeout": c.IdleTransactionTimeout,
	} {
		refuse(d < 0, "%s: %v is negative", name, d)
	}
	return errors.Join(errs...)
}

// minConnections lets writes go on while something long is read and another lock is held.
const minConnections = 4
