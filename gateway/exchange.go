package gateway

import (
	"net/http"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/otklik/otklik/libs/rpcerr"
)

// exchange is one request with its answer: the ResponseWriter that handlers write to, and what the steps of the gateway tell each other.
type exchange struct {
	http.ResponseWriter
	gateway *Gateway
	id      string
	start   time.Time
	// status is the HTTP status sent, 0 before.
	status int
	// accept is the client's Accept header; the gateway alone decides by it.
	accept string
	// origin is that of the page of another site that sends the request, empty for others; originRefused tells that its credential is not for
	// that origin.
	origin        string
	originRefused bool
	// shared tells that the request came to the secret address of a shared report.
	shared bool
	// label is the route for metrics, without identifiers; empty where nothing matches.
	label string
	route *route
	body  requestBody
	// stream is the sending side of a stream, nil for other answers.
	stream *stream
	// span is the request's in its trace, nil while nobody collects them.
	span trace.Span
}

func newExchange(g *Gateway, w http.ResponseWriter, r *http.Request) *exchange {
	return &exchange{ResponseWriter: w, gateway: g, id: requestIDOf(r), start: time.Now()}
}

// WriteHeader keeps the status for logs and metrics.
func (x *exchange) WriteHeader(status int) {
	if x.status == 0 {
		x.status = status
		x.allowOrigin()
	}
	x.ResponseWriter.WriteHeader(status)
}

// Write sends the status 200 where none was set. In answers of the API a client that is gone is no error: nobody is left to be told, and
// grpc-gateway would log it.
func (x *exchange) Write(p []byte) (int, error) {
	if x.status == 0 {
		x.status = http.StatusOK
		x.allowOrigin()
	}
	if x.stream != nil {
		x.stream.write(p)
		return len(p), nil
	}
	n, err := x.ResponseWriter.Write(p)
	if x.route != nil {
		return len(p), nil
	}
	return n, err
}

// FlushError sends what was written; http.ResponseController calls it.
func (x *exchange) FlushError() error {
	if x.stream != nil {
		x.stream.flush()
		return nil
	}
	return http.NewResponseController(x.ResponseWriter).Flush()
}

// Unwrap lets http.ResponseController reach the server's writer.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// fail answers with an error in the documented shape. status overrides the HTTP status of the code; 0 keeps it.
func (x *exchange) fail(status int, e *rpcerr.Error) {
	writeError(x, status, e.GRPCStatus())
}
