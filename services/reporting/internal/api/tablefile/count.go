package tablefile

import (
	"github.com/otklik/otklik/services/reporting/internal/store"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// Count counts what became of a row that was stored; false when it was not.
func Count(done *reportingv1.OperationImport, change store.OperationChange) bool {
	switch change {
	case store.OperationCreated:
		done.CreatedCount++
	case store.OperationUpdated:
		done.UpdatedCount++
	case store.OperationUnchanged:
		done.UnchangedCount++
	default:
		return false
	}
	return true
}
