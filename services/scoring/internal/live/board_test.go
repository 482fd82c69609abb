package live_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/otklik/otklik/services/scoring/internal/cell"
	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/delta"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/live"
	"github.com/otklik/otklik/services/scoring/internal/question"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

var noon = time.Date(2026, 5, 14, 12, 0, 0, 0, time.UTC)

// response is a response to a survey on a day.
func response(survey, id string, day int) *fact.Fact {
	at := noon.Add(time.Duration(day) * 24 * time.Hour)
	return &fact.Fact{
		ID: id, Survey: survey, Revision: 1, Population: fact.Customer, CountTime: at, ReceiveTime: at, Weight: 1,
		Context: fact.Context{Channel: "app", Attributes: []fact.Attribute{{Name: "tier", Value: "gold"}}},
		Answers: []fact.Answer{{Question: "recommend", Kind: question.NPS, Scale: question.Scale0To10, Present: true, Value: 900}},
	}
}

func adding(facts ...*fact.Fact) *delta.Delta {
	d := &delta.Delta{}
	for _, f := range facts {
		d.AddFact(f)
	}
	return d
}

// marks are those of a store of one partition.
func marks(epoch, version int64) store.Marks {
	return store.Marks{Epoch: epoch, Cursors: []store.Cursor{{Version: version, Position: version}}}
}

// reload puts books on a board.
func reload(t *testing.T, b *live.Board, at store.Marks, books map[string]*live.Book) {
	t.Helper()
	if _, _, err := b.Reload(b.Marks(), func() (map[string]*live.Book, store.Marks, error) { return books, at, nil }); err != nil {
		t.Fatal(err)
	}
}

// count counts a delta of acme as the next version.
func count(t *testing.T, b *live.Board, version int64, d *delta.Delta) {
	t.Helper()
	from, to := store.Cursor{Version: version - 1}, store.Cursor{Version: version, Position: version}
	if done, err := b.Count(0, from, to, []live.Change{{Version: version, Organization: "acme", Delta: d}}); !done || err != nil {
		t.Fatalf("counted %v, %v", done, err)
	}
}

// wantRows compares the number of rows of acme's survey, and whether all are there.
func wantRows(t *testing.T, b *live.Board, survey string, n int, complete bool) {
	t.Helper()
	if table, c := b.Table("acme", survey); table.Len() != n || c != complete {
		t.Errorf("survey %s: %d rows, complete %v; want %d, %v", survey, table.Len(), c, n, complete)
	}
}

// TestTablesChangeWithCubes: what counts in the cube has its row, through all by which a board changes.
func TestTablesChangeWithCubes(t *testing.T) {
	t.Parallel()
	b := live.New()
	wantRows(t, b, "shop", 0, true)
	reload(t, b, marks(1, 0), map[string]*live.Book{})
	one, two := response("shop", "one", 0), response("shop", "two", 1)
	count(t, b, 1, adding(one, two, response("bank", "one", 0)))
	wantRows(t, b, "shop", 2, true)
	wantRows(t, b, "bank", 1, true)
	if table, _ := b.Table("globex", "shop"); table.Len() != 0 {
		t.Errorf("%d rows of another organisation", table.Len())
	}
	d := &delta.Delta{}
	d.RemoveFact(one)
	if err := b.Add(marks(1, 1), marks(1, 2), []live.Change{{Version: 2, Organization: "acme", Delta: d}}); err != nil {
		t.Fatal(err)
	}
	wantRows(t, b, "shop", 1, true)
	d = &delta.Delta{}
	d.RemoveFact(two)
	count(t, b, 3, d)
	wantRows(t, b, "shop", 0, true)
	if got := b.Book("acme").Surveys(); !slices.Equal(got, []string{"bank"}) {
		t.Errorf("surveys %q", got)
	}
	// A rebuild that fails at the very end leaves what was there.
	rebuilt := live.NewBook()
	if err := rebuilt.Apply(adding(one)); err != nil {
		t.Fatal(err)
	}
	for _, fails := range []error{errors.New("lost"), nil} {
		err := b.Replace("acme", rebuilt, func() (store.Marks, error) { return marks(1, 3).Next(), fails })
		if !errors.Is(err, fails) {
			t.Fatal(err)
		}
		wantRows(t, b, "bank", map[bool]int{true: 1, false: 0}[fails != nil], true)
		wantRows(t, b, "shop", map[bool]int{true: 0, false: 1}[fails != nil], true)
	}
	b.Forget()
	wantRows(t, b, "shop", 1, true)
	reload(t, b, marks(7, 0), map[string]*live.Book{})
	wantRows(t, b, "shop", 0, true)
}

// TestTablesAreNeverSilentlyShort: cells that come without their rows make a table incomplete, until nothing is counted that has none.
func TestTablesAreNeverSilentlyShort(t *testing.T) {
	t.Parallel()
	b := live.New()
	reload(t, b, marks(1, 0), map[string]*live.Book{})
	old := response("shop", "old", 0)
	rowless := &delta.Delta{}
	rowless.Cells.AddFact(old)
	count(t, b, 1, adding(response("shop", "new", 0), response("bank", "new", 0)))
	count(t, b, 2, rowless)
	wantRows(t, b, "shop", 0, false)
	wantRows(t, b, "bank", 1, true)
	if got := b.Short(); !slices.Equal(got, []string{"acme"}) {
		t.Errorf("short %q", got)
	}
	// Neither what is added nor what is taken away meanwhile makes it complete, or fails.
	d := adding(response("shop", "newer", 0))
	d.RemoveFact(old)
	count(t, b, 3, d)
	wantRows(t, b, "shop", 0, false)
	d = &delta.Delta{}
	d.RemoveFact(response("shop", "new", 0))
	d.RemoveFact(response("shop", "newer", 0))
	count(t, b, 4, d)
	wantRows(t, b, "shop", 0, true)
	count(t, b, 5, adding(response("shop", "newest", 0)))
	wantRows(t, b, "shop", 1, true)
	if got := b.Short(); len(got) > 0 {
		t.Errorf("short %q", got)
	}
}

// source lists chunks.
type source struct {
	chunks map[string][]cell.Chunk
}

// Cells calls fn with the chunks of each span, in order.
func (s source) Cells(_ context.Context, fn func(organization, survey string, span cell.Span, chunks [][]byte) error) (store.Marks, error) {
	for _, org := range []string{"acme", "globex"} {
		list := slices.SortedFunc(slices.Values(s.chunks[org]), func(a, b cell.Chunk) int {
			return slices.Compare([]string{a.Survey, fmt.Sprintf("%09d", a.Span)}, []string{b.Survey, fmt.Sprintf("%09d", b.Span)})
		})
		for len(list) > 0 {
			first, n := list[0], 0
			var data [][]byte
			for n < len(list) && list[n].Survey == first.Survey && list[n].Span == first.Span {
				data = append(data, list[n].Data)
				n++
			}
			if err := fn(org, first.Survey, first.Span, data); err != nil {
				return store.Marks{}, err
			}
			list = list[n:]
		}
	}
	return marks(1, 1), nil
}

// TestLoad loads chunks of several surveys and years: those without rows, and those whose rows take away what has none, make a table incomplete.
func TestLoad(t *testing.T) {
	t.Parallel()
	s := source{chunks: make(map[string][]cell.Chunk)}
	for i := range 60 {
		for _, survey := range []string{"bank", "shop", "wing"} {
			d := adding(response(survey, fmt.Sprint("a", i), i*11), response(survey, fmt.Sprint("b", i), i*11+400))
			if i > 0 {
				d.RemoveFact(response(survey, fmt.Sprint("b", i-1), (i-1)*11+400))
			}
			s.chunks["acme"] = append(s.chunks["acme"], cell.Pack(d)...)
		}
	}
	rowless, removal := &delta.Delta{}, &delta.Delta{}
	for i := range 2 {
		rowless.Cells.AddFact(response("old", fmt.Sprint(i), 0))
		rowless.Cells.AddFact(response("odd", fmt.Sprint(i), 0))
	}
	removal.RemoveFact(response("odd", "0", 0))
	for _, d := range []*delta.Delta{rowless, removal, adding(response("old", "new", 40), response("odd", "new", 40), response("new", "new", 0))} {
		s.chunks["globex"] = append(s.chunks["globex"], cell.Pack(d)...)
	}
	books, at, err := live.Load(t.Context(), s)
	if err != nil || !at.Same(marks(1, 1)) || len(books) != 2 {
		t.Fatalf("%d books at %+v, %v", len(books), at, err)
	}
	for _, survey := range []string{"bank", "shop", "wing"} {
		table, complete := books["acme"].Table(survey)
		if !complete || table.Len() != 61 {
			t.Errorf("survey %s: %d rows, complete %v", survey, table.Len(), complete)
		}
		r, err := table.Query(column.Query{Population: fact.Customer, GroupBy: []string{"attributes.tier"}, Questions: []string{"recommend"}})
		if err != nil || len(r.Groups) != 1 || r.Groups[0].Outcomes.Responses != 61 {
			t.Errorf("survey %s: %+v, %v", survey, r, err)
		}
	}
	for survey, want := range map[string]bool{"old": false, "odd": false, "new": true} {
		if _, complete := books["globex"].Table(survey); complete != want {
			t.Errorf("survey %s: complete %v", survey, complete)
		}
	}
	s.chunks["globex"][0].Data = append(slices.Clone(s.chunks["globex"][0].Data), 'x')
	if _, _, err := live.Load(t.Context(), s); err == nil {
		t.Error("rows that nobody has packed are loaded")
	}
}
