package relational

import (
	"context"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	// sqlNoteErased notes a person for all imports that have not ended.
	sqlNoteErased = `INSERT INTO import_erased (organization, import, person)
SELECT organization, id, $2 FROM imports WHERE organization = $1 AND end_time IS NULL ON CONFLICT DO NOTHING`
	sqlErasedSince = `SELECT person FROM import_erased WHERE organization = $1 AND import = $2`
	sqlDropErased  = `DELETE FROM import_erased WHERE organization = $1 AND import = $2`
)

// noteErased has the imports that have not ended leave persons out.
func (w *writing) noteErased(ctx context.Context, organization string, persons [][]byte) error {
	for _, person := range persons {
		if _, err := w.Exec(ctx, sqlNoteErased, organization, person); err != nil {
			return err
		}
	}
	return nil
}

// erasedSince are the pseudonyms of who was erased since the import of a context was created; none when it is of no import.
func erasedSince(ctx context.Context, r relational.Reader, organization string) (map[string]bool, error) {
	id := store.ImportOf(ctx)
	if id == "" {
		return map[string]bool{}, nil
	}
	persons, err := relational.List(ctx, r, relational.Value[[]byte], sqlErasedSince, organization, id)
	out := make(map[string]bool, len(persons))
	for _, p := range persons {
		out[string(p)] = true
	}
	return out, err
}
