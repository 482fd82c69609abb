package sqlite

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/timeline"
)

// A page of a timeline of 100,000 entries among half a million of others'.
func BenchmarkListTimeline(b *testing.B) {
	s, err := Open(b.Context(), filepath.Join(b.TempDir(), "segmentation.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	const fill = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $2)
INSERT INTO timeline (organization, kind, resource, contact, person, time, body)
SELECT 'acme', CASE WHEN i % 1000 = 0 THEN 7 ELSE 2 END, $1 || '/responses/' || i, CASE WHEN $1 = 'long' THEN 'long' ELSE 'c-' || (i % 100000) END, NULL, i * 1000000,
CAST('{"location":"osh","revision":"surveys/s/revisions/1","answers":3}' AS blob) FROM n`
	for survey, rows := range map[string]int{"long": 100_000, "others": 500_000} {
		err := s.db.Update(b.Context(), func(ctx context.Context, w relational.Writer) error {
			_, err := w.Exec(ctx, fill, survey, rows)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	middle := store.TimelineMark{Time: time.UnixMicro(50_000 * 1_000_000), Kind: timeline.AnswerKind, Resource: "z"}
	for name, q := range map[string]store.TimelineQuery{
		"first":  {},
		"middle": {After: middle},
		"oldest": {OldestFirst: true, After: middle},
		"period": {Start: time.UnixMicro(20_000 * 1_000_000), End: time.UnixMicro(30_000 * 1_000_000)},
		"kinds":  {Kinds: []timeline.Kind{timeline.LightKind}},
	} {
		q.Organization, q.Contact, q.Limit = "acme", "long", 50
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				entries, _, err := s.ListTimeline(b.Context(), q)
				if err != nil || len(entries) != 50 {
					b.Fatal(len(entries), err)
				}
			}
		})
	}
}
