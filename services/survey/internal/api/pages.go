package api

import (
	"context"
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
	return out, p.token(cursor(records[len(records)-1])), nil
}

// seenScan is how many submissions are looked through at a time for a caller who sees some of them; seenMost is the most for one page, which then ends
// early.
const (
	seenScan = 500
	seenMost = 5000
)

// listSeen reads a page of what the caller sees, in the order of positions. show returns nil in place of what the caller does not see.
func listSeen[M any](ctx context.Context, s *Server, v viewer, p pageRequest, q store.SubmissionQuery,
	show func(ctx context.Context, v viewer, records []store.Submission) ([]*M, error),
) (out []*M, token string, err error) {
	q.Page = p.bounds()
	if v.restricted() {
		q.Limit = seenScan
	}
	total := 0
	for looked := 0; looked < seenMost; {
		records, err := s.store.ListSubmissions(ctx, q)
		if err != nil {
			return nil, "", storeError(err)
		}
		shown, err := show(ctx, v, records)
		if err != nil {
			return nil, "", err
		}
		size := 0
		for i, m := range shown {
			if len(out) == p.size {
				return out, p.token(q.After), nil
			}
			q.After = records[i].Position
			size += sizeOf(records[i])
			if m != nil {
				out = append(out, m)
				total += sizeOf(records[i])
			}
		}
		if len(records) < q.Limit && size < pageBytes {
			return out, "", nil
		}
		if total >= pageBytes {
			break
		}
		looked += len(records)
	}
	return out, p.token(q.After), nil
}

// token is that of the page after the one that ends at a cursor.
func (p pageRequest) token(cursor int64) string {
	return p.pages.Encode(p.binding, binary.AppendVarint(nil, cursor))
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

func sizeOf(v store.Submission) int { return len(v.Body) }
