package segmentation

import (
	"errors"
	"fmt"
	"time"

	"github.com/otklik/otklik/libs/mail"
	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/libs/pgkit"
)

// Config is how the service behaves. Start from DefaultConfig.
type Config struct {
	Path         string        `koanf:"path" doc:"SQLite file of the segmentation service, relative to the data folder; made when it is missing. One process uses it at a time. Unused with PostgreSQL."`
	Postgres     pgkit.Config  `koanf:"postgres"`
	TimeZone     string        `koanf:"time_zone" doc:"IANA time zone in which days begin when nothing else names one."`
	PageTokenTTL time.Duration `koanf:"page_token_ttl" doc:"Life of page tokens."`
	PublicURL    string        `koanf:"public_url" doc:"Address under which people reach the app, for links in e-mails and calendars, for example https://otklik.example. Without one, e-mails have no links, nor one to unsubscribe."`
	SMTP         mail.Config   `koanf:"smtp"`
}

// component names the service in its messages, and the schema of its tables unless told otherwise.
const component = "segmentation"

// DefaultConfig is a sound configuration: one process on SQLite.
func DefaultConfig() Config {
	return Config{
		Path:         "segmentation.db",
		Postgres:     pgkit.DefaultConfig(component),
		TimeZone:     "UTC",
		PageTokenTTL: page.DefaultTTL,
		SMTP:         mail.DefaultConfig(),
	}
}

func (c Config) check() error {
	switch {
	case c.Path == "" && !c.Postgres.Enabled():
		return errors.New("check path: it is empty")
	case c.PageTokenTTL <= 0:
		return fmt.Errorf("check page_token_ttl: %v is not positive", c.PageTokenTTL)
	}
	if err := checkPublicURL(c.PublicURL); err != nil {
		return err
	}
	if err := c.SMTP.Check(); err != nil {
		return err
	}
	return c.Postgres.Check()
}
