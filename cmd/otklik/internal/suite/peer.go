package suite

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/otklik/otklik/libs/rpcclient"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// peer is a service in other processes.
type peer struct {
	// name is that of the service, setting where its addresses are set, service its full name.
	name, setting, service string
	target                 string
}

// The services that other processes call.
func (c Config) surveyPeer() peer {
	return peer{"survey", "peers.survey", surveyv1.SurveyService_ServiceDesc.ServiceName, c.Peers.Survey}
}

func (c Config) scoringPeer() peer {
	return peer{"scoring", "peers.scoring", scoringv1.ScoringService_ServiceDesc.ServiceName, c.Peers.Scoring}
}

// dial connects to a peer, by a key unless callers bring their own. Whether the peer answers as it should is among the checks of the process:
// required tells that the process is of no use without.
func (p *process) dial(to peer, key string, required bool) (grpc.ClientConnInterface, error) {
	conn, err := rpcclient.Dial(rpcclient.Peer{Target: to.target, Key: key}, p.config.Peers.Client, nil, grpc.WithStatsHandler(p.telemetry.ClientStats()))
	if err != nil {
		return nil, fmt.Errorf("connect to the %s service: correct %s: %w", to.name, to.setting, err)
	}
	p.closers = append(p.closers, conn.Close)
	health := healthpb.NewHealthClient(conn)
	p.checks = append(p.checks, check{name: to.name, required: required, ask: func(ctx context.Context) error { return to.ask(ctx, health) }})
	return conn, nil
}

// ask asks a peer for its health and says what is wrong with it.
func (to peer) ask(ctx context.Context, health healthpb.HealthClient) error {
	answer, err := health.Check(ctx, &healthpb.HealthCheckRequest{Service: to.service})
	if err != nil {
		return to.explain(err)
	}
	if s := answer.GetStatus(); s != healthpb.HealthCheckResponse_SERVING {
		return fmt.Errorf("the %s service at %s (%s) says %s: look at its own /readyz and its log", to.name, to.target, to.setting, s)
	}
	return nil
}

// explain says what an error of a call to a peer means, and how to mend it.
func (to peer) explain(err error) error {
	at := fmt.Sprintf("%s (%s)", to.target, to.setting)
	text := status.Convert(err).Message()
	has := func(parts ...string) bool {
		for _, part := range parts {
			if strings.Contains(text, part) {
				return true
			}
		}
		return false
	}
	switch code := status.Code(err); {
	case code == codes.NotFound, code == codes.Unimplemented && !has("HTTP status"):
		return fmt.Errorf("what answers at %s speaks gRPC, but is not the %s service of Otklik: correct %s", at, to.name, to.setting)
	case code == codes.DeadlineExceeded || errors.Is(err, context.DeadlineExceeded) || has("use of closed network connection", "i/o timeout"):
		return fmt.Errorf("the %s service at %s does not answer in time: start it, or correct %s, firewalls and network policies", to.name, at, to.setting)
	case has("connection refused"):
		return fmt.Errorf("nothing listens at %s: start the %s service, or correct %s", at, to.name, to.setting)
	case has("no such host", "look up ", "produced zero addresses"):
		return fmt.Errorf("the host of %s is not known: start the %s service, or correct %s or the name service (%s)", at, to.name, to.setting, text)
	case has("http2:", "unexpected content-type", "HTTP status", "malformed", "tls"):
		return fmt.Errorf("what answers at %s is no gRPC server: set %s to the address of the %s service, which is its setting grpc (%s)", at, to.setting, to.name, text)
	case has("server preface"):
		return fmt.Errorf("what answers at %s closes connections at once: the %s service is being stopped, or %s is not its address (%s)", at, to.name, to.setting, text)
	case code == codes.Unavailable:
		return fmt.Errorf("the %s service at %s cannot be reached: start it, or correct %s (%s)", to.name, at, to.setting, text)
	}
	return fmt.Errorf("the %s service at %s answers %s: look at its log, or correct %s (%s)", to.name, at, status.Code(err), to.setting, text)
}
