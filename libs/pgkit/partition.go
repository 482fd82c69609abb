package pgkit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/libs/pause"
)

const (
	// monthsAhead is for how many months after the present one partitions are made.
	monthsAhead = 3
	// partitionInterval is how often a running service looks whether a partition is missing.
	partitionInterval = time.Hour
	// partitionLockTimeout bounds the wait for a table that is in use, since everybody else waits behind it.
	partitionLockTimeout = 2 * time.Second
)

// KeepPartitions makes partitions for the months ahead, now and every hour, until ctx ends. What fails is logged and tried again: meanwhile the
// default partitions take what has no other. now is the clock.
func (db *DB) KeepPartitions(ctx context.Context, schema Schema, now func() time.Time) {
	for {
		if err := db.EnsurePartitions(ctx, schema, now()); err != nil && ctx.Err() == nil {
			db.log.WarnContext(ctx, "partitions cannot be made; the default partitions take the rows meanwhile", "schema", db.config.Schema, "error", err)
		}
		if pause.For(ctx, partitionInterval) != nil {
			return
		}
	}
}

// EnsurePartitions makes the partitions of the month of a moment and of those ahead, and moves rows that lie in the default partition into
// the one that is made for them. Processes that do so at once wait for each other. One that exists is left as it is, one that was detached is not
// made again. ErrBusy when a table is in use for too long.
func (db *DB) EnsurePartitions(ctx context.Context, schema Schema, now time.Time) error {
	var errs []error
	for _, table := range schema.Partitioned {
		months, err := db.missing(ctx, table, now)
		if err != nil {
			return fmt.Errorf("look for partitions of %s: %w", table, Translate(err))
		}
		for _, month := range months {
			if err := db.makePartition(ctx, table, month); err != nil && !errors.Is(err, errPresent) {
				errs = append(errs, fmt.Errorf("make partition %s: %w", partitionName(table, month), err))
			}
		}
	}
	return errors.Join(errs...)
}

// missing lists the months that have no table.
func (db *DB) missing(ctx context.Context, table string, now time.Time) ([]time.Time, error) {
	now = now.UTC()
	var months []time.Time
	for i := range monthsAhead + 1 {
		months = append(months, time.Date(now.Year(), now.Month()+time.Month(i), 1, 0, 0, 0, 0, time.UTC))
	}
	var names []string
	for _, m := range months {
		names = append(names, partitionName(table, m))
	}
	rows, err := db.Pool.Query(ctx, `SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = ANY($2)`,
		db.config.Schema, names)
	if err != nil {
		return nil, err
	}
	present, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(months, func(m time.Time) bool { return slices.Contains(present, partitionName(table, m)) }), nil
}

// partitionName is that of a table's partition for a month.
func partitionName(table string, month time.Time) string {
	return fmt.Sprintf("%s_p%04d_%02d", table, month.Year(), month.Month())
}

// makePartition makes one partition. The table is made aside and attached, which lets readers and writers of the other partitions go on.
func (db *DB) makePartition(ctx context.Context, table string, month time.Time) error {
	return db.Update(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, lockKey(db.config.Schema, "partitions")); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "SET LOCAL lock_timeout = "+strconv.FormatInt(partitionLockTimeout.Milliseconds(), 10)); err != nil {
			return err
		}
		column, kind, err := partitionKey(ctx, tx, db.config.Schema, table)
		if err != nil {
			return err
		}
		from, to, err := bounds(kind, month)
		if err != nil {
			return err
		}
		parent := pgx.Identifier{db.config.Schema, table}.Sanitize()
		name := pgx.Identifier{db.config.Schema, partitionName(table, month)}.Sanitize()
		spare := pgx.Identifier{db.config.Schema, table + "_default"}.Sanitize()
		key := pgx.Identifier{column}.Sanitize()
		for _, statement := range []string{
			"CREATE TABLE " + name + " (LIKE " + parent + " INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE INCLUDING GENERATED)",
			// Nobody may add rows of the month to the default partition between the move and the commit.
			"LOCK TABLE " + spare + " IN SHARE ROW EXCLUSIVE MODE",
			"WITH moved AS (DELETE FROM " + spare + " WHERE " + key + " >= " + from + " AND " + key + " < " + to + " RETURNING *) INSERT INTO " + name + " SELECT * FROM moved",
			"ALTER TABLE " + parent + " ATTACH PARTITION " + name + " FOR VALUES FROM (" + from + ") TO (" + to + ")",
		} {
			if _, err := tx.Exec(ctx, statement); err != nil {
				if Code(err) == codeDuplicateTable {
					// Another process was faster.
					return errPresent
				}
				return err
			}
		}
		return nil
	})
}

// errPresent tells that the partition is there.
var errPresent = errors.New("the partition is there")

// bounds are the first moment of a month and that after the last as literals.
func bounds(kind string, month time.Time) (from, to string, err error) {
	next := month.AddDate(0, 1, 0)
	switch kind {
	case "timestamp with time zone":
		return "'" + month.Format(time.RFC3339) + "'::timestamptz", "'" + next.Format(time.RFC3339) + "'::timestamptz", nil
	case "bigint":
		return strconv.FormatInt(month.UnixNano(), 10), strconv.FormatInt(next.UnixNano(), 10), nil
	}
	return "", "", fmt.Errorf("the partition key is of type %s, want timestamptz or bigint", kind)
}

// partitionKey is the column by which a table is divided, and its type.
func partitionKey(ctx context.Context, tx pgx.Tx, schema, table string) (column, kind string, err error) {
	const query = `SELECT a.attname, format_type(a.atttypid, NULL)
		FROM pg_partitioned_table p JOIN pg_class c ON c.oid = p.partrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = p.partattrs[0]
		WHERE n.nspname = $1 AND c.relname = $2 AND p.partstrat = 'r' AND p.partnatts = 1`
	err = tx.QueryRow(ctx, query, schema, table).Scan(&column, &kind)
	if errors.Is(err, pgx.ErrNoRows) {
		err = fmt.Errorf("table %s is not partitioned by the range of one column", table)
	}
	return column, kind, err
}
