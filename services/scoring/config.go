package scoring

import (
	"errors"
	"fmt"
	"time"

	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/services/scoring/internal/ingest"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/release"
)

// Config is how the service behaves. Start from DefaultConfig.
type Config struct {
	Path           string        `koanf:"path" doc:"SQLite file of the scoring service, relative to the data folder; made when it is missing. One process uses it at a time. Unused with PostgreSQL."`
	Postgres       pgkit.Config  `koanf:"postgres"`
	TimeZone       string        `koanf:"time_zone" doc:"IANA time zone in which the steps of a series begin when a query names none, and the months by which protected scores are told; empty: that of reporting, and without one UTC."`
	BatchSize      int           `koanf:"batch_size" doc:"About how many events are applied in one transaction at most."`
	FollowInterval time.Duration `koanf:"follow_interval" doc:"How often PostgreSQL is asked for what other processes have counted, when no signal says so earlier."`
	SurveyRefresh  time.Duration `koanf:"survey_refresh" doc:"Age at which the knowledge of which revision of a survey is the current one is refreshed by a query."`
	WatchInterval  time.Duration `koanf:"watch_interval" doc:"Shortest time between two results of a watched query."`
	WatchHeartbeat time.Duration `koanf:"watch_heartbeat" doc:"Silence after which those who watch a query get a heartbeat."`
	WatchPatience  time.Duration `koanf:"watch_patience" doc:"Time that a reader of a watched query may take for one message before its stream is ended."`
	AlertInterval  time.Duration `koanf:"alert_interval" doc:"How often is looked for alert rules of which a period has ended."`
	PageTokenTTL   time.Duration `koanf:"page_token_ttl" doc:"Life of page tokens."`
	Bands          Bands         `koanf:"bands"`
	Privacy        Privacy       `koanf:"privacy"`
}

// Privacy says how those are protected who answer as employees, and those whom answers rate.
type Privacy struct {
	LeastAnswers int `koanf:"least_answers" doc:"How many answers of employees, or about one, are released together: scores of fewer are withheld. At least 3."`
}

// Bands are the cut points by which scores are judged.
type Bands struct {
	StrongAbove   float64 `koanf:"strong_above" doc:"NPS above which it is STRONG."`
	SystemicTo    float64 `koanf:"systemic_to" doc:"Mean on 1 to 10 up to which it is SYSTEMIC: the processes are at fault."`
	CaseLevelFrom float64 `koanf:"case_level_from" doc:"Mean on 1 to 10 from which it is CASE_LEVEL: look at persons and cases."`
}

// Defaults that are no constants of other packages.
const (
	defaultBatchSize     = 2000
	defaultSurveyRefresh = time.Second
	defaultInterval      = 200 * time.Millisecond
	defaultHeartbeat     = 15 * time.Second
	defaultPatience      = 10 * time.Second
	defaultAlertInterval = 5 * time.Second
	defaultLeastAnswers  = 5
)

// component names the service in its messages, and the schema of its tables unless told otherwise.
const component = "scoring"

// DefaultConfig is a sound configuration.
func DefaultConfig() Config {
	t := metric.DefaultThresholds()
	return Config{
		Path:           "scoring.db",
		Postgres:       pgkit.DefaultConfig(component),
		BatchSize:      defaultBatchSize,
		FollowInterval: ingest.DefaultFollowInterval,
		SurveyRefresh:  defaultSurveyRefresh,
		WatchInterval:  defaultInterval,
		WatchHeartbeat: defaultHeartbeat,
		WatchPatience:  defaultPatience,
		AlertInterval:  defaultAlertInterval,
		PageTokenTTL:   page.DefaultTTL,
		Bands:          Bands{StrongAbove: t.StrongAbove, SystemicTo: t.SystemicTo, CaseLevelFrom: t.CaseLevelFrom},
		Privacy:        Privacy{LeastAnswers: defaultLeastAnswers},
	}
}

func (c Config) check() error {
	if c.Path == "" && !c.Postgres.Enabled() {
		return errors.New("check path: it is empty")
	}
	if c.BatchSize < 1 {
		return fmt.Errorf("check batch_size: %d is not positive", c.BatchSize)
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"follow_interval", c.FollowInterval}, {"watch_interval", c.WatchInterval}, {"watch_heartbeat", c.WatchHeartbeat}, {"watch_patience", c.WatchPatience},
		{"alert_interval", c.AlertInterval}, {"page_token_ttl", c.PageTokenTTL},
	} {
		if d.value <= 0 {
			return fmt.Errorf("check %s: %v is not positive", d.name, d.value)
		}
	}
	if c.SurveyRefresh < 0 {
		return fmt.Errorf("check survey_refresh: %v is negative", c.SurveyRefresh)
	}
	if !(1 <= c.Bands.SystemicTo && c.Bands.SystemicTo < c.Bands.CaseLevelFrom && c.Bands.CaseLevelFrom <= 10) {
		return fmt.Errorf("check bands: systemic_to %v and case_level_from %v must ascend within 1 to 10", c.Bands.SystemicTo, c.Bands.CaseLevelFrom)
	}
	if c.Privacy.LeastAnswers < release.LeastAllowed {
		return fmt.Errorf("check privacy.least_answers: %d is less than %d, which protects nobody", c.Privacy.LeastAnswers, release.LeastAllowed)
	}
	return c.Postgres.Check()
}
