package rpcclient

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/otklik/otklik/libs/rpcerr"
)

// Expected says who should answer on a connection.
type Expected struct {
	// Name is what people call the service, e.g. survey, and Service its full name, e.g. otklik.survey.v1.SurveyService.
	Name, Service string
	// Setting is the path of the setting that says where it is, e.g. peers.survey, and Target its value.
	Setting, Target string
}

// PeerError tells what is wrong with a peer and how to mend it.
type PeerError struct {
	// text has a place for where the peer is.
	text            string
	setting, target string
	cause           error
}

// Error is for logs: it has the address and the cause.
func (e *PeerError) Error() string {
	text := fmt.Sprintf(e.text, e.target+" ("+e.setting+")")
	if e.cause != nil {
		text += " (" + status.Convert(e.cause).Message() + ")"
	}
	return text
}

// Public is for everybody: it names the setting and holds no address.
func (e *PeerError) Public() string { return fmt.Sprintf(e.text, "the address in "+e.setting) }

// Unwrap returns the cause or nil.
func (e *PeerError) Unwrap() error { return e.cause }

// Check asks the peer on a connection whether it is who is expected there and whether it is ready. It needs a deadline. The error is a
// *PeerError.
func Check(ctx context.Context, conn grpc.ClientConnInterface, expected Expected) error {
	answer, err := healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{Service: expected.Service})
	var text string
	switch {
	case err != nil:
		text = diagnose(err)
	case answer.GetStatus() != healthpb.HealthCheckResponse_SERVING:
		text = "the NAME service at %s says " + answer.GetStatus().String() + ": look at its own /readyz and its log"
	default:
		return nil
	}
	text = strings.NewReplacer("NAME", expected.Name, "SETTING", expected.Setting).Replace(text)
	return &PeerError{text: text, setting: expected.Setting, target: expected.Target, cause: err}
}

// diagnose tells from how a health check failed what is wrong, and how to mend it. gRPC gives the same code for different faults of a
// connection: its text tells them apart, and where it should ever be put in other words what is left is still true.
func diagnose(err error) string {
	says := func(parts ...string) bool {
		return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(status.Convert(err).Message(), part) })
	}
	switch code := status.Code(err); {
	case says("http2:", "HTTP status code", "content-type", "malformed", "handshake"):
		return "what answers at %s is no gRPC server in plain text: set SETTING to the address of the NAME service, which is its setting grpc"
	case code == codes.DeadlineExceeded, errors.Is(err, context.DeadlineExceeded), says("i/o timeout", "use of closed network connection"):
		return "the NAME service at %s does not answer in time: start it, or correct SETTING, firewalls and network policies"
	case says("server preface", "broken pipe", "connection reset"):
		return "what answers at %s closes connections at once: the NAME service is being stopped, or SETTING is not its address"
	case code == codes.NotFound, code == codes.Unimplemented:
		return "what answers at %s speaks gRPC, but is not the NAME service of Otklik: correct SETTING"
	case says("look up ", "no such host"):
		return "the host of %s is not known: start the NAME service, or correct SETTING or the name service"
	case says("connection refused"):
		return "nothing listens at %s: start the NAME service, or correct SETTING"
	case code == codes.Unavailable:
		return "the NAME service at %s cannot be reached: start it, or correct SETTING"
	}
	return "the NAME service at %s answers " + rpcerr.CodeName(status.Code(err)) + ": look at its log, or correct SETTING"
}
