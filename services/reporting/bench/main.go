// Command bench measures operations data of a chain of stores: how fast records are imported, how long each analysis of a year takes, and how much memory.
//
//	go run ./services/reporting/bench -stores 20000 -days 365
//
// The year is written to the tables of a SQLite store on disk by SQL; the import that is measured goes through the service's checks, a thousand records a
// transaction. Each analysis is asked in process, of everything. Its memory is what the heap holds at most while it runs beyond what it held before.
package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"syscall"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/services/reporting/internal/api/operations"
	"github.com/otklik/otklik/services/reporting/internal/api/performance"
	"github.com/otklik/otklik/services/reporting/internal/operation"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/store/sqlite"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

const organization = "acme"

// first is the first day of the year, a Monday.
var first = operation.DayOf(time.Date(2025, 1, 6, 0, 0, 0, 0, time.UTC))

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// settings are the flags.
type settings struct {
	stores, days, imported int
	dir                    string
}

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	var s settings
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&s.stores, "stores", 20_000, "stores")
	flags.IntVar(&s.days, "days", 365, "days")
	flags.IntVar(&s.imported, "import", 100_000, "records that are imported one by one, beside the year")
	profile := flags.String("cpuprofile", "", "file to write a profile of the processor into; empty writes none")
	flags.StringVar(&s.dir, "dir", "", "folder of the store; empty makes and removes one")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if s.stores < 10 || s.days < 28 {
		return errors.New("-stores must be at least 10 and -days at least 28")
	}
	if s.dir == "" {
		if s.dir, err = os.MkdirTemp("", "otklik-reporting-bench-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(s.dir)) }()
	}
	path := filepath.Join(s.dir, "reporting.db")
	db, err := sqlite.Open(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if *profile != "" {
		file, err := os.Create(*profile)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	took, err := timed(func() error { return s.fill(ctx, path) })
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d stores × %d days, visitors and sales: written in %.0f s\n\n| what | seconds | of processors | memory, MB |\n|---|---:|---:|---:|\n", s.stores, s.days, took.Seconds())
	var conn inprocgrpc.Channel
	segmentationv1.RegisterDirectoryServiceServer(&conn, directory{stores: s.stores})
	now := func() time.Time { return (first + operation.Day(s.days) + 30).Date() }
	b := bench{
		settings: s, out: out, records: &operations.Server{Store: db, Segmentation: peers.NewSegmentation(&conn), Zone: time.UTC, Now: now},
		stores: &performance.Server{Operations: db, Segmentation: peers.NewSegmentation(&conn), Zone: time.UTC},
	}
	b.kpis = &performance.Kpis{Store: db, Performance: b.stores, Zone: time.UTC, Now: now}
	return b.all(authn.WithPrincipal(ctx, authn.Principal{Organization: organization}))
}

// fill writes a year of visitors, sales and presses of all stores, and the changes of policies in it.
func (s settings) fill(ctx context.Context, path string) (err error) {
	db, err := sql.Open("sqlite", path+"?_pragma=cache_size(-400000)&_pragma=synchronous(0)&_pragma=temp_store(2)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, row := range []struct{ currency, values string }{
		{"", "1, 0, 0, 0, 1, 100 + (d * 7 + n) % 50 + 40 * (d % 7 = 2), 0, 0, 0, 20 + (d * 3 + n) % 17, 5 + (d + n) % 9, 1, 0"},
		{"KGS", "0, 0, 1, 0, 0, 0, 20 + (d + n) % 9, 100000 + 1000 * ((d * 11 + n) % 90) + 10000 * (d % 7 = 2), 30 + (d * 5 + n) % 13, 0, 0, 0, 0"},
	} {
		_, err := db.ExecContext(ctx, fmt.Sprintf(`INSERT INTO operation_days (organization, location, day, currency, counter_records, stated_records, sales_records, receipt_records,
press_records, visitors, receipts, revenue, units, consultations, likes, dislikes, helps)
WITH RECURSIVE stores (n) AS (SELECT 100000 UNION ALL SELECT n + 1 FROM stores WHERE n < %d), days (d) AS (SELECT %d UNION ALL SELECT d + 1 FROM days WHERE d < %d)
SELECT '%s', 's' || n, d, '%s', %s FROM days, stores`, 100000+s.stores-1, first, int(first)+s.days-1, organization, row.currency, row.values))
		if err != nil {
			return fmt.Errorf("write a year: %w", err)
		}
	}
	return nil
}

// timed tells how long something takes.
func timed(do func() error) (time.Duration, error) {
	start := time.Now()
	err := do()
	return time.Since(start), err
}

// bench measures.
type bench struct {
	settings
	out     io.Writer
	records *operations.Server
	stores  *performance.Server
	kpis    *performance.Kpis
}

// measure prints a row: how long something takes, and by how much the heap grows at most meanwhile.
func (b bench) measure(what string, do func() error) error {
	debug.FreeOSMemory()
	before, most := heap(), uint64(0)
	ended, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			most = max(most, heap())
			select {
			case <-ended:
				return
			case <-tick.C:
			}
		}
	}()
	used := processor()
	took, err := timed(do)
	close(ended)
	<-watched
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	const mega = 1 << 20
	fmt.Fprintf(b.out, "| %s | %.1f | %.1f | %d |\n", what, took.Seconds(), (processor() - used).Seconds(), (max(most, before)-before)/mega)
	return nil
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}

// processor is the processor time that the process has taken.
func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
