package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/cell"
	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/delta"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/store/sqlite"
)

// index measures the rows alone, without the cells of totals: how fast they are loaded from the store, how much memory they take, and how many
// are added a second while queries run over them.
func (b *bench) index(ctx context.Context, path string) error {
	st, err := sqlite.Open(ctx, path)
	if err != nil {
		return fmt.Errorf("open the store: %w", err)
	}
	before := heap()
	table := column.NewTable()
	var packed int
	clock := startWatch()
	_, err = st.Cells(ctx, func(_, _ string, _ cell.Span, chunks [][]byte) error {
		sections, err := cell.Rows(chunks)
		if err != nil {
			return err
		}
		for _, s := range sections {
			packed += len(s)
		}
		return table.Load(sections)
	})
	took, cpu := clock.stop()
	if err := errors.Join(err, st.Close()); err != nil {
		return fmt.Errorf("load rows: %w", err)
	}
	if table.Len() != b.rows {
		return fmt.Errorf("%d rows are loaded, not %d", table.Len(), b.rows)
	}
	bytes := float64(heap()-before) / float64(b.rows)
	b.report.tell("rows alone, from the store into the index", fmt.Sprintf("%s, %.0f ns of CPU a row, %.0f bytes on disk", seconds(took), float64(cpu.Nanoseconds())/float64(b.rows), float64(packed)/float64(b.rows)))
	b.report.hold("memory of rows", fmt.Sprintf("%.1f bytes a response", bytes), "≤ 60 bytes", bytes <= 60)
	if err := b.apply(table); err != nil {
		return err
	}
	runtime.KeepAlive(table)
	return nil
}

// apply adds rows to a table, in batches of 500, while a query is always running.
func (b *bench) apply(table *column.Table) error {
	const batch = 500
	var changes []column.Change
	if err := generate(b.events, 0, b.events, func(i int, r *response) error {
		f := r.fact(b.rows + i)
		// As they come in: at the end of the time.
		f.CountTime = firstDay.AddDate(0, 0, days).Add(-time.Hour + time.Duration(i)*time.Hour/time.Duration(b.events))
		changes = append(changes, column.Change{Row: delta.RowOf(f), Count: 1})
		return nil
	}); err != nil {
		return err
	}
	steps, err := calendar.Steps(all(), calendar.Week, time.UTC, days)
	if err != nil {
		return fmt.Errorf("make steps: %w", err)
	}
	var stop atomic.Bool
	var asked int
	done := make(chan error, 1)
	go func() {
		var err error
		for i := 0; err == nil && !stop.Load(); i++ {
			is := func(k int) column.In {
				want := keys[k].value(uint8(i % keys[k].values))
				return column.In{Key: keys[k].name, Match: func(v string, _ bool) bool { return v == want }}
			}
			_, err = table.Query(column.Query{
				Population: fact.Customer, Questions: []string{"nps"}, Steps: steps, Where: column.And{is(region), is(channel), is(age)},
			})
			asked++
		}
		done <- err
	}()
	began := time.Now()
	for first := 0; first < len(changes); first += batch {
		if err := table.Apply(changes[first:min(len(changes), first+batch)]); err != nil {
			stop.Store(true)
			return errors.Join(fmt.Errorf("apply rows: %w", err), <-done)
		}
	}
	took := time.Since(began)
	stop.Store(true)
	if err := <-done; err != nil {
		return fmt.Errorf("ask while rows are added: %w", err)
	}
	rate := float64(len(changes)) / took.Seconds()
	b.report.hold("events into the index while a query with three filters always runs", fmt.Sprintf("%s/s, and %.0f queries/s", thousands(int(rate)), float64(asked)/took.Seconds()),
		"≥ 50,000/s", rate >= 50_000)
	return nil
}
