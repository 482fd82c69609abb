package relational

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/reporting/internal/benchmark"
	"github.com/otklik/otklik/services/reporting/internal/store"
)

const (
	benchmarkColumns = `id, update_time, body`
	sqlPutBenchmark  = `INSERT INTO benchmarks (organization, id, series, subject, metric, first_day, last_day, update_time, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (organization, id) DO UPDATE SET series = excluded.series, subject = excluded.subject, metric = excluded.metric, first_day = excluded.first_day,
last_day = excluded.last_day, update_time = excluded.update_time, body = excluded.body`
)

// scanBenchmark reads a row of benchmarkColumns.
func scanBenchmark(row relational.Scanner) (v benchmark.Value, err error) {
	var at int64
	var body []byte
	if err := row.Scan(&v.ID, &at, &body); err != nil {
		return v, err
	}
	if err := json.Unmarshal(body, &v); err != nil {
		return v, fmt.Errorf("decode benchmark %s: %w", v.ID, err)
	}
	v.Time = relational.FromMicro(at)
	return v, nil
}

// PutBenchmarks implements store.Benchmarks.
func (s *Store) PutBenchmarks(ctx context.Context, organization string, values []benchmark.Value, at time.Time, dry bool) (out []store.OperationChange, err error) {
	err = s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		// Who writes those of an organisation takes turns, so that their number is kept.
		if _, err := w.Exec(ctx, sqlTakeOperationsTurn, organization); err != nil {
			return err
		}
		there := map[string]benchmark.Value{}
		err := many(ctx, w, values, func(v benchmark.Value) (string, []any) { return `(id = ?)`, []any{v.ID} },
			`SELECT `+benchmarkColumns+` FROM benchmarks WHERE `, organization, scanBenchmark, func(v benchmark.Value) { there[v.ID] = v })
		if err != nil {
			return err
		}
		count, err := relational.One(ctx, w, relational.Value[int], `SELECT count(*) FROM benchmarks WHERE organization = $1`, organization)
		if err != nil {
			return err
		}
		out = out[:0]
		var rows [][]any
		for _, v := range values {
			change := changeOf(there, v)
			if out = append(out, change); change == store.OperationUnchanged {
				continue
			}
			if change == store.OperationCreated {
				count++
			}
			body, err := json.Marshal(v)
			if err != nil {
				return fmt.Errorf("encode benchmark: %w", err)
			}
			rows = append(rows, []any{organization, v.ID, v.Series, v.Subject, int64(v.Metric), int64(v.First), int64(v.Last), relational.ToMicro(at), string(body)})
		}
		switch {
		case count > store.MostBenchmarks:
			return store.ErrTooMany
		case dry:
			return errDry
		}
		return w.Many(ctx, sqlPutBenchmark, rows)
	})
	if errors.Is(err, errDry) {
		err = nil
	}
	return out, s.db.Explain("store benchmarks", err)
}

// changeOf is what storing a value changes.
func changeOf(there map[string]benchmark.Value, v benchmark.Value) store.OperationChange {
	before, ok := there[v.ID]
	before.Time = v.Time
	switch {
	case !ok:
		return store.OperationCreated
	case reflect.DeepEqual(before, v):
		return store.OperationUnchanged
	}
	return store.OperationUpdated
}

// benchmarksOf is which benchmarks are asked for.
func benchmarksOf(organization string, q store.BenchmarkQuery) *condition {
	c := where(organization)
	for _, of := range []struct {
		column string
		values []string
	}{{"id", q.IDs}, {"series", q.Series}, {"subject", q.Subjects}} {
		if of.values != nil {
			c.among(of.column, of.values)
		}
	}
	if q.Metric != 0 {
		c.and("metric = " + c.arg(int64(q.Metric)))
	}
	if q.First != 0 {
		c.and("last_day >= " + c.arg(int64(q.First)))
	}
	if q.Last != 0 {
		c.and("first_day <= " + c.arg(int64(q.Last)))
	}
	return c
}

// ListBenchmarks implements store.Benchmarks.
func (s *Store) ListBenchmarks(ctx context.Context, organization string, q store.BenchmarkQuery, after string, limit int) ([]benchmark.Value, error) {
	c := benchmarksOf(organization, q)
	c.and("id > " + c.arg(after))
	found, err := relational.ListOnce(ctx, s.db, scanBenchmark, `SELECT `+benchmarkColumns+` FROM benchmarks WHERE `+c.text.String()+` ORDER BY id LIMIT `+c.arg(limit), c.args...)
	return found, s.db.Explain("list benchmarks", err)
}

// DeleteBenchmarks implements store.Benchmarks.
func (s *Store) DeleteBenchmarks(ctx context.Context, organization string, q store.BenchmarkQuery) (removed int64, err error) {
	c := benchmarksOf(organization, q)
	err = s.db.Update(ctx, func(ctx context.Context, w relational.Writer) (err error) {
		removed, err = w.Exec(ctx, `DELETE FROM benchmarks WHERE `+c.text.String(), c.args...)
		return err
	})
	return removed, s.db.Explain("delete benchmarks", err)
}
