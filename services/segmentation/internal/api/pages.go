package api

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/libs/seal"
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

// hidden is a cursor that tells the caller nothing: where a page ended at something that is not the caller's to see.
type hidden []byte

// pageKey is the key of an organisation's hidden cursors, the same in every process. It is derived from the pseudonym of somebody who does not exist: identifiers
// of people have no control characters.
func (s *Server) pageKey(ctx context.Context, org string) (seal.Key, error) {
	owner, err := s.Keeper.Pseudonym(ctx, org, "\x00pages")
	if err != nil {
		return seal.Key{}, err
	}
	secret := sha256.Sum256([]byte("segmentation/pages/" + owner))
	return seal.Key{ID: "pages", Secret: secret[:]}, nil
}

// hide makes a cursor hidden.
func (s *Server) hide(ctx context.Context, org string, cursor any) (hidden, error) {
	key, err := s.pageKey(ctx, org)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(cursor)
	if err != nil {
		return nil, fmt.Errorf("encode page token: %w", err)
	}
	return seal.Seal(key, raw, []byte(org))
}

// reveal is the inverse of hide; nothing is the first page. Errors: page.ErrMalformed.
func (s *Server) reveal(ctx context.Context, org string, h hidden, cursor any) error {
	if len(h) == 0 {
		return nil
	}
	key, err := s.pageKey(ctx, org)
	if err != nil {
		return err
	}
	raw, err := seal.Open(key, h, []byte(org))
	if errors.Is(err, seal.ErrOpen) || errors.Is(err, seal.ErrMalformed) || err == nil && json.Unmarshal(raw, cursor) != nil {
		return page.ErrMalformed
	}
	return err
}
