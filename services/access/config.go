package access

import (
	"errors"
	"fmt"
	"time"

	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/libs/pgkit"
)

// Config is how the service behaves. Start from DefaultConfig.
type Config struct {
	Path            string        `koanf:"path" doc:"SQLite file of the access service, relative to the data folder; made when it is missing. One process uses it at a time. Unused with PostgreSQL."`
	Postgres        pgkit.Config  `koanf:"postgres"`
	Vault           Vault         `koanf:"vault"`
	Webhooks        Webhooks      `koanf:"webhooks"`
	SessionLifetime time.Duration `koanf:"session_lifetime" doc:"Time after which somebody who logged in has to log in again."`
	PageTokenTTL    time.Duration `koanf:"page_token_ttl" doc:"Life of page tokens."`
}

// Bounds and defaults of sessions: a working day is not interrupted, a forgotten browser is not open for long.
const (
	defaultSessionLifetime = 12 * time.Hour
	maxSessionLifetime     = 30 * 24 * time.Hour
)

// component names the service in its messages, and the schema of its tables unless told otherwise.
const component = "access"

// DefaultConfig is a sound configuration: one process on SQLite.
func DefaultConfig() Config {
	return Config{
		Path:            "access.db",
		Postgres:        pgkit.DefaultConfig(component),
		Webhooks:        defaultWebhooks(),
		SessionLifetime: defaultSessionLifetime,
		PageTokenTTL:    page.DefaultTTL,
	}
}

func (c Config) check() error {
	switch {
	case c.Path == "" && !c.Postgres.Enabled():
		return errors.New("check path: it is empty")
	case c.SessionLifetime <= 0 || c.SessionLifetime > maxSessionLifetime:
		return fmt.Errorf("check session_lifetime: %v is not between 0 and %v", c.SessionLifetime, maxSessionLifetime)
	case c.PageTokenTTL <= 0:
		return fmt.Errorf("check page_token_ttl: %v is not positive", c.PageTokenTTL)
	}
	return errors.Join(c.Postgres.Check(), c.Vault.check(c.Postgres.Enabled()), c.Webhooks.check())
}
