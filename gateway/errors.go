package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/otklik/otklik/libs/rpcerr"
)

// Domain owns the reasons of errors that the gateway itself makes.
const Domain = "gateway.otklik"

// Reasons of errors that the gateway itself makes (google.rpc.ErrorInfo.reason).
const (
	reasonBodyTooLarge       = "BODY_TOO_LARGE"
	reasonBodyMalformed      = "BODY_MALFORMED"
	reasonBodyInvalid        = "BODY_INVALID"
	reasonBodyNotExpected    = "BODY_NOT_EXPECTED"
	reasonBodyIncomplete     = "BODY_INCOMPLETE"
	reasonContentType        = "CONTENT_TYPE_UNSUPPORTED"
	reasonContentEncoding    = "CONTENT_ENCODING_UNSUPPORTED"
	reasonPathInvalid        = "PATH_INVALID"
	reasonQueryInvalid       = "QUERY_INVALID"
	reasonRouteNotFound      = "ROUTE_NOT_FOUND"
	reasonMethodNotAllowed   = "METHOD_NOT_ALLOWED"
	reasonHeaderInvalid      = "HEADER_INVALID"
	reasonCrossSite          = "CROSS_SITE_REQUEST"
	reasonHostNotServed      = "HOST_NOT_SERVED"
	reasonTooManyStreams     = "TOO_MANY_STREAMS"
	reasonDraining           = "SERVER_STOPPING"
	reasonServiceUnreachable = "SERVICE_UNREACHABLE"
	reasonInternal           = "INTERNAL"
)

// errDraining is the cause of the end of streams that the gateway ends because it stops.
var errDraining = errors.New("gateway is stopping")

// fault makes an error of the gateway's own.
func fault(code codes.Code, reason, message string, opts ...rpcerr.Option) *rpcerr.Error {
	return rpcerr.New(code, reason, message, append(opts, rpcerr.WithDomain(Domain))...)
}

func methodNotAllowed(method, path string) *rpcerr.Error {
	return fault(codes.Unimplemented, reasonMethodNotAllowed, "the method "+clip(method)+" is not allowed on "+clip(path)+"; the header Allow names those that are")
}

func routeNotFound(path string) *rpcerr.Error {
	return fault(codes.NotFound, reasonRouteNotFound, "there is nothing at "+clip(path)+"; /docs describes the API")
}

// clip keeps what a client sent short enough to be said back.
func clip(s string) string {
	const longest = 128
	if len(s) > longest {
		s = s[:longest] + "…"
	}
	return s
}

// errorBody is the one shape of errors over REST (AIP-193).
type errorBody struct {
	Error errorStatus `json:"error"`
}

type errorStatus struct {
	// Code is the HTTP status.
	Code int `json:"code"`
	// Status is the canonical code, e.g. INVALID_ARGUMENT.
	Status string `json:"status"`
	// Message is for developers, in English.
	Message string `json:"message"`
	// Details are messages of google.rpc with their type in `@type`; google.rpc.ErrorInfo always.
	Details []json.RawMessage `json:"details"`
}

// encodeError renders a status.
func encodeError(httpStatus int, st *status.Status) []byte {
	body := errorBody{Error: errorStatus{Code: httpStatus, Status: rpcerr.CodeName(st.Code()), Message: st.Message(), Details: []json.RawMessage{}}}
	for _, detail := range st.Proto().GetDetails() {
		raw, err := protojson.Marshal(detail)
		if err != nil {
			// A detail of a type that this binary does not know: the rest of the error says enough.
			continue
		}
		body.Error.Details = append(body.Error.Details, raw)
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		// Impossible: every detail is JSON already. The code is the part that must get through.
		return []byte(`{"error":{"code":` + strconv.Itoa(httpStatus) + `,"status":"` + rpcerr.CodeName(st.Code()) + `","message":"","details":[]}}`)
	}
	return encoded
}

// restStatus returns the status of a service with field paths as a REST client sees them.
func restStatus(st *status.Status) *status.Status {
	// Proto returns a copy.
	p := st.Proto()
	for i, detail := range p.GetDetails() {
		p.Details[i] = restDetail(detail, &p.Message)
	}
	return status.FromProto(p)
}

// restDetail returns the detail with field paths as JSON paths, and puts those into the message as well.
func restDetail(detail *anypb.Any, message *string) *anypb.Any {
	var bad errdetails.BadRequest
	if !detail.MessageIs(&bad) || detail.UnmarshalTo(&bad) != nil {
		return detail
	}
	for _, v := range bad.GetFieldViolations() {
		path := jsonPath(v.GetField())
		if strings.Contains(path, ".") {
			*message = strings.ReplaceAll(*message, v.GetField()+":", path+":")
		}
		v.Field = path
	}
	converted, err := anypb.New(&bad)
	if err != nil {
		return detail
	}
	return converted
}

// writeError answers with a status. httpStatus 0 means that of the code.
func writeError(w http.ResponseWriter, httpStatus int, st *status.Status) {
	if httpStatus == 0 {
		httpStatus = runtime.HTTPStatusFromCode(st.Code())
	}
	h := w.Header()
	h.Del("Trailer")
	h.Del("Transfer-Encoding")
	h.Del("Content-Encoding")
	h["Content-Type"] = typeJSON
	h["Cache-Control"] = noStore
	if after := rpcerr.FromStatus(st).RetryAfter; after > 0 {
		h.Set("Retry-After", strconv.FormatInt(int64((after+time.Second-1)/time.Second), 10))
	}
	if st.Code() == codes.Unauthenticated {
		h.Set("WWW-Authenticate", "Bearer")
	}
	body := encodeError(httpStatus, st)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(httpStatus)
	// A failure to write means that the client has gone; there is nobody to tell.
	_, _ = w.Write(body) //nolint:gosec // JSON, which the header says and nosniff insists on
}

// present returns the status that a client is shown for an error of a call: that of the service when it was made for callers, else one that
// keeps what grpc says about connections and internals in the log.
func (g *Gateway) present(ctx context.Context, requestID string, err error) *status.Status {
	if errors.Is(context.Cause(ctx), errDraining) {
		return fault(codes.Unavailable, reasonDraining, "the server is stopping; open the stream again").GRPCStatus()
	}
	st := status.Convert(err)
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		st = status.FromContextError(err)
	}
	e := rpcerr.FromStatus(st)
	if e.Reason != "" {
		if rpcerr.NeedsRetryInfo(e.Code) && e.RetryAfter == 0 {
			st = e.GRPCStatus()
		}
		return restStatus(st)
	}
	e.Reason, e.Domain = rpcerr.CodeName(e.Code), Domain
	switch e.Code {
	case codes.Unavailable:
		g.logMasked(ctx, requestID, err)
		e.Reason, e.Message = reasonServiceUnreachable, "the service cannot be reached; try again"
	case codes.Unknown, codes.Internal, codes.DataLoss:
		g.logMasked(ctx, requestID, err)
		e.Code, e.Reason, e.Message = codes.Internal, reasonInternal, "internal error, id "+requestID
		e.Metadata = map[string]string{"requestId": requestID}
	case codes.DeadlineExceeded:
		e.Message = "the deadline of the call has passed"
	case codes.Canceled:
		e.Message = "the call was cancelled"
	}
	return e.GRPCStatus()
}

func (g *Gateway) logMasked(ctx context.Context, requestID string, err error) {
	g.deps.Logger.LogAttrs(ctx, slog.LevelError, "call failed", slog.String("request_id", requestID), slog.String("error", err.Error()))
}
