package relational

import (
	"context"

	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const sqlCountImported = `UPDATE imports SET created = created + $3, updated = updated + $4 WHERE organization = $1 AND id = $2`

// importCount is how many things the rows of an import made, and changed.
type importCount struct{ created, updated int64 }

// add counts a thing that was stored.
func (n *importCount) add(created bool) {
	if created {
		n.created++
	} else {
		n.updated++
	}
}

// countImported counts what is stored for the import of a context with what is stored: rows that are stored again, because a process died before it noted how far
// it had come, change nothing then, and would never be counted. Rehearsals are counted by who rehearses.
func (w *writing) countImported(ctx context.Context, organization string, n importCount) error {
	id := store.ImportOf(ctx)
	if id == "" || store.IsRehearsal(ctx) || n == (importCount{}) {
		return nil
	}
	_, err := w.Exec(ctx, sqlCountImported, organization, id, n.created, n.updated)
	return err
}
