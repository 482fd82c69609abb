package reporting

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
	Path          string        `koanf:"path" doc:"SQLite file of the reporting service, relative to the data folder; made when it is missing. One process uses it at a time. Unused with PostgreSQL."`
	Postgres      pgkit.Config  `koanf:"postgres"`
	TimeZone      string        `koanf:"time_zone" doc:"IANA time zone in which days begin when nothing else names one; empty: that of scoring."`
	PublicURL     string        `koanf:"public_url" doc:"Address at which people reach the app, for links in e-mails, such as https://otklik.example; empty: that of the gateway, and without one e-mails have no links."`
	SMTP          mail.Config   `koanf:"smtp"`
	Exports       Exports       `koanf:"exports"`
	PageTokenTTL  time.Duration `koanf:"page_token_ttl" doc:"Life of page tokens."`
	RankResponses int64         `koanf:"rank_responses" doc:"Number of responses up to which rank correlations are computed without being asked for: they need each response."`
}

// component names the service in its messages, and the schema of its tables unless told otherwise.
const component = "reporting"

// DefaultConfig is a sound configuration: one process on SQLite.
func DefaultConfig() Config {
	return Config{
		Path:          "reporting.db",
		Postgres:      pgkit.DefaultConfig(component),
		SMTP:          mail.DefaultConfig(),
		Exports:       defaultExports(),
		PageTokenTTL:  page.DefaultTTL,
		RankResponses: 200_000,
	}
}

func (c Config) check() error {
	switch {
	case c.Path == "" && !c.Postgres.Enabled():
		return errors.New("check path: it is empty")
	case c.PageTokenTTL <= 0:
		return fmt.Errorf("check page_token_ttl: %v is not positive", c.PageTokenTTL)
	case c.RankResponses < 0:
		return fmt.Errorf("check rank_responses: %d is negative", c.RankResponses)
	}
	return errors.Join(c.Postgres.Check(), c.SMTP.Check(), c.Exports.check())
}
