package api

import (
	"encoding/json"

	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/page"
)

// defaultPageSize is the size of pages whose size is not stated.
const defaultPageSize = 50

// pagedMessage is a request for a page.
type pagedMessage interface {
	proto.Message
	GetPageToken() string
	GetPageSize() int32
}

// pageRequest is a request for a page of a list, whose cursor tells where the page before ended, in whatever the store wants to go on.
type pageRequest[C any] struct {
	// cursor is where the page before ended; the zero value for the first page.
	cursor  C
	size    int
	pages   page.Codec
	binding []byte
}

// openPage reads which page is asked for. Cursors are structs with exported fields, or numbers or strings.
func openPage[C any](s *Server, method, org string, req pagedMessage) (pageRequest[C], error) {
	p := pageRequest[C]{pages: s.pages, binding: page.Binding(method, org, req), size: int(req.GetPageSize())}
	if p.size <= 0 {
		p.size = defaultPageSize
	}
	raw, err := s.pages.Decode(p.binding, req.GetPageToken())
	if err != nil {
		return pageRequest[C]{}, err
	}
	if len(raw) > 0 && json.Unmarshal(raw, &p.cursor) != nil {
		return pageRequest[C]{}, page.ErrMalformed
	}
	return p, nil
}

// next is the token of the page after the one that ends at a cursor; empty when there is none.
func (p pageRequest[C]) next(more bool, cursor C) string {
	if !more {
		return ""
	}
	raw, err := json.Marshal(cursor)
	if err != nil {
		// Cursors are made of numbers and texts.
		panic(err)
	}
	return p.pages.Encode(p.binding, raw)
}
