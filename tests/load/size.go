package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/otklik/otklik/tests/harness"
)

const (
	megabyte     = 1 << 20
	starts       = 7
	startTarget  = time.Second
	memoryTarget = 80 * megabyte
	binaryTarget = 70 * megabyte
	// settle is how long an idle process is left alone before its memory is read.
	settle = 10 * time.Second
)

// measureSize measures what the suite costs before anybody uses it.
func measureSize(ctx context.Context, _ settings, r *report) (err error) {
	binary, err := harness.Binary(ctx)
	if err != nil {
		return err
	}
	info, err := os.Stat(binary)
	if err != nil {
		return fmt.Errorf("look at the binary: %w", err)
	}
	r.hold("binary", megabytes(info.Size()), "< "+megabytes(binaryTarget), info.Size() < binaryTarget, "size of the file, as `make build` leaves it")

	var times durations
	for range starts {
		took, err := startOnce(ctx)
		if err != nil {
			return err
		}
		times = append(times, took)
	}
	slowest := times.quantile(1)
	r.hold(fmt.Sprintf("start to ready, slowest of %d", starts), milliseconds(slowest), "< "+milliseconds(startTarget), slowest < startTarget,
		"from the start of the process to the ready line, empty folder")

	suite, err := harness.Start(ctx, harness.Options{})
	if err != nil {
		return err
	}
	defer discard(suite, &err)
	if err := pause(ctx, settle); err != nil {
		return err
	}
	resident, err := residentBytes(suite.PID(harness.All))
	if err != nil {
		return err
	}
	r.hold("idle memory", megabytes(resident), "< "+megabytes(memoryTarget), resident < memoryTarget, fmt.Sprintf("VmRSS %v after the start, empty folder", settle))
	return nil
}

func startOnce(ctx context.Context) (_ time.Duration, err error) {
	suite, err := harness.Start(ctx, harness.Options{})
	if err != nil {
		return 0, err
	}
	defer discard(suite, &err)
	return suite.StartTime(harness.All), nil
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/megabyte) }
