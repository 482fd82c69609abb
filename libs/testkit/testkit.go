// Package testkit holds what tests of several packages need: free ports, polling with a deadline, a clock to turn by hand, and the path to
// the data sets that are not part of the project.
package testkit

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/testkit/freeport"
)

// FreePort returns a TCP port on the loopback interface that was free a moment ago. Prefer listening on port 0: another process may take
// the port before it is used.
func FreePort(t testing.TB) int {
	t.Helper()
	port, err := freeport.Find()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// pollInterval is the pause between two looks at a condition.
const pollInterval = 5 * time.Millisecond

// Eventually polls cond until it returns nil; after timeout it fails the test with cond's last error.
func Eventually(t testing.TB, timeout time.Duration, cond func() error) {
	t.Helper()
	deadline := time.Now().Add(timeout)
	for {
		err := cond()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %v", timeout, err)
		}
		time.Sleep(pollInterval)
	}
}

// Clock is a clock that tests turn by hand. Safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that stands at start.
func NewClock(start time.Time) *Clock { return &Clock{now: start} }

// Now is the clock's time; pass the method where code wants a func() time.Time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock forward by d.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// SharedData returns the path of a data set that lies beside the project, in shared/data, e.g. SharedData(t, "sfo_airport/sfo_2017.csv.gz").
// Data sets are not part of the project: where one is absent the test is skipped and says so, unless CI=true, when it fails.
func SharedData(t testing.TB, name string) string {
	t.Helper()
	path, err := findShared(name)
	if err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("find data set %s: %v", name, err)
	}
	t.Skipf("the data set %s is not on this machine (%v)", name, err)
	return ""
}

// ModuleRoot returns the directory of the project's root module, found by walking up from the working directory.
func ModuleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find working directory: %w", err)
	}
	for {
		// go.work lies only in the root; nested modules have a go.mod of their own.
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("find module root: %w", fs.ErrNotExist)
		}
		dir = parent
	}
}

func findShared(name string) (string, error) {
	dir, err := ModuleRoot()
	if err != nil {
		return "", err
	}
	for {
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("find shared/data/%s above the project: %w", name, fs.ErrNotExist)
		}
		dir = parent
		path := filepath.Join(dir, "shared", "data", filepath.FromSlash(name))
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
}
