// Package listing answers requests for lists, page by page.
package listing

import (
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/page"
)

// Request is for a page of a list.
type Request interface {
	proto.Message
	GetPageSize() int32
	GetPageToken() string
}

// defaultSize is how many a page has where a request does not say.
const defaultSize = 50

// After reads a page of a list in order of a key: read returns what comes after a key (empty: from the beginning), at most as many as asked for, and key is
// that of an element.
func After[T any](
	tokens page.Codec, method, organization string, req Request, read func(after string, limit int) ([]T, error), key func(T) string,
) (list []T, next string, err error) {
	binding := page.Binding(method, organization, req)
	cursor, err := tokens.Decode(binding, req.GetPageToken())
	if err != nil {
		return nil, "", err
	}
	size := int(req.GetPageSize())
	if size == 0 {
		size = defaultSize
	}
	// One more tells whether there is another page.
	if list, err = read(string(cursor), size+1); err != nil || len(list) <= size {
		return list, "", err
	}
	list = list[:size]
	return list, tokens.Encode(binding, []byte(key(list[size-1]))), nil
}
