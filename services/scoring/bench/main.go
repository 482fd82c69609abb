// Command bench measures how fast scoring answers over many responses, beside PostgreSQL on the same rows in the same run, and prints a table, each
// figure with the target that it has to meet. It exits with 1 when a target is missed.
//
//	go run ./services/scoring/bench -rows 10000000 -svg docs/scoring-cost.svg
//
// A response has five answers and twelve keys (see rows.go). Ours is the whole service over a store of its own on disk, asked in process through all
// interceptors. PostgreSQL is a server of its own with the rows in one table of plain columns, keys as smallint codes, everything in memory and
// parallel workers on; no index would help, since any key may be asked for.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// settings are the flags.
type settings struct {
	rows, runs, events int
	postgres           bool
	svg, dir           string
}

var errMissed = errors.New("a target was missed")

func run(ctx context.Context, args []string, out, progress io.Writer) error {
	var s settings
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(progress)
	flags.IntVar(&s.rows, "rows", 10_000_000, "responses")
	flags.IntVar(&s.runs, "runs", 400, "runs of each of our queries; PostgreSQL's are a twentieth of it")
	flags.IntVar(&s.events, "events", 200_000, "responses that come in while queries run, into the index and through the durable store")
	flags.BoolVar(&s.postgres, "postgres", true, "measure PostgreSQL too")
	flags.StringVar(&s.svg, "svg", "", "file to draw the cost of queries against the number of rows into; empty draws nothing")
	flags.StringVar(&s.dir, "dir", "", "folder to keep filled stores in, and to find them in again; empty makes and removes one")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if s.rows < 1000 || s.runs < 20 {
		return errors.New("-rows must be at least 1,000 and -runs at least 20")
	}
	if s.dir == "" {
		dir, err := os.MkdirTemp("", "otklik-scoring-bench-")
		if err != nil {
			return fmt.Errorf("make a folder: %w", err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		s.dir = dir
	}
	b := &bench{settings: s, progress: progress, report: &report{}}
	err := b.measure(ctx)
	fmt.Fprintf(out, "%s rows of 5 answers and %d keys. Machine: %d cores, %s/%s, %s.\n\n", thousands(s.rows), len(keys), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
	// What was measured before a failure is worth showing all the same.
	if err := errors.Join(err, b.report.write(out)); err != nil {
		return err
	}
	if s.svg != "" {
		if err := os.WriteFile(s.svg, b.curve.draw(), 0o644); err != nil { //nolint:gosec // a picture for everybody
			return fmt.Errorf("write the curve: %w", err)
		}
	}
	if b.report.missed() {
		return errMissed
	}
	return nil
}

// bench is one run.
type bench struct {
	settings
	progress io.Writer
	report   *report
	curve    curve
	postgres *postgres
}

// step tells what is being done, and how long it took.
func (b *bench) step(what string, f func() error) error {
	fmt.Fprintf(b.progress, "%s …", what)
	began := time.Now()
	if err := f(); err != nil {
		fmt.Fprintln(b.progress)
		return fmt.Errorf("%s: %w", what, err)
	}
	fmt.Fprintf(b.progress, " %.1f s\n", time.Since(began).Seconds())
	return nil
}

// measure takes all figures: of the sizes of the curve first, of all rows last, when the machine has nothing else to remember.
func (b *bench) measure(ctx context.Context) error {
	if b.settings.postgres {
		if err := b.step("start PostgreSQL", func() (err error) {
			b.postgres, err = startPostgres(ctx)
			return err
		}); err != nil {
			return err
		}
		defer func() { _ = b.postgres.remove() }()
	}
	for _, n := range sizes(b.rows) {
		if err := b.size(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// sizes are the numbers of rows that are measured: powers of ten from 10,000 on, and all.
func sizes(rows int) []int {
	var list []int
	for n := 10_000; n < rows; n *= 10 {
		list = append(list, n)
	}
	return append(list, rows)
}

// size measures with a number of rows; with all of them it fills the table.
func (b *bench) size(ctx context.Context, n int) error {
	whole := n == b.rows
	path := filepath.Join(b.dir, fmt.Sprintf("scoring-%d.db", n))
	if _, err := os.Stat(path); err != nil {
		if err := b.step(fmt.Sprintf("fill our store with %s rows", thousands(n)), func() error { return fill(ctx, path, n) }); err != nil {
			return err
		}
	}
	// What is filled stays as it is: the service counts more later.
	work, err := duplicate(path)
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(filepath.Dir(work)) }()
	if b.postgres != nil {
		if err := b.step(fmt.Sprintf("fill PostgreSQL with %s rows", thousands(n)), func() error { return b.postgres.fill(ctx, n) }); err != nil {
			return err
		}
	}
	if whole {
		if err := b.step("load rows and add to them", func() error { return b.index(ctx, work) }); err != nil {
			return err
		}
	}
	before := heap()
	clock := startWatch()
	s, err := serve(ctx, work, n)
	if err != nil {
		return err
	}
	defer func() { _ = s.stop() }()
	took, cpu := clock.stop()
	if whole {
		b.report.hold("start of the service: load from disk (SQLite, files in the page cache)", fmt.Sprintf("%s, %s of CPU", seconds(took), seconds(cpu)), "≤ 15 s", took <= 15*time.Second)
		b.report.tell("memory of all that is loaded, rows and cells", fmt.Sprintf("%.0f bytes a response", float64(heap()-before)/float64(n)))
	}
	if err := b.step(fmt.Sprintf("ask %s rows", thousands(n)), func() error { return b.queries(ctx, s, n) }); err != nil {
		return err
	}
	if whole {
		return b.step("count what comes in while queries run", func() error { return b.stream(ctx, s) })
	}
	return nil
}

// duplicate copies a store into a folder of its own beside it.
func duplicate(path string) (string, error) {
	from, err := os.Open(path) //nolint:gosec // a file that this program has made
	if err != nil {
		return "", fmt.Errorf("open the store: %w", err)
	}
	defer func() { _ = from.Close() }()
	folder, err := os.MkdirTemp(filepath.Dir(path), "work-")
	if err != nil {
		return "", fmt.Errorf("make a folder: %w", err)
	}
	to, err := os.Create(filepath.Join(folder, filepath.Base(path)))
	if err != nil {
		return "", fmt.Errorf("make a store: %w", err)
	}
	_, err = io.Copy(to, from)
	if err := errors.Join(err, to.Close()); err != nil {
		return "", fmt.Errorf("copy the store: %w", err)
	}
	return to.Name(), nil
}

// heap is the memory in use.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
