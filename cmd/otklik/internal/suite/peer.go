package suite

import (
	"context"
	"fmt"
	"math"
	"net"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/otklik/otklik/libs/rpcclient"

	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
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

func (c Config) accessPeer() peer {
	return peer{"access", "peers.access", accessv1.AccessService_ServiceDesc.ServiceName, c.Peers.Access}
}

func (c Config) commentPeer() peer {
	return peer{"comment", "peers.comment", commentv1.CommentService_ServiceDesc.ServiceName, c.Peers.Comment}
}

func (c Config) segmentationPeer() peer {
	return peer{"segmentation", "peers.segmentation", segmentationv1.EventService_ServiceDesc.ServiceName, c.Peers.Segmentation}
}

func (c Config) reportingPeer() peer {
	return peer{"reporting", "peers.reporting", reportingv1.ReportingService_ServiceDesc.ServiceName, c.Peers.Reporting}
}

// check refuses an address at which nobody can ever be found.
func (to peer) check() error {
	addresses, named := strings.CutPrefix(to.target, "dns:///")
	if !named && strings.Contains(to.target, "://") {
		// A scheme of gRPC's own, which knows what it wants.
		return nil
	}
	for _, address := range strings.Split(addresses, ",") {
		if _, port, err := net.SplitHostPort(strings.TrimSpace(address)); err != nil || port == "" {
			return fmt.Errorf("check %s: %q is not host:port, such as %s:9090", to.setting, address, to.name)
		}
	}
	return nil
}

// dial connects to a peer; own tells that this process calls by itself, and otherwise callers bring their own keys. Whether the peer answers as it should is among the checks of the process:
// required tells that the process is of no use without.
func (p *process) dial(to peer, own, required bool) (grpc.ClientConnInterface, error) {
	if err := to.check(); err != nil {
		return nil, err
	}
	conn, err := p.connect(to.target, own)
	if err != nil {
		return nil, fmt.Errorf("connect to the %s service: correct %s: %w", to.name, to.setting, err)
	}
	p.closers = append(p.closers, conn.Close)
	p.checks = append(p.checks, check{name: to.name, required: required, ask: func(ctx context.Context) error { return to.ask(ctx, conn) }})
	return conn, nil
}

// askAttempts is how many replicas of a peer are asked before it is said to be wrong: one that hangs says nothing of the others.
const askAttempts = 3

// ask asks a peer for its health. The error says what is wrong with it, to the log with its address and to everybody without.
func (to peer) ask(ctx context.Context, conn grpc.ClientConnInterface) error {
	expected := rpcclient.Expected{Name: to.name, Service: to.service, Setting: to.setting, Target: to.target}
	var err error
	for range askAttempts {
		attempt, cancel := context.WithTimeout(ctx, readinessInterval/askAttempts)
		err = rpcclient.Check(attempt, conn, expected)
		cancel()
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// keyRefused tells that a service does not know the key by which it is called.
type keyRefused struct{ service string }

// Error says how to mend it.
func (e keyRefused) Error() string {
	return "peers.key is refused by the " + e.service + " service: its SHA-256 must be among the auth.keys of that service, with the role service"
}

// keyTrustedFor is how long a key that was accepted is not tried again.
const keyTrustedFor = 30 * time.Second

// checkSurveyKey makes the check whether the survey service takes the key by which it is called.
func checkSurveyKey(conn grpc.ClientConnInterface, now func() time.Time) check {
	client := surveyv1.NewEventFeedServiceClient(conn)
	return checkKey("survey", now, func(ctx context.Context) error {
		// No log reaches that far, so that the answer to a key that is known is a refusal of the position.
		stream, err := client.StreamEvents(ctx, &surveyv1.StreamEventsRequest{AfterPosition: math.MaxInt64})
		if err == nil {
			_, err = stream.Recv()
		}
		return err
	})
}

// checkAccessKey makes the check whether the access service takes the key by which it is called.
func checkAccessKey(conn grpc.ClientConnInterface, now func() time.Time) check {
	client := accessv1.NewCredentialServiceClient(conn)
	return checkKey("access", now, func(ctx context.Context) error {
		// No use at all is malformed, which a service says to callers that it has let in.
		_, err := client.ReportUse(ctx, &accessv1.ReportUseRequest{})
		return err
	})
}

// checkKey makes the check whether a service takes the key of the connection. Only a call that needs the key can tell: health is open to
// everybody.
func checkKey(service string, now func() time.Time, call func(ctx context.Context) error) check {
	var accepted time.Time
	return check{name: "key for " + service, ask: func(ctx context.Context) error {
		if now().Sub(accepted) < keyTrustedFor {
			return nil
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		switch status.Code(call(ctx)) {
		case codes.Unauthenticated, codes.PermissionDenied:
			return keyRefused{service}
		case codes.OutOfRange, codes.InvalidArgument, codes.OK:
			accepted = now()
		}
		// Whatever else is wrong, the check of the service tells.
		return nil
	}}
}
