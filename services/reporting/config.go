package reporting

import "fmt"

// Config is how the service behaves. Start from DefaultConfig.
type Config struct {
	RankResponses int64 `koanf:"rank_responses" doc:"Number of responses up to which rank correlations are computed without being asked for: they need each response."`
}

// DefaultConfig is a sound configuration.
func DefaultConfig() Config { return Config{RankResponses: 200_000} }

func (c Config) check() error {
	if c.RankResponses < 0 {
		return fmt.Errorf("check rank_responses: %d is negative", c.RankResponses)
	}
	return nil
}
