package api

import (
	"encoding/binary"
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/libs/rpcerr"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/services/survey/internal/store"
)

const (
	// defaultPageSize is the size of pages whose size is not stated.
	defaultPageSize = 50
	// pageBytes is the size of the bodies at which a page ends early, so that a page of large items fits into a message.
	pageBytes = 1 << 20
)

// pageRequest is a request for a page.
type pageRequest struct {
	pages   page.Codec
	binding []byte
	// cursor is where the page before ended; 0 for the first page.
	cursor int64
	size   int
}

// openPage reads which page is asked for.
func (s *Server) openPage(method, org string, req proto.Message, token string, size int32) (pageRequest, error) {
	p := pageRequest{pages: s.pages, binding: page.Binding(method, org, req), size: int(size)}
	if p.size <= 0 {
		p.size = defaultPageSize
	}
	raw, err := s.pages.Decode(p.binding, token)
	if err != nil {
		return pageRequest{}, pageTokenInvalid(err)
	}
	if raw != nil {
		cursor, n := binary.Varint(raw)
		if n != len(raw) {
			return pageRequest{}, pageTokenInvalid(page.ErrMalformed)
		}
		p.cursor = cursor
	}
	return p, nil
}

// bounds are those of the query: one item more than the page holds, to know whether there is a next page.
func (p pageRequest) bounds() store.Page { return store.Page{Limit: p.size + 1, Bytes: pageBytes} }

// closePage converts the records of a page and makes the token of the next. A page that ended early for its size has a next page, which may
// turn out to be empty.
func closePage[R, M any](p pageRequest, records []R, convert func(R) (M, error), cursor func(R) int64, size func(R) int) ([]M, string, error) {
	more := len(records) > p.size
	if more {
		records = records[:p.size]
	}
	out := make([]M, len(records))
	total := 0
	for i, r := range records {
		m, err := convert(r)
		if err != nil {
			return nil, "", err
		}
		out[i] = m
		total += size(r)
	}
	if !more && total < pageBytes || len(records) == 0 {
		return out, "", nil
	}
	return out, p.pages.Encode(p.binding, binary.AppendVarint(nil, cursor(records[len(records)-1]))), nil
}

// pageTokenInvalid is an error of package page as one of this service, which says the same.
func pageTokenInvalid(err error) error {
	message := "the page token cannot be used"
	var known *rpcerr.Error
	opts := []rpcerr.Option{rpcerr.WithCause(err)}
	if errors.As(err, &known) {
		message = known.Message
		opts = append(opts, rpcerr.WithFields(known.Fields...))
	}
	return refuse(codes.InvalidArgument, surveyv1.ErrorReason_ERROR_REASON_PAGE_TOKEN_INVALID, message, opts...)
}
