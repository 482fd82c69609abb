package main

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/otklik/otklik/libs/testkit"
)

// TestSameBytes learns the models again and compares them with those in the tree. It runs the command, since that is ten times
// as fast without the race detector.
func TestSameBytes(t *testing.T) {
	if testing.Short() {
		t.Skip("training takes most of a minute")
	}
	data := filepath.Dir(testkit.SharedData(t, "../train/README.md"))
	root, err := testkit.ModuleRoot()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "go", "run", "./services/comment/train", "-data", data, "-verify") //nolint:gosec // our own path
	command.Dir = root
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("training again: %v\n%s", err, out)
	}
}
