package gateway

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcerr"
)

// check refuses what grpc-gateway would ignore. The status is the HTTP status where it is not that of the code.
func (r *route) check(req *http.Request, maxBody int64) (int, *rpcerr.Error) {
	if e := checkDevice(req.Header); e != nil {
		return 0, e
	}
	if !r.hasBody && req.ContentLength != 0 {
		return 0, fault(codes.InvalidArgument, reasonBodyNotExpected, r.method+" takes no body here")
	}
	if req.ContentLength > maxBody {
		return http.StatusRequestEntityTooLarge, bodyTooLarge(maxBody)
	}
	if req.ContentLength != 0 {
		if e := checkContent(req.Header); e != nil {
			return http.StatusUnsupportedMediaType, e
		}
	}
	if req.URL.RawQuery != "" {
		if e := r.checkQuery(req.URL.RawQuery); e != nil {
			return 0, e
		}
	}
	return 0, nil
}

// checkContent tells whether the body is what the API takes: JSON in UTF-8, not compressed.
func checkContent(h http.Header) *rpcerr.Error {
	if encoding := h.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return fault(codes.InvalidArgument, reasonContentEncoding, "send the body without Content-Encoding", rpcerr.WithMetadata("contentEncoding", clip(encoding)))
	}
	value := h.Get("Content-Type")
	if value == "application/json" {
		return nil
	}
	media, params, err := mime.ParseMediaType(value)
	charset := params["charset"]
	if err != nil || media != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return fault(codes.InvalidArgument, reasonContentType, "send the body as Content-Type: application/json, in UTF-8", rpcerr.WithMetadata("contentType", clip(value)))
	}
	return nil
}

func bodyTooLarge(limit int64) *rpcerr.Error {
	return fault(codes.InvalidArgument, reasonBodyTooLarge, fmt.Sprintf("the body has more than %d bytes; send less in one request", limit),
		rpcerr.WithMetadata("maxBytes", fmt.Sprint(limit)))
}

// drainBody reads on for a while after a request was refused unread: a client that is still sending would otherwise see a broken connection
// in place of the reason. Beyond that the connection is closed.
func drainBody(r *http.Request, limit int64) {
	if r.Body == nil || r.ContentLength > 4*limit {
		return
	}
	// How it ends does not matter: the answer is sent in any case.
	_, _ = io.CopyN(io.Discard, r.Body, 4*limit)
}
