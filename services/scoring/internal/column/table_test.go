package column_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/question"
	"github.com/otklik/otklik/services/scoring/internal/wire"
)

// contents are the rows of a table, packed.
func contents(t interface{ Fatal(...any) }, table *column.Table) string {
	var rows []column.Change
	for p := fact.Customer; p.Valid(); p++ {
		_, err := table.Scan(column.Query{Population: p, Period: calendar.Period{First: calendar.MinBucket, End: calendar.MaxBucket}}, func(v column.RowView) error {
			rows = append(rows, column.Change{Row: v.Row(), Count: 1})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return string(column.Pack(rows))
}

// genPlain draws rows that Scan can reach: none in the last bucket of all time, which is in no period.
func genPlain(t *rapid.T) column.Row {
	r := genRow(t)
	r.Bucket = min(r.Bucket, calendar.MaxBucket-1)
	return r
}

// TestAddThenTakeAway: what was added and taken away leaves the table as it was.
func TestAddThenTakeAway(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		table := column.NewTableOf(rapid.SampledFrom([]int{1, 3, 8, 1 << 16}).Draw(t, "rows of a block"))
		var before, more []column.Change
		for _, r := range rapid.SliceOfN(rapid.Custom(genPlain), 0, 30).Draw(t, "rows") {
			before = append(before, column.Change{Row: r, Count: 1})
		}
		for _, r := range rapid.SliceOfN(rapid.Custom(genPlain), 0, 60).Draw(t, "more") {
			more = append(more, column.Change{Row: r, Count: 1})
		}
		apply := func(changes []column.Change) {
			if err := table.Apply(changes); err != nil {
				t.Fatal(err)
			}
		}
		apply(before)
		want := contents(t, table)
		if want != string(column.Pack(before)) {
			t.Fatal("the table does not hold what was added")
		}
		apply(more)
		for back := range slices.Chunk(negative(rapid.Permutation(more).Draw(t, "order")), 7) {
			apply(back)
		}
		if contents(t, table) != want || table.Len() != len(before) {
			t.Fatalf("%d rows, want the %d from before", table.Len(), len(before))
		}
		apply(negative(before))
		if table.Len() != 0 || contents(t, table) != "" {
			t.Fatalf("%d rows are left of none", table.Len())
		}
	})
}

// TestLoadEqualsApply: a table that was loaded holds what one holds to which the changes were applied.
func TestLoadEqualsApply(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		applied, loaded := column.NewTableOf(4), column.NewTableOf(4)
		var sections [][]byte
		for range rapid.IntRange(0, 5).Draw(t, "batches") {
			var changes []column.Change
			for _, r := range rapid.SliceOfN(rapid.Custom(genPlain), 0, 8).Draw(t, "rows") {
				changes = append(changes, column.Change{Row: r, Count: 1})
			}
			if err := applied.Apply(changes); err != nil {
				t.Fatal(err)
			}
			sections = append(sections, column.Pack(changes))
		}
		var err error
		if rapid.Bool().Draw(t, "at once") {
			err = loaded.Load(sections)
		} else {
			for _, s := range sections {
				err = errors.Join(err, loaded.Load([][]byte{s}))
			}
		}
		if err != nil || contents(t, loaded) != contents(t, applied) {
			t.Fatalf("the tables differ, %v", err)
		}
	})
}

// TestFailureChangesNothing: a batch of which a part cannot be applied is not applied at all, and what follows is not harmed.
func TestFailureChangesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		table, rows := genTable(t)
		for i := range rows {
			if rows[i].Bucket == calendar.MaxBucket {
				return
			}
		}
		want := contents(t, table)
		var changes []column.Change
		for _, r := range rapid.SliceOfN(rapid.Custom(genPlain), 0, 8).Draw(t, "rows") {
			changes = append(changes, column.Change{Row: r, Count: 1})
		}
		for _, r := range rows[:len(rows)/2] {
			changes = append(changes, column.Change{Row: r, Count: -1})
		}
		missing := genPlain(t)
		missing.ID = 1
		bad := append(slices.Clone(changes), column.Change{Row: missing, Count: -1})
		if err := table.Apply(bad); !errors.Is(err, column.ErrMissing) {
			t.Fatalf("%v, want ErrMissing", err)
		}
		if err := table.Load([][]byte{column.Pack(bad)}); !errors.Is(err, column.ErrMissing) {
			t.Fatalf("%v, want ErrMissing", err)
		}
		missing.Weight = 0
		if err := table.Apply(append(slices.Clone(changes), column.Change{Row: missing, Count: 1})); !errors.Is(err, column.ErrRow) {
			t.Fatalf("%v, want ErrRow", err)
		}
		if err := table.Load([][]byte{column.Pack(changes), {1, 2, 3}}); !errors.Is(err, wire.ErrCorrupt) {
			t.Fatalf("%v, want ErrCorrupt", err)
		}
		written, err := table.Write(changes)
		if err != nil || contents(t, table) != want {
			t.Fatalf("readers see what is not shown yet, %v", err)
		}
		written.Drop()
		if contents(t, table) != want {
			t.Fatal("a batch that failed has changed the table")
		}
		if err := table.Apply(changes); err != nil {
			t.Fatal(err)
		}
		all := changes
		for _, r := range rows {
			all = append(all, column.Change{Row: r, Count: 1})
		}
		if contents(t, table) != string(column.Pack(all)) {
			t.Fatal("a batch after one that failed is not what it should be")
		}
	})
}

// TestWideColumns: keys with more values than fit one byte or two, in one block that grows through all widths, and packed.
func TestWideColumns(t *testing.T) {
	t.Parallel()
	table := column.NewTable()
	var section []column.Change
	const rows = 66_000
	for i := range rows {
		r := column.Row{
			ID: uint64(i) << 40, Population: fact.Customer, Bucket: calendar.Bucket(i / 100), Received: int64(i * i), Weight: 1,
			Keys: []column.Key{{Name: "hundreds", Values: []string{fmt.Sprint(i % 700)}}, {Name: "ticket", Values: []string{fmt.Sprint(i)}}},
		}
		if i%2 == 0 {
			value := question.Centi(i % 20_000)
			r.Answers = []column.Answer{{Question: "q", Kind: question.Rating, Scale: "0-1000/0.01", Value: value}}
		}
		section = append(section, column.Change{Row: r, Count: 1})
	}
	for _, part := range [][]column.Change{section[:100], section[100:300], section[300:40_000], section[40_000:]} {
		if err := table.Load([][]byte{column.Pack(part)}); err != nil {
			t.Fatal(err)
		}
	}
	one := func(key, value string) column.In {
		return column.In{Key: key, Match: func(v string, _ bool) bool { return v == value }}
	}
	for name, c := range map[string]struct {
		where column.Predicate
		want  int64
	}{
		"ticket":           {one("ticket", "65999"), 1},
		"hundreds":         {one("hundreds", "699"), 94},
		"both":             {column.And{one("hundreds", "299"), one("ticket", "299")}, 1},
		"neither":          {column.And{one("hundreds", "298"), one("ticket", "299")}, 0},
		"either":           {column.Or{one("hundreds", "298"), one("ticket", "299")}, 95},
		"score and ticket": {column.And{column.Scored{Question: "q", Match: func(v question.Centi) bool { return v == 400 }}, one("ticket", "20400")}, 1},
		"not ticket":       {column.Not{Predicate: one("ticket", "5")}, rows - 1},
	} {
		r, err := table.Query(column.Query{Population: fact.Customer, Where: c.where})
		if err != nil || r.Coverage.Counted != c.want {
			t.Errorf("%s: %+v, %v, want %d", name, r.Coverage, err, c.want)
		}
	}
	for _, key := range []string{"ticket", "hundreds"} {
		r, err := table.Query(column.Query{Population: fact.Customer, GroupBy: []string{key}, Questions: []string{"q"}})
		if err != nil || len(r.Groups) != map[string]int{"ticket": rows, "hundreds": 700}[key] {
			t.Errorf("%s: %d groups, %v", key, len(r.Groups), err)
		}
	}
	if err := table.Apply(negative(section[:rows-10])); err != nil || table.Len() != 10 {
		t.Errorf("%d rows, %v", table.Len(), err)
	}
	if got := table.Values("hundreds"); len(got) != 700 {
		t.Errorf("%d values", len(got))
	}
}

// TestCachesAreBounded: however many counts are asked for, what is kept of them stays small, and what is counted again is the same.
func TestCachesAreBounded(t *testing.T) {
	t.Parallel()
	table := column.NewTableOf(512)
	s := column.Synthetic{Rows: 5000, Spans: 5}
	for span := range s.Spans {
		if err := table.Load([][]byte{s.Section(span)}); err != nil {
			t.Fatal(err)
		}
	}
	keys, _ := table.Names()
	first := make(map[string]column.Result)
	var most int64
	for range 2 {
		for _, key := range keys {
			q := column.Query{Population: fact.Customer, GroupBy: []string{key}, Questions: []string{"nps", "csat", "ces", "service"}, Choices: []string{"why"}}
			r, err := table.Query(q)
			if err != nil {
				t.Fatal(err)
			}
			if before, ok := first[key]; ok {
				if d := differs(r, before); d != "" {
					t.Fatalf("%s: %s", key, d)
				}
			}
			first[key] = r
			most = max(most, table.Cached())
		}
	}
	if most == 0 || most > 4*5000 {
		t.Errorf("%d bytes are kept", most)
	}
	// Without rows there is nothing to keep.
	for span := range s.Spans {
		var changes []column.Change
		err := column.Unpack(s.Section(span), func(c column.Change) error {
			changes = append(changes, column.Change{Row: c.Row, Count: -1})
			return nil
		})
		if err != nil || table.Apply(changes) != nil {
			t.Fatal(err)
		}
	}
	if table.Len() != 0 || table.Cached() != 0 || table.Blocks() > 1 {
		t.Errorf("%d rows, %d bytes, %d blocks", table.Len(), table.Cached(), table.Blocks())
	}
}

// TestWhatOccurs: names, values, extent.
func TestWhatOccurs(t *testing.T) {
	t.Parallel()
	table := column.NewTable()
	if p := table.Extent(); !p.IsEmpty() || table.Named() || table.Values("channel") != nil {
		t.Errorf("an empty table is from %d to %d", p.First, p.End)
	}
	row := func(id uint64, bucket calendar.Bucket, respondent string) column.Change {
		return column.Change{Count: 1, Row: column.Row{
			ID: id, Population: fact.Customer, Bucket: bucket, Weight: 1, Respondent: column.RespondentID(respondent),
			Keys:    []column.Key{{Name: "channel", Values: []string{"web"}}, {Name: "theme", Values: []string{"price", "queue"}}},
			Answers: []column.Answer{{Question: "nps", Kind: question.NPS, Scale: "0-10", Value: 100}},
		}}
	}
	if err := table.Apply([]column.Change{row(1, -5, ""), row(2, 9, "")}); err != nil {
		t.Fatal(err)
	}
	if p := table.Extent(); p.First != -5 || p.End != 10 || table.Named() {
		t.Errorf("from %d to %d", p.First, p.End)
	}
	if err := table.Apply([]column.Change{row(3, calendar.MaxBucket, "somebody")}); err != nil {
		t.Fatal(err)
	}
	keys, questions := table.Names()
	if !slices.Equal(keys, []string{"channel", "theme"}) || !slices.Equal(questions, []string{"nps"}) || !table.Named() {
		t.Errorf("keys %q, questions %q", keys, questions)
	}
	if p, v := table.Extent(), table.Values("theme"); p.End != calendar.MaxBucket || !slices.Equal(v, []string{"price", "queue"}) {
		t.Errorf("to %d, themes %q", p.End, v)
	}
}
