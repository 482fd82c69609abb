// Package suite composes processes: it is the only place that knows which services run where, on what store, and how they reach each other.
package suite

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/otklik/otklik/gateway"
	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authn/oidc"
	"github.com/otklik/otklik/libs/eventlog/redislog"
	"github.com/otklik/otklik/libs/limit"
	"github.com/otklik/otklik/libs/rediskit"
	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcserver"
	"github.com/otklik/otklik/libs/telemetry"
	"github.com/otklik/otklik/libs/tlskit"
	"github.com/otklik/otklik/services/access"
	"github.com/otklik/otklik/services/comment"
	"github.com/otklik/otklik/services/reporting"
	"github.com/otklik/otklik/services/scoring"
	"github.com/otklik/otklik/services/segmentation"
	"github.com/otklik/otklik/services/survey"
)

// Config is the whole configuration of a process. Every command reads the same file and takes the parts that it needs.
type Config struct {
	Data         string              `koanf:"data" doc:"Folder of the SQLite databases and of the first key; made if missing."`
	HTTP         string              `koanf:"http" doc:"Address on which the gateway listens; port 0 takes a free one."`
	GRPC         string              `koanf:"grpc" doc:"Address on which services listen; port 0 takes a free one."`
	Ops          string              `koanf:"ops" doc:"Address on which the process serves its operators by HTTP: /livez, /readyz with what is wrong and how to mend it, /metrics, which the gateway then shows to nobody. Not for the public. Port 0 takes a free one; empty is none."`
	Dev          bool                `koanf:"dev" doc:"Development mode of otklik all: calls without credentials act as an administrator of the organisation default. Refused unless it listens on this machine alone."`
	Instance     string              `koanf:"instance" doc:"Name of this process among its replicas, in logs, leases and rebuilds; empty means the host name and something random. No two processes may share it: set it by the environment, not in a file that several read."`
	Clock        Clock               `koanf:"clock"`
	Auth         Auth                `koanf:"auth"`
	Peers        Peers               `koanf:"peers"`
	TLS          TLS                 `koanf:"tls"`
	Redis        rediskit.Config     `koanf:"redis"`
	Events       redislog.Config     `koanf:"events"`
	Limits       limit.Config        `koanf:"limits"`
	Telemetry    telemetry.Config    `koanf:"telemetry"`
	Server       rpcserver.Config    `koanf:"server"`
	Gateway      gateway.Config      `koanf:"gateway"`
	Survey       survey.Config       `koanf:"survey"`
	Scoring      scoring.Config      `koanf:"scoring"`
	Access       access.Config       `koanf:"access"`
	Comment      comment.Config      `koanf:"comment"`
	Segmentation segmentation.Config `koanf:"segmentation"`
	Reporting    reporting.Config    `koanf:"reporting"`
}

// Clock is what a process takes for the time.
type Clock struct {
	Offset time.Duration `koanf:"offset" doc:"Added to the clock of the machine. For tests of skewed clocks."`
}

// now is the clock.
func (c Clock) now() time.Time { return time.Now().Add(c.Offset) }

// Auth says who may call and what they may do.
type Auth struct {
	Keys     []authn.Key         `koanf:"keys" doc:"Static keys. While there is none, otklik all makes one for the organisation default, prints it once and keeps it in the data folder."`
	Roles    map[string][]string `koanf:"roles" doc:"Roles beside the built-in ones, or what built-in ones give instead: patterns of permissions; a pattern may end in an asterisk, and an exclamation mark takes away. What the role target_owner forbids stays forbidden, and what the services do among themselves no role gives."`
	LoginKey string              `koanf:"login_key" secret:"true" doc:"Key that seals what a browser keeps while somebody logs in: 32 random bytes in base64, the same for all gateways. Empty: each process makes one of its own."`
	OIDC     []oidc.Issuer       `koanf:"oidc" doc:"OpenID providers by which people log in and machines call; their members are kept by the access service."`
}

// Peers says where the services are that run in other processes.
type Peers struct {
	Survey       string           `koanf:"survey" doc:"Addresses of the survey service's replicas, when it runs in other processes: a name that stands for all of them (dns:///survey:9090), or several host:port with commas."`
	Scoring      string           `koanf:"scoring" doc:"Addresses of the scoring service's replicas, as peers.survey."`
	Access       string           `koanf:"access" doc:"Addresses of the access service's replicas, as peers.survey."`
	Comment      string           `koanf:"comment" doc:"Addresses of the comment service's replicas, as peers.survey. A scoring service of its own can do without: its scores cannot be cut by what comments say then."`
	Segmentation string           `koanf:"segmentation" doc:"Addresses of the segmentation service's replicas, as peers.survey. A scoring service of its own can do without: its scores cannot be cut by segments and cases then."`
	Reporting    string           `koanf:"reporting" doc:"Addresses of the reporting service's replicas, as peers.survey. Gateways call it, and the access service, whose webhooks tell what became of scheduled reports; one without hears nothing of these."`
	Key          string           `koanf:"key" secret:"true" doc:"Key with the role service, by which the services call each other."`
	Client       rpcclient.Config `koanf:"client"`
}

// DefaultConfig returns the configuration used where the operator sets nothing.
func DefaultConfig() Config {
	return Config{
		Data:         "data",
		HTTP:         "127.0.0.1:8080",
		GRPC:         "127.0.0.1:9090",
		Peers:        Peers{Client: rpcclient.DefaultConfig()},
		TLS:          TLS{Server: tlskit.DefaultServerConfig(), Client: tlskit.DefaultClientConfig()},
		Redis:        rediskit.DefaultConfig(),
		Events:       redislog.DefaultConfig(),
		Telemetry:    telemetry.DefaultConfig(),
		Server:       rpcserver.DefaultConfig(),
		Gateway:      gateway.DefaultConfig(),
		Survey:       survey.DefaultConfig(),
		Scoring:      scoring.DefaultConfig(),
		Access:       access.DefaultConfig(),
		Comment:      comment.DefaultConfig(),
		Segmentation: segmentation.DefaultConfig(),
		Reporting:    reporting.DefaultConfig(),
	}
}

// zones are the time zones of scoring and reporting; where only one names its own, that of both. Protected scores are told by whole months of scoring's zone, so
// that reports of them have to mean the same months.
func (c Config) zones() (scoring, reporting string) {
	return cmp.Or(c.Scoring.TimeZone, c.Reporting.TimeZone), cmp.Or(c.Reporting.TimeZone, c.Scoring.TimeZone)
}

// need is what a process that runs apart has to reach.
type need struct {
	survey, scoring, access, comment, segmentation, reporting, key bool
}

// checkApart says what a process that runs without the services named needs to reach them.
func (c Config) checkApart(n need) error {
	var errs []error
	want := func(needed bool, path, value, what string) {
		if needed && value == "" {
			errs = append(errs, fmt.Errorf("%s must be set for a process that runs apart: %s", path, what))
		}
	}
	want(n.survey, "peers.survey", c.Peers.Survey, "the address of the survey service, host:port")
	want(n.scoring, "peers.scoring", c.Peers.Scoring, "the address of the scoring service, host:port")
	want(n.access, "peers.access", c.Peers.Access, "the address of the access service, host:port")
	want(n.comment, "peers.comment", c.Peers.Comment, "the address of the comment service, host:port")
	want(n.segmentation, "peers.segmentation", c.Peers.Segmentation, "the address of the segmentation service, host:port")
	want(n.reporting, "peers.reporting", c.Peers.Reporting, "the address of the reporting service, host:port")
	want(n.key && c.TLS.Client.CertFile == "", "peers.key", c.Peers.Key, "a secret whose SHA-256 is among the auth.keys of all services with the role service; or tls.client.cert_file, a certificate with a name of tls.server.services")
	if c.Dev {
		errs = append(errs, errors.New("dev is for otklik all and otklik demo alone"))
	}
	return errors.Join(errs...)
}

// checkKeepalive refuses clients that would ask servers of the same configuration more often than those bear: they would be cut off.
func (c Config) checkKeepalive() error {
	asks, bears := c.Peers.Client.KeepaliveTime, c.Server.MinClientInterval
	if asks > 0 && asks < bears {
		return fmt.Errorf("peers.client.keepalive_time is %v, but servers cut off who asks more often than server.min_client_interval, %v: raise the first or lower the second",
			asks, bears)
	}
	return nil
}
