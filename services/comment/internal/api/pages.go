package api

import (
	"encoding/binary"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/services/comment/internal/store"
)

// defaultPageSize is the size of pages whose size is not stated.
const defaultPageSize = 50

// pageBytes is the size of the texts at which a page ends early, so that a page of long comments fits into a message.
const pageBytes = 1 << 20

// pageRequest is a request for a page.
type pageRequest struct {
	pages   page.Codec
	binding []byte
	// cursor is where the page before ended: numbers whose meaning is the method's; nil for the first page.
	cursor []int64
	size   int
}

// cursorMost bounds the numbers of a cursor.
const cursorMost = 4

// pagedMessage is a request for a page.
type pagedMessage interface {
	proto.Message
	GetPageToken() string
	GetPageSize() int32
}

// openPage reads which page is asked for.
func (s *Server) openPage(method, org string, req proto.Message, token string, size int32) (pageRequest, error) {
	p := pageRequest{pages: s.pages, binding: page.Binding(method, org, req), size: int(size)}
	if p.size <= 0 {
		p.size = defaultPageSize
	}
	raw, err := s.pages.Decode(p.binding, token)
	if err != nil {
		return pageRequest{}, err
	}
	for len(raw) > 0 {
		v, n := binary.Varint(raw)
		if n <= 0 || len(p.cursor) == cursorMost {
			return pageRequest{}, page.ErrMalformed
		}
		p.cursor, raw = append(p.cursor, v), raw[n:]
	}
	return p, nil
}

// at is a number of the cursor; 0 for the first page.
func (p pageRequest) at(i int) int64 {
	if i < len(p.cursor) {
		return p.cursor[i]
	}
	return 0
}

// offset is the cursor of lists that are paged by how many items came before.
func (p pageRequest) offset() int { return int(max(p.at(0), 0)) }

// next is the token of the page after the one that ends at a cursor; empty when there is none.
func (p pageRequest) next(more bool, cursor ...int64) string {
	if !more {
		return ""
	}
	var raw []byte
	for _, v := range cursor {
		raw = binary.AppendVarint(raw, v)
	}
	return p.pages.Encode(p.binding, raw)
}

// mark is where a page of comments ended.
func (p pageRequest) mark() store.Mark {
	if len(p.cursor) == 0 {
		return store.Mark{}
	}
	return store.Mark{CountTime: time.UnixMicro(p.at(0)), Seq: p.at(1)}
}
