package relational

import (
	"context"

	"github.com/otklik/otklik/libs/relational"
)

// membershipsTable is what is kept of who belongs to segments, and did. It stays with the contact by which it came when that is merged into another one: the
// other one belongs where its own facts say, and who is taken apart again has its history.
func membershipsTable() personTable {
	return personTable{
		table: "memberships", kind: "segment_memberships", name: "'segments/' || segment", time: "enter_time", erase: eraseMemberships,
		move: func(context.Context, *writing, string, string, string, []any) error { return nil },
	}
}

// eraseMemberships removes memberships, and takes those that last out of what is counted of segments.
func eraseMemberships(ctx context.Context, w *writing, organization, condition string, args []any) (int64, error) {
	type count struct {
		segment string
		n       int64
	}
	counts, err := relational.List(ctx, w, func(row relational.Scanner) (c count, err error) {
		err = row.Scan(&c.segment, &c.n)
		return c, err
	}, `SELECT segment, count(*) FROM memberships WHERE (`+condition+`) AND leave_time IS NULL GROUP BY segment`, args...)
	if err != nil {
		return 0, err
	}
	for _, c := range counts {
		if _, err := w.Exec(ctx, sqlCount, organization, c.segment, -c.n); err != nil {
			return 0, err
		}
	}
	return w.Exec(ctx, `DELETE FROM memberships WHERE `+condition, args...)
}
