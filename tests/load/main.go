// Command load measures the speed and the size of the suite and prints a table, each figure with the way it was made and the target that it
// has to meet. It exits with 1 when a target is missed.
//
//	go run ./tests/load -binary bin/otklik
//
// The load generator runs on the machine that it measures, as small as it could be made: raw HTTP/1.1 over persistent loopback connections,
// bodies built beforehand. Figures that compare are taken in alternating rounds in the same run, so that drift of the machine cancels out.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/otklik/otklik/tests/harness"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

// settings are the flags.
type settings struct {
	seconds int
	only    []string
	answers int
	rows    int
	events  int
}

// measurement is a group of figures that are taken together.
type measurement struct {
	name string
	take func(ctx context.Context, s settings, r *report) error
}

var errMissed = errors.New("a target was missed")

func run(ctx context.Context, args []string, out, progress io.Writer) error {
	measurements := []measurement{
		{"size", measureSize}, {"throughput", measureThroughput}, {"visible", measureVisible}, {"import", measureImport}, {"query", measureQuery}, {"map", measureMap},
		{"scorecards", measureScorecards}, {"exports", measureExports},
		{"postgres", measurePostgres}, {"events", measureEvents}, {"freshness", measureFreshness},
	}
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	flags.SetOutput(progress)
	binary := flags.String("binary", "", "the program to measure; built when empty")
	seconds := flags.Int("seconds", 60, "length of each measurement of throughput")
	only := flags.String("only", "", "comma-separated names of measurements: size, throughput, visible, import, query, map, scorecards, exports, postgres, events, freshness; empty means all")
	answers := flags.Int("answers", 1_000_000, "answers stored when queries and maps are measured")
	rows := flags.Int("rows", 100_000, "rows imported")
	events := flags.Int("events", 200_000, "events that wait in Redis when scoring's speed is measured")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *binary != "" {
		if err := os.Setenv(harness.EnvBinary, *binary); err != nil {
			return fmt.Errorf("name the binary: %w", err)
		}
	}
	s := settings{seconds: *seconds, answers: *answers, rows: *rows, events: *events}
	if *only != "" {
		s.only = strings.Split(*only, ",")
	}
	r := &report{}
	var failed error
	for _, m := range measurements {
		if len(s.only) > 0 && !slices.Contains(s.only, m.name) {
			continue
		}
		began := time.Now()
		fmt.Fprintf(progress, "measuring %s …", m.name)
		if err := m.take(ctx, s, r); err != nil {
			// What was measured before is worth showing all the same.
			failed = fmt.Errorf("measure %s: %w", m.name, err)
			break
		}
		fmt.Fprintf(progress, " %.0f s\n", time.Since(began).Seconds())
	}
	fmt.Fprintf(out, "Command: `go run ./tests/load %s`. Machine: %d cores, %s/%s, %s.\n\n", strings.Join(args, " "), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
	if err := r.write(out); err != nil {
		return err
	}
	if failed == nil && r.missed() {
		return errMissed
	}
	return failed
}
