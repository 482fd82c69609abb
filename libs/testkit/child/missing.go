package child

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// MissingError tells that a program is not installed.
type MissingError struct {
	Program string
	// Remedy is how to install it.
	Remedy string
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("%s is not installed: %s", e.Program, e.Remedy)
}

// Find looks a program up in the search path and in further folders, which may be patterns; the last match of a pattern wins, as it is the newest of
// several versions. A *MissingError when there is none.
func Find(program, remedy string, folders ...string) (string, error) {
	for _, folder := range folders {
		found, err := filepath.Glob(filepath.Join(folder, program))
		if err != nil {
			return "", fmt.Errorf("find %s: %w", program, err)
		}
		if len(found) > 0 {
			return found[len(found)-1], nil
		}
	}
	path, err := exec.LookPath(program)
	if err != nil {
		return "", &MissingError{Program: program, Remedy: remedy}
	}
	return path, nil
}

// Must fails the test for an error. A program that is not installed skips it instead, and says so - but not in continuous integration, where
// nothing may be left out.
func Must(t testing.TB, err error) {
	t.Helper()
	if err == nil {
		return
	}
	var missing *MissingError
	if errors.As(err, &missing) && os.Getenv("CI") == "" {
		t.Skipf("skipped: %v", err)
	}
	t.Fatal(err)
}
