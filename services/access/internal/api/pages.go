package api

import (
	"encoding/binary"

	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/services/access/internal/store"
)

const (
	// defaultPageSize is the size of pages whose size is not stated.
	defaultPageSize = 50
	// pageBytes is the size of the bodies at which a page ends early, so that a page of large items fits into a message.
	pageBytes = 1 << 20
)

// listPage is a request for a page of what is listed by age.
type listPage struct {
	binding []byte
	query   store.Query
}

// openList reads which page is asked for.
func (s *Server) openList(method, org string, req proto.Message, token string, size int32) (listPage, error) {
	p := listPage{binding: page.Binding(method, org, req), query: store.Query{Organization: org, Limit: int(size), Bytes: pageBytes}}
	if size <= 0 {
		p.query.Limit = defaultPageSize
	}
	raw, err := s.pages.Decode(p.binding, token)
	if err != nil || raw == nil {
		return p, err
	}
	place, ok := decodePlace(raw)
	if !ok {
		return listPage{}, page.ErrMalformed
	}
	p.query.Before = place
	return p, nil
}

// next is the token of the page after the one that ends at a place.
func (s *Server) next(p listPage, more bool, last store.Place) string {
	if !more {
		return ""
	}
	return s.pages.Encode(p.binding, encodePlace(last))
}

func encodePlace(p store.Place) []byte {
	return append(binary.AppendVarint(nil, store.ToNano(p.CreateTime)), p.ID...)
}

func decodePlace(raw []byte) (store.Place, bool) {
	nano, n := binary.Varint(raw)
	if n <= 0 || n == len(raw) {
		return store.Place{}, false
	}
	place := store.Place{CreateTime: store.FromNano(nano), ID: string(raw[n:])}
	// Times at the very ends of what can be kept are of nothing that was made.
	return place, store.ToNano(place.CreateTime) == nano
}
