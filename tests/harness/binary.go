package harness

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"github.com/otklik/otklik/libs/testkit"
)

// EnvBinary names the environment variable that holds the path of the binary to test. A relative path begins in the root of the
// project. Without it the binary is built, once in a test run.
const EnvBinary = "OTKLIK_BINARY"

var binary = sync.OnceValues(buildBinary)

// Binary returns the path of the program under test.
func Binary(ctx context.Context) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", fmt.Errorf("find the binary: %w", err)
	}
	return binary()
}

func buildBinary() (string, error) {
	root, err := testkit.ModuleRoot()
	if err != nil {
		return "", err
	}
	if path := os.Getenv(EnvBinary); path != "" {
		if !filepath.IsAbs(path) {
			path = filepath.Join(root, path)
		}
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("find the binary named by %s: %w", EnvBinary, err)
		}
		return path, nil
	}
	// Built aside and renamed: packages of tests run at the same time, and each may build it.
	path := filepath.Join(root, "bin", "otklik-under-test")
	aside := fmt.Sprintf("%s.%d", path, os.Getpid())
	// Without cancellation: the binary is shared by all tests of the run.
	cmd := exec.CommandContext(context.Background(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", aside, "./cmd/otklik")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the binary: %w: %s", err, out)
	}
	if err := os.Rename(aside, path); err != nil {
		return "", fmt.Errorf("keep the binary: %w", err)
	}
	return path, nil
}
