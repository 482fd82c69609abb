package comment

import (
	"errors"
	"fmt"
	"time"

	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/libs/pgkit"
)

// Config is how the service behaves. Start from DefaultConfig.
type Config struct {
	Path         string        `koanf:"path" doc:"SQLite file of the comment service, relative to the data folder; made when it is missing. One process uses it at a time. Unused with PostgreSQL."`
	Postgres     pgkit.Config  `koanf:"postgres"`
	TimeZone     string        `koanf:"time_zone" doc:"IANA time zone in which the steps of a series begin when a query names none."`
	PageTokenTTL time.Duration `koanf:"page_token_ttl" doc:"Life of page tokens."`
	Proposals    time.Duration `koanf:"proposals" doc:"How often is looked for themes that emerge, to enter them in the registers of trends and risks; 0 means never."`
	Retention    Retention     `koanf:"retention"`
	Consents     time.Duration `koanf:"consents" doc:"How often is looked whether those whose praise is published still agree to it."`
}

// Retention says how long things are kept.
type Retention struct {
	Words time.Duration `koanf:"words" doc:"How long what was written is kept here, also without personal data; what it expresses and speaks of stays. 0 means as long as survey.retention.words of the same configuration, and for ever where that is 0."`
}

// component names the service in its messages, and the schema of its tables unless told otherwise.
const component = "comment"

const (
	defaultProposals = 24 * time.Hour
	defaultConsents  = 15 * time.Minute
)

// DefaultConfig is a sound configuration: one process on SQLite.
func DefaultConfig() Config {
	return Config{
		Path:         "comment.db",
		Postgres:     pgkit.DefaultConfig(component),
		TimeZone:     "UTC",
		PageTokenTTL: page.DefaultTTL,
		Proposals:    defaultProposals,
		Consents:     defaultConsents,
	}
}

func (c Config) check() error {
	switch {
	case c.Path == "" && !c.Postgres.Enabled():
		return errors.New("check path: it is empty")
	case c.PageTokenTTL <= 0:
		return fmt.Errorf("check page_token_ttl: %v is not positive", c.PageTokenTTL)
	case c.Proposals < 0:
		return fmt.Errorf("check proposals: %v is negative", c.Proposals)
	case c.Retention.Words < 0:
		return fmt.Errorf("check retention.words: %v is negative", c.Retention.Words)
	case c.Consents <= 0:
		return fmt.Errorf("check consents: %v is not positive", c.Consents)
	}
	return c.Postgres.Check()
}
