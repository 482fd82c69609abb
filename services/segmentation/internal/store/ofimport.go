package store

import "context"

// ofImport is the key of contexts of imports.
type ofImport struct{}

// OfImport returns a context with which things are stored for an import: nothing is stored of who was erased since it was created, and what is created and updated
// counts as the import's, in the same transaction.
func OfImport(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, ofImport{}, id)
}

// ImportOf is the import that things are stored for; empty when it is none.
func ImportOf(ctx context.Context) string {
	id, _ := ctx.Value(ofImport{}).(string)
	return id
}
