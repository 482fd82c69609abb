// Package suite composes processes: it is the only place that knows which services run where, on what store, and how they reach each other.
package suite

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/otklik/otklik/gateway"
	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcserver"
	"github.com/otklik/otklik/libs/telemetry"
	"github.com/otklik/otklik/services/scoring"
	"github.com/otklik/otklik/services/survey"
)

// Config is the whole configuration of a process. Every command reads the same file and takes the parts that it needs.
type Config struct {
	Data      string           `koanf:"data" doc:"Folder of the databases and of the first key; made if missing."`
	HTTP      string           `koanf:"http" doc:"Address on which the gateway listens; port 0 takes a free one."`
	GRPC      string           `koanf:"grpc" doc:"Address on which services listen; port 0 takes a free one."`
	Auth      Auth             `koanf:"auth"`
	Peers     Peers            `koanf:"peers"`
	Telemetry telemetry.Config `koanf:"telemetry"`
	Server    rpcserver.Config `koanf:"server"`
	Gateway   gateway.Config   `koanf:"gateway"`
	Survey    survey.Config    `koanf:"survey"`
	Scoring   scoring.Config   `koanf:"scoring"`
}

// Auth says who may call and what they may do.
type Auth struct {
	Keys  []authn.Key         `koanf:"keys" doc:"Static keys. While there is none, otklik all makes one for the organisation default, keeps it in the data folder and prints it."`
	Roles map[string][]string `koanf:"roles" doc:"Roles and the permissions that they give; a pattern may end in an asterisk, and an exclamation mark takes away."`
}

// Peers says where the services are that run in other processes.
type Peers struct {
	Survey  string           `koanf:"survey" doc:"Address of the survey service, when it runs in another process."`
	Scoring string           `koanf:"scoring" doc:"Address of the scoring service, when it runs in another process."`
	Key     string           `koanf:"key" secret:"true" doc:"Key with the role service, by which the services call each other."`
	Client  rpcclient.Config `koanf:"client"`
}

// DefaultConfig returns the configuration used where the operator sets nothing.
func DefaultConfig() Config {
	return Config{
		Data: "data",
		HTTP: "127.0.0.1:8080",
		GRPC: "127.0.0.1:9090",
		Auth: Auth{Roles: map[string][]string{
			"app":     {"survey.responses.submit", "survey.refusals.record", "survey.revisions.get"},
			"admin":   {"*", "!survey.events.*"},
			"service": {"*"},
		}},
		Peers:     Peers{Client: rpcclient.DefaultConfig()},
		Telemetry: telemetry.DefaultConfig(),
		Server:    rpcserver.DefaultConfig(),
		Gateway:   gateway.DefaultConfig(),
		Survey:    survey.DefaultConfig(),
		Scoring:   scoring.DefaultConfig(),
	}
}

// check says which key has a role that is not defined.
func (a Auth) check() error {
	known := slices.Sorted(maps.Keys(a.Roles))
	var errs []error
	for _, k := range a.Keys {
		for _, role := range k.Roles {
			if _, ok := a.Roles[role]; !ok {
				errs = append(errs, fmt.Errorf("check key %q: there is no role %q; the roles are %s", k.ID, role, strings.Join(known, ", ")))
			}
		}
	}
	return errors.Join(errs...)
}

// checkApart says what a process that runs without the services named needs to reach them.
func (c Config) checkApart(needsSurvey, needsScoring, needsKey bool) error {
	var errs []error
	need := func(needed bool, path, value string) {
		if needed && value == "" {
			errs = append(errs, fmt.Errorf("%s must be set for a process that runs apart", path))
		}
	}
	need(needsSurvey, "peers.survey", c.Peers.Survey)
	need(needsScoring, "peers.scoring", c.Peers.Scoring)
	need(needsKey, "peers.key", c.Peers.Key)
	return errors.Join(errs...)
}
