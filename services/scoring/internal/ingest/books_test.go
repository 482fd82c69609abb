package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/otklik/otklik/services/scoring/internal/cell"
	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/delta"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/live"
	"github.com/otklik/otklik/services/scoring/internal/store"
	"github.com/otklik/otklik/services/scoring/internal/surveys"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// wantEqualBooks compares cells and rows.
func wantEqualBooks(t failer, what string, got, want *live.Book) {
	t.Helper()
	if err := unequal(got, want); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// unequal says in what two books differ; nil when they do not.
func unequal(got, want *live.Book) error {
	for _, d := range cube.Diff(got.Cube, want.Cube, 1) {
		return fmt.Errorf("cell %+v counts %v, want %v", d.Key, d.A, d.B)
	}
	if g, w := got.Surveys(), want.Surveys(); !slices.Equal(g, w) {
		return fmt.Errorf("surveys %q, want %q", g, w)
	}
	for _, survey := range append(want.Surveys(), "none") {
		difference, err := rowsOf(got, survey)
		if err != nil {
			return err
		}
		wanted, err := rowsOf(want, survey)
		if err != nil {
			return err
		}
		for _, c := range wanted {
			difference = append(difference, column.Change{Row: c.Row, Count: -1})
		}
		if err := column.Unpack(column.Pack(difference), func(c column.Change) error {
			return fmt.Errorf("%+v, %+d", c.Row, c.Count)
		}); err != nil {
			return fmt.Errorf("survey %s has a row too many or too few: %w", survey, err)
		}
	}
	return nil
}

// rowsOf lists the rows of a survey.
func rowsOf(b *live.Book, survey string) ([]column.Change, error) {
	table, complete := b.Table(survey)
	if !complete {
		return nil, fmt.Errorf("rows of survey %s are missing", survey)
	}
	var rows []column.Change
	for p := fact.Customer; p.Valid(); p++ {
		if _, err := table.Scan(column.Query{Population: p}, func(v column.RowView) error {
			rows = append(rows, column.Change{Row: v.Row(), Count: 1})
			return nil
		}); err != nil {
			return nil, fmt.Errorf("scan: %w", err)
		}
	}
	if len(rows) != table.Len() {
		return nil, fmt.Errorf("%d rows of survey %s, of %d", len(rows), survey, table.Len())
	}
	return rows, nil
}

// wantNothingKept sees to it that no chunk of a store holds rows of what a log has removed: neither as added nor as taken away.
func wantNothingKept(t failer, st store.Store, log []*surveyv1.Event) {
	t.Helper()
	gone := make(map[uint64]string)
	for _, e := range log {
		name := e.GetRemoved().GetName()
		if survey, id, err := surveys.ParseItem(name, "responses"); err == nil {
			gone[column.RowID(delta.ResponseKind, survey, id)] = e.GetOrganization() + name
		} else if survey, id, err := surveys.ParseItem(name, "refusals"); err == nil {
			gone[column.RowID(delta.RefusalKind, survey, id)] = e.GetOrganization() + name
		}
	}
	_, err := st.Cells(context.Background(), func(org, survey string, _ cell.Span, chunks [][]byte) error {
		// Chunk by chunk: together they add up to nothing.
		sections, err := cell.Rows(chunks)
		for _, section := range sections {
			err = errors.Join(err, column.Unpack(section, func(c column.Change) error {
				if name := gone[c.Row.ID]; strings.HasPrefix(name, org) {
					return fmt.Errorf("%+d row of %s, which was removed, is in a chunk of survey %s", c.Count, name, survey)
				}
				return nil
			}))
		}
		return err
	})
	if err != nil {
		t.Fatalf("stored rows: %v", err)
	}
}
