package api

import (
	"strconv"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/libs/rpcerr"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// pageCursor reads the number at which a page begins; 0 for the first page.
func (s *Server) pageCursor(binding []byte, token string) (int64, error) {
	cursor, err := s.PageTokens.Decode(binding, token)
	if err != nil {
		return 0, pageError(err)
	}
	if len(cursor) == 0 {
		return 0, nil
	}
	n, err := strconv.ParseInt(string(cursor), 10, 64)
	if err != nil || n < 1 {
		return 0, pageError(page.ErrMalformed)
	}
	return n, nil
}

// nextPage makes the token of the page after a number.
func (s *Server) nextPage(binding []byte, after int64) string {
	return s.PageTokens.Encode(binding, strconv.AppendInt(nil, after, 10))
}

// pageError gives an error of a page token the reason of this service; that of its field tells more.
func pageError(err error) error {
	e, ok := rpcerr.FromError(err)
	if !ok {
		return err
	}
	return refuse(codes.InvalidArgument, scoringv1.ErrorReason_ERROR_REASON_PAGE_TOKEN_INVALID, e.Message,
		rpcerr.WithFields(e.Fields...), rpcerr.WithCause(err))
}
