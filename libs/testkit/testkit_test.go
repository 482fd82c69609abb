package testkit_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/testkit"
)

// recorder stands in for a test to see how it is failed or skipped.
type recorder struct {
	testing.TB
	outcome string
}

type stop struct{}

func (r *recorder) Helper() {}

func (r *recorder) Fatalf(string, ...any) {
	r.outcome = "failed"
	panic(stop{})
}

func (r *recorder) Skipf(string, ...any) {
	r.outcome = "skipped"
	panic(stop{})
}

func (r *recorder) run(f func()) (outcome string) {
	defer func() {
		outcome = r.outcome
		if p := recover(); p != nil {
			if _, ok := p.(stop); !ok {
				panic(p)
			}
		}
	}()
	f()
	return ""
}

func TestEventually(t *testing.T) {
	n := 0
	testkit.Eventually(t, time.Minute, func() error {
		if n++; n < 3 {
			return errors.New("not yet")
		}
		return nil
	})
	if n != 3 {
		t.Errorf("looked %d times", n)
	}
	r := &recorder{TB: t}
	if got := r.run(func() { testkit.Eventually(r, 0, func() error { return errors.New("never") }) }); got != "failed" {
		t.Errorf("a condition that never holds: %q", got)
	}
}

func TestFreePort(t *testing.T) {
	if p := testkit.FreePort(t); p <= 0 || p > 65535 {
		t.Errorf("port %d", p)
	}
}

func TestClock(t *testing.T) {
	c := testkit.NewClock(time.Unix(0, 0))
	c.Advance(time.Second)
	if !c.Now().Equal(time.Unix(1, 0)) {
		t.Errorf("the clock shows %v", c.Now())
	}
}

func TestSharedData(t *testing.T) {
	root := t.TempDir()
	project := filepath.Join(root, "project")
	for _, dir := range []string{filepath.Join(project, "libs", "x"), filepath.Join(root, "shared", "data", "set")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(root, "shared", "data", "set", "a.csv")
	for _, name := range []string{file, filepath.Join(project, "go.work")} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(filepath.Join(project, "libs", "x"))

	if got := testkit.SharedData(t, "set/a.csv"); got != file {
		// The working directory may be spelled through a symbolic link.
		if a, errA := filepath.EvalSymlinks(got); errA != nil || a != file {
			t.Errorf("found %s, want %s", got, file)
		}
	}
	r := &recorder{TB: t}
	t.Setenv("CI", "")
	if got := r.run(func() { testkit.SharedData(r, "set/absent.csv") }); got != "skipped" {
		t.Errorf("absent outside of CI: %q", got)
	}
	t.Setenv("CI", "true")
	if got := r.run(func() { testkit.SharedData(r, "set/absent.csv") }); got != "failed" {
		t.Errorf("absent in CI: %q", got)
	}
}
