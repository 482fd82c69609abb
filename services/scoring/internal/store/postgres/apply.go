package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// rebuildPartition stands for the partition in the keys of what batches of rebuilds add.
const rebuildPartition = -1

// maxPurges is how often chunks are read again that others merge meanwhile.
const maxPurges = 20

// The errors by which a flight ends before its COMMIT.
var (
	errCursor     = errors.New("the cursor is not where the batch begins")
	errGeneration = errors.New("another generation of the ledger is live")
	errAside      = errors.New("an event is not set aside")
	errChunk      = errors.New("a chunk is not as it was read")
)

// Apply stores a batch.
func (s *Store) Apply(ctx context.Context, b store.Batch) error {
	if b.Rebuild == (store.Ledger{}) {
		if err := s.batches.enter(ctx); err != nil {
			return fmt.Errorf("apply batch: %w", err)
		}
		defer s.batches.leave()
	}
	changes := inOrder(b.Changes)
	generations, err := s.apply(ctx, &b, changes)
	if errors.Is(err, errGeneration) {
		// Once is enough: with the generation the versions of the cursors change, so that the batch conflicts unless it was made later.
		generations, err = s.apply(ctx, &b, changes)
	}
	for tries := 0; errors.Is(err, errChunk) && tries < maxPurges; tries++ {
		generations, err = s.apply(ctx, &b, changes)
	}
	if err != nil {
		return fmt.Errorf("apply batch: %w", err)
	}
	s.tidy(ctx, changes, generations)
	return nil
}

// apply stores a batch, in one flight. It returns the generations of the ledgers that it has written to.
func (s *Store) apply(ctx context.Context, b *store.Batch, changes []*store.Changes) ([]int64, error) {
	ledgers := make([]store.Ledger, len(changes))
	for i, c := range changes {
		ledgers[i] = c.Ledger
	}
	generations, err := s.known(ctx, ledgers)
	if err != nil {
		return nil, err
	}
	purges, err := s.purgesOf(ctx, changes, generations)
	if err != nil {
		return nil, err
	}
	cells, err := chunksOf(changes, generations)
	if err != nil {
		return nil, err
	}
	f := newFlight()
	// What blocks others comes first and in the same order in all transactions.
	if b.Rebuild == (store.Ledger{}) {
		shareLive(f)
		moveCursor(f, b)
		checkLive(f, ledgers, generations)
	} else {
		moveRebuild(f, b)
	}
	if err := addRows(f, changes, generations); err != nil {
		return nil, err
	}
	for _, p := range purges {
		p.add(f)
	}
	cells.add(f, b)
	if b.Rebuild == (store.Ledger{}) {
		cells.addDelta(f, b)
		s.prune(f, b.Partition)
	}
	if err := s.send(ctx, f); err != nil {
		return nil, s.reason(ctx, b, ledgers, err)
	}
	return generations, nil
}

// addRows adds all but the cells.
func addRows(f *flight, changes []*store.Changes, generations []int64) error {
	r, err := rowsOf(changes, generations)
	if err != nil {
		return err
	}
	r.add(f)
	if err := replace(f, changes, generations); err != nil {
		return err
	}
	remove(f, changes, generations)
	if err := addOutcomes(f, changes, generations); err != nil {
		return err
	}
	addAside(f, changes, generations)
	return nil
}

// reason is the store's error for that of a flight.
func (s *Store) reason(ctx context.Context, b *store.Batch, ledgers []store.Ledger, err error) error {
	if cause := context.Cause(ctx); errors.Is(cause, store.ErrConflict) {
		return cause
	}
	switch {
	case errors.Is(err, errGeneration):
		s.forget(ledgers...)
		return err
	case errors.Is(err, errChunk):
		return err
	case errors.Is(err, errAside):
		return fmt.Errorf("resolve events that were set aside: %w", store.ErrNotFound)
	case errors.Is(err, errCursor) && b.Rebuild != (store.Ledger{}):
		return s.whyNot(ctx, b.Rebuild)
	case errors.Is(err, errCursor):
		return fmt.Errorf("move cursor of partition %d from version %d: %w", b.Partition, b.From.Version, store.ErrConflict)
	case addsIdentifierTwice(err):
		return fmt.Errorf("add identifiers: %w", store.ErrDuplicate)
	}
	return pgkit.Translate(err)
}

// addsIdentifierTwice tells whether a flight failed because an identifier is stored already. The shards of a distributed table have its name and a
// number.
func addsIdentifierTwice(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == codeUniqueViolation && strings.HasPrefix(e.TableName, "identifiers")
}

// whyNot tells why a batch of a rebuild was not taken.
func (s *Store) whyNot(ctx context.Context, l store.Ledger) error {
	s.forget(l)
	r, err := s.Rebuild(ctx, l)
	switch {
	case errors.Is(err, store.ErrNotFound) || err == nil && r.State != store.Running:
		return fmt.Errorf("move cursor of rebuild: %w", store.ErrNotRunning)
	case err != nil:
		return err
	}
	return fmt.Errorf("move cursor of rebuild, it is at version %d: %w", r.Version, store.ErrConflict)
}

// moveCursor moves the cursor of a partition.
func moveCursor(f *flight, b *store.Batch) {
	f.guardChange(errCursor, `UPDATE cursors SET position = greatest(position, $3), as_of = greatest(as_of, $4), version = version + 1
		WHERE partition = $1 AND version = $2`,
		b.Partition, b.From.Version, b.To.Position, store.ToNano(b.To.AsOf))
}

// moveRebuild moves the cursor of a rebuild.
func moveRebuild(f *flight, b *store.Batch) {
	f.guardChange(errCursor, `UPDATE rebuilds SET position = greatest(position, $4), read = read + $5, version = version + 1
		WHERE organization = $1 AND number = $2 AND version = $3 AND state = 1`,
		b.Rebuild.Organization, b.Rebuild.Rebuild, b.From.Version, b.To.Position, b.Read)
}

// checkLive makes sure that generations are the live ones. They stay so while a cursor is held.
func checkLive(f *flight, ledgers []store.Ledger, generations []int64) {
	if len(ledgers) == 0 {
		return
	}
	organizations := make([]string, len(ledgers))
	for i, l := range ledgers {
		organizations[i] = l.Organization
	}
	f.guard(errGeneration, `count(*) = cardinality($1::text[])`,
		`FROM ledgers JOIN unnest($1::text[], $2::bigint[]) AS written (organization, live) USING (organization, live)`,
		organizations, generations)
}
