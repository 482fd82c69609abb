package sqlite_test

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/services/scoring/internal/cell"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/delta"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
	"github.com/otklik/otklik/services/scoring/internal/store"
	"github.com/otklik/otklik/services/scoring/internal/store/sqlite"
)

// oldDatabase makes a database as the first version left it.
func oldDatabase(t *testing.T, statements ...string) string {
	t.Helper()
	first, err := os.ReadFile(filepath.Join("migrations", "00001_scoring.sql"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "scoring.db")
	db, err := sqlkit.OpenSQLite(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := sqlkit.Migrate(t.Context(), db, fstest.MapFS{"00001_scoring.sql": {Data: first}}); err != nil {
		t.Fatal(err)
	}
	for _, s := range statements {
		if _, err := db.Write.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t *testing.T, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// TestUpgradeKeepsWhatIsCounted opens a database of the version that knew no partitions, and goes on.
func TestUpgradeKeepsWhatIsCounted(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	path := oldDatabase(t,
		`UPDATE cursor SET position = 40, as_of = 1700000000000000000`,
		`INSERT INTO aside (organization, generation, position, reason, time) VALUES ('acme', 0, 7, 'odd', 1700000000000000000)`,
		`INSERT INTO rebuilds VALUES ('acme', 1, 1, 1700000000000000000, 0, 5, 0, '', 5)`,
		// A chunk of an early batch, at the position that the number of a later batch will have had.
		`INSERT INTO cells VALUES ('acme', 0, 'shop', 0, 0, 40, x'`+hexOf(t, packed())+`')`)
	s := open(t, path)
	if err := s.Partition(ctx, 4); !errors.Is(err, store.ErrPartitions) {
		t.Errorf("four partitions: %v, want ErrPartitions: the log was not divided", err)
	}
	if err := s.Partition(ctx, 1); err != nil {
		t.Fatal(err)
	}
	m, err := s.Marks(ctx)
	if err != nil || len(m.Cursors) != 1 || m.Cursors[0].Position != 40 || !m.Cursors[0].AsOf.Equal(time.Unix(1_700_000_000, 0)) || m.Epoch == 0 {
		t.Fatalf("marks %+v, %v", m, err)
	}
	for version := range int64(20) {
		if err := s.Apply(ctx, store.Batch{From: store.Cursor{Version: version}, To: store.Cursor{Position: 41}, Changes: []store.Changes{
			{Ledger: store.Ledger{Organization: "acme"}, Cells: packed()},
		}}); err != nil {
			t.Fatalf("batch %d: %v", version, err)
		}
	}
	total := int64(0)
	if _, err := s.Cells(ctx, func(_, _ string, span cell.Span, chunks [][]byte) error {
		return cell.Sum(span, chunks, func(cube.Key) {}, func(_ calendar.Bucket, bins []histogram.Bin) {
			for _, b := range bins {
				total += b.Count
			}
		})
	}); err != nil || total != 21 {
		t.Errorf("%d are counted, %v: want 21", total, err)
	}
	aside, err := s.AsideAt(ctx, store.Ledger{Organization: "acme"}, 7)
	if err != nil || aside.Reason != "odd" || aside.Event != nil {
		t.Errorf("set aside: %+v, %v", aside, err)
	}
	running, err := s.RunningRebuilds(ctx)
	if err != nil || len(running) != 1 || running[0].Owner != "" || running[0].Read != 5 {
		t.Errorf("rebuilds: %+v, %v", running, err)
	}
}

// TestUpgradeOfAnEmptyStore leaves the number of partitions open.
func TestUpgradeOfAnEmptyStore(t *testing.T) {
	t.Parallel()
	s := open(t, oldDatabase(t))
	if err := s.Partition(t.Context(), 4); err != nil {
		t.Fatal(err)
	}
	if m, err := s.Marks(t.Context()); err != nil || len(m.Cursors) != 4 {
		t.Errorf("marks %+v, %v", m, err)
	}
}

// packed is a refusal as chunks of now.
func packed() []cell.Chunk {
	d := &delta.Delta{}
	d.AddRefusal(&fact.Refusal{Survey: "shop", Population: fact.Customer, Kind: fact.Dismissed, CountTime: time.Unix(0, 0)})
	return cell.Pack(d)
}

// hexOf is a chunk as the first version packed it.
func hexOf(t *testing.T, chunks []cell.Chunk) string {
	t.Helper()
	if len(chunks) != 1 {
		t.Fatalf("%d chunks, want 1", len(chunks))
	}
	// As they were: the second version begins with the length of the cells, the first one has nothing else.
	n, width := binary.Uvarint(chunks[0].Data[1:])
	return hex.EncodeToString(append([]byte{1}, chunks[0].Data[1+width:1+width+int(n)]...))
}
