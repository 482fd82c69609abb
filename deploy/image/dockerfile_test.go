package main

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

func readDockerfile(t *testing.T) []instructions.Stage {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	parsed, err := parser.Parse(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range parsed.Warnings {
		t.Errorf("Dockerfile: %s", w.Short)
	}
	stages, _, err := instructions.Parse(parsed.AST, nil)
	if err != nil {
		t.Fatal(err)
	}
	return stages
}

// TestDockerfileMakesTheSameImage holds the image that Docker builds to the one that is built and run by the other tests.
func TestDockerfileMakesTheSameImage(t *testing.T) {
	t.Parallel()
	stages := readDockerfile(t)
	last := stages[len(stages)-1]
	if last.BaseName != "scratch" {
		t.Errorf("the image is built on %s", last.BaseName)
	}
	want := runConfig(description{})
	copied := map[string]bool{}
	for _, command := range last.Commands {
		switch c := command.(type) {
		case *instructions.UserCommand:
			if c.User != want.User {
				t.Errorf("user %s, want %s", c.User, want.User)
			}
		case *instructions.EntrypointCommand:
			if !slices.Equal(c.CmdLine, want.Entrypoint) {
				t.Errorf("entry point %v, want %v", c.CmdLine, want.Entrypoint)
			}
		case *instructions.CmdCommand:
			if !slices.Equal(c.CmdLine, want.Cmd) {
				t.Errorf("command %v, want %v", c.CmdLine, want.Cmd)
			}
		case *instructions.ExposeCommand:
			for _, port := range c.Ports {
				if _, ok := want.ExposedPorts[port]; !ok {
					t.Errorf("port %s is not exposed by the other image", port)
				}
			}
		case *instructions.VolumeCommand:
			if !slices.Equal(c.Volumes, []string{"/data"}) {
				t.Errorf("volumes %v", c.Volumes)
			}
		case *instructions.StopSignalCommand:
			if c.Signal != want.StopSignal {
				t.Errorf("signal %s, want %s", c.Signal, want.StopSignal)
			}
		case *instructions.WorkdirCommand:
			if c.Path != want.WorkingDir {
				t.Errorf("working directory %s, want %s", c.Path, want.WorkingDir)
			}
		case *instructions.CopyCommand:
			copied[c.DestPath] = true
		case *instructions.EnvCommand:
			t.Errorf("environment variables would come over the user's file: %v", c.Env)
		case *instructions.RunCommand:
			t.Error("nothing can run in an image without a shell")
		case *instructions.LabelCommand:
			for _, label := range c.Labels {
				if fixed, ok := want.Labels[label.Key]; ok && !strings.Contains(label.Value, "$") && strings.Trim(label.Value, `"`) != fixed {
					t.Errorf("label %s=%s, want %s", label.Key, label.Value, fixed)
				}
			}
		}
	}
	for _, path := range []string{"/otklik", "/etc", "/data", "/tmp", "/LICENSE"} {
		if !copied[path] {
			t.Errorf("%s is not in the image", path)
		}
	}
}

// TestDockerfileCopiesWhatIsThere checks the paths that are copied from the work tree and from the folder that the program writes.
func TestDockerfileCopiesWhatIsThere(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "root")
	if err := run([]string{"-root", root, "-licence", filepath.Join("..", "..", "LICENSE")}, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, stage := range readDockerfile(t) {
		for _, command := range stage.Commands {
			c, ok := command.(*instructions.CopyCommand)
			if !ok {
				continue
			}
			for _, source := range c.SourcePaths {
				path := filepath.Join("..", "..", source)
				if inRoot, ok := strings.CutPrefix(source, "/out/root/"); ok {
					path = filepath.Join(root, inRoot)
				} else if c.From != "" {
					continue // written by an earlier stage
				}
				if _, err := os.Stat(path); err != nil {
					t.Errorf("line %d copies %s: %v", c.Location()[0].Start.Line, source, err)
				}
			}
		}
	}
}
