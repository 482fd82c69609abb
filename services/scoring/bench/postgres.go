package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/libs/testkit/pgtest"
)

// postgres is a PostgreSQL server of its own.
type postgres struct {
	server *pgtest.Server
	conn   *pgx.Conn
}

func startPostgres(ctx context.Context) (*postgres, error) {
	workers := fmt.Sprint(runtime.NumCPU())
	server, err := pgtest.Start(ctx, pgtest.Setting("shared_buffers", "2GB"), pgtest.Setting("work_mem", "256MB"), pgtest.Setting("maintenance_work_mem", "512MB"),
		pgtest.Setting("max_parallel_workers_per_gather", workers), pgtest.Setting("max_parallel_workers", workers), pgtest.Setting("timezone", "UTC"),
		pgtest.Setting("max_wal_size", "4GB"), pgtest.Setting("wal_level", "minimal"), pgtest.Setting("max_wal_senders", "0"), pgtest.Setting("autovacuum", "off"))
	if err != nil {
		return nil, err
	}
	conn, err := pgx.Connect(ctx, server.DSN())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("connect: %w", err), server.Remove())
	}
	return &postgres{server: server, conn: conn}, nil
}

func (p *postgres) remove() error {
	return errors.Join(p.conn.Close(context.Background()), p.server.Remove())
}

// fill makes the table anew.
func (p *postgres) fill(ctx context.Context, n int) error {
	columns := []string{"counted timestamptz NOT NULL"}
	names := []string{"counted"}
	for _, k := range keys {
		columns, names = append(columns, k.column+" smallint NOT NULL"), append(names, k.column)
	}
	for _, q := range questions {
		columns, names = append(columns, q.id+" smallint"), append(names, q.id)
	}
	// A table made in the same transaction needs no log.
	tx, err := p.conn.Begin(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback(ctx) }()
	for _, statement := range []string{"DROP TABLE IF EXISTS responses", "CREATE TABLE responses (" + strings.Join(columns, ", ") + ")"} {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return fmt.Errorf("make the table: %w", err)
		}
	}
	reader, writer := newRows(n)
	go writer()
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{"responses"}, names, reader); err != nil {
		return fmt.Errorf("copy rows: %w", err)
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	if _, err := p.conn.Exec(ctx, "VACUUM (ANALYZE, FREEZE) responses"); err != nil {
		return fmt.Errorf("analyse: %w", err)
	}
	return nil
}

// rowSource hands rows to CopyFrom, a batch at a time.
type rowSource struct {
	batches chan [][]any
	batch   [][]any
}

// newRows is the rows of n responses, which writer makes.
func newRows(n int) (source *rowSource, writer func()) {
	s := &rowSource{batches: make(chan [][]any, 2)}
	return s, func() {
		defer close(s.batches)
		const size = 10_000
		for first := 0; first < n; first += size {
			var batch [][]any
			_ = generate(n, first, min(n, first+size), func(_ int, r *response) error {
				row := make([]any, 0, 1+len(r.keys)+len(r.answers))
				row = append(row, r.at)
				for _, code := range r.keys {
					row = append(row, int16(code))
				}
				for i, code := range r.answers {
					switch {
					case code < 0:
						row = append(row, nil)
					case questions[i].scale.Step == 0:
						row = append(row, int16(code))
					default:
						row = append(row, int16(r.score(i).Float()))
					}
				}
				batch = append(batch, row)
				return nil
			})
			s.batches <- batch
		}
	}
}

// Next tells whether there is another row.
func (s *rowSource) Next() bool {
	if len(s.batch) > 1 {
		s.batch = s.batch[1:]
		return true
	}
	s.batch = <-s.batches
	return len(s.batch) > 0
}

// Values is the row.
func (s *rowSource) Values() ([]any, error) { return s.batch[0], nil }

// Err is never one.
func (*rowSource) Err() error { return nil }

// ask runs the query and returns how many answers were counted.
func (p *postgres) ask(ctx context.Context, q shape, i int) (int64, error) {
	rows, err := p.conn.Query(ctx, q.sql, q.arguments(i)...)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	var n int64
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return 0, err
		}
		for _, v := range values[len(values)-3:] {
			count, _ := v.(int64)
			n += count
		}
	}
	return n, rows.Err()
}
