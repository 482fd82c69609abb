package imports

import (
	"context"
	"errors"

	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// mostRegions bounds the regions of one table, which are held in memory.
const mostRegions = 100_000

// regionReader reads regions, which may lie in regions that come later in the same table.
type regionReader struct {
	*unitReader
	parents directory.Tree
	rows    map[string]Row
	ids     []string
}

var _ Whole = (*regionReader)(nil)

// Check implements Reader.
func (r *regionReader) Check(_ context.Context, row Row) (any, []Problem, error) {
	c, problems := r.read(row)
	if len(problems) > 0 {
		return nil, problems, nil
	}
	if problems, err := r.seen.twice(row, "id", c.ref.ID); len(problems) > 0 || err != nil {
		return nil, problems, err
	}
	r.ids = append(r.ids, c.ref.ID)
	if len(r.ids) > mostRegions {
		return nil, nil, &FileError{"the table has more than 100,000 regions: divide it"}
	}
	if !c.parent.Empty() {
		r.parents[c.ref.ID] = c.parent.ID
	}
	r.rows[c.ref.ID] = Row{Number: row.Number, Line: row.Line}
	return c, nil, nil
}

// order puts regions after those that they lie in, and says which cannot be in the tree.
func (r *regionReader) order(ctx context.Context) (ordered []string, refused map[string]Problem, err error) {
	refused = map[string]Problem{}
	// What lies above those of the table is in the directory.
	for _, id := range r.ids {
		for at, below := r.parents[id], id; at != ""; at, below = r.parents[at], at {
			_, inTable := r.rows[at]
			_, known := r.parents[at]
			if inTable && known {
				break
			}
			stored, err := r.Store.GetUnit(ctx, r.organization, directory.Ref{Kind: attribute.Region, ID: at})
			switch {
			case err == nil:
				r.parents[at] = stored.Parent.ID
			case !errors.Is(err, store.ErrNotFound):
				return nil, nil, err
			case inTable:
				r.parents[at] = ""
			default:
				refused[below] = Problem{"parent", string(directory.ParentUnknown), "there is no region " + at}
			}
			if _, gone := refused[below]; gone || known {
				break
			}
		}
	}
	ordered, circular := r.parents.Order(r.ids)
	for _, id := range circular {
		refused[id] = Problem{"parent", string(directory.Circular), "the region would lie in itself, or in one that does"}
	}
	return ordered, refused, nil
}

// Finish implements Whole.
func (r *regionReader) Finish(ctx context.Context) ([]RowProblem, error) {
	_, refused, err := r.order(ctx)
	var out []RowProblem
	for _, id := range r.ids {
		if p, is := refused[id]; is {
			out = append(out, RowProblem{Row: r.rows[id].Number, Line: r.rows[id].Line, Problem: p})
		}
	}
	return out, err
}

// Apply implements Reader: all at once but those that Finish refused, each after the one that it lies in.
func (r *regionReader) Apply(ctx context.Context, records []any) ([]Outcome, error) {
	ordered, _, err := r.order(ctx)
	if err != nil {
		return nil, err
	}
	at := map[string]int{}
	for i, record := range records {
		c, _ := record.(change)
		at[c.ref.ID] = i
	}
	var sorted []any
	var places []int
	for _, id := range ordered {
		if i, there := at[id]; there {
			sorted, places = append(sorted, records[i]), append(places, i)
		}
	}
	out := make([]Outcome, len(records))
	outcomes, err := r.unitReader.Apply(ctx, sorted)
	for n, o := range outcomes {
		out[places[n]] = o
	}
	return out, err
}
