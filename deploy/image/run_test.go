package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// otklik is the suite's binary: that of OTKLIK_BINARY, else one built here.
func otklik(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("OTKLIK_BINARY"); path != "" {
		return path
	}
	out := filepath.Join(t.TempDir(), "otklik")
	cmd := exec.Command("go", "build", "-trimpath", "-o", out, "./cmd/otklik")
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(os.Environ(), "GOWORK=", "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build otklik: %v\n%s", err, text)
	}
	return out
}

// unpackTo puts an image's files where a process can be shut in with them. Nothing but data can be written to, as with a root file system that
// is mounted read-only and a volume.
func unpackTo(t *testing.T, archive, root string) {
	t.Helper()
	image := onlyImage(t, archive)
	unpack(t, image, func(h *tar.Header, r io.Reader) {
		path := filepath.Join(root, filepath.FromSlash(h.Name))
		switch h.Typeflag {
		case tar.TypeDir:
			if err := os.MkdirAll(path, 0o755); err != nil {
				t.Fatal(err)
			}
		case tar.TypeReg:
			raw, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, raw, fs.FileMode(h.Mode&0o777)); err != nil {
				t.Fatal(err)
			}
		}
	})
	if os.Getuid() == 0 {
		if err := os.Chown(filepath.Join(root, "data"), uid, uid); err != nil {
			t.Fatal(err)
		}
	}
}

// shutIn makes a command run as the image's user with the image's files as its whole world.
func shutIn(cmd *exec.Cmd, root string) {
	cmd.Dir = "/"
	cmd.Env = []string{}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Pdeathsig: syscall.SIGKILL}
	if os.Getuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uid, Gid: uid}
		return
	}
	// Who is not root may still shut a process in within a user namespace.
	cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
	cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: os.Getuid(), Size: 1}}
	cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: os.Getgid(), Size: 1}}
}

// listing is every file of the image but the volume.
func listing(t *testing.T, root string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if path == filepath.Join(root, "data") {
			return filepath.SkipDir
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		found[path] = info.Mode().String() + info.ModTime().String()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestTheSuiteRunsInItsImage starts the image's command with the image's files and no others, and lets it serve and stop.
func TestTheSuiteRunsInItsImage(t *testing.T) {
	t.Parallel()
	archive, root := filepath.Join(t.TempDir(), "layout"), filepath.Join(t.TempDir(), "root")
	if err := run([]string{"-layout", archive, otklik(t)}, io.Discard); err != nil {
		t.Fatal(err)
	}
	// The folders above must let the image's user through.
	for path := root; len(path) > len(os.TempDir()); path = filepath.Dir(path) {
		if err := os.MkdirAll(path, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	unpackTo(t, archive, root)
	before := listing(t, root)

	cmd := exec.Command("/otklik", "all", "--data=/data", "--http=127.0.0.1:0", "--grpc=127.0.0.1:0")
	shutIn(cmd, root)
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start in the image: %v", err)
	}
	defer func() { _ = cmd.Process.Kill() }()
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatalf("read ready line: %v\n%s", err, log.String())
	}
	var ready struct{ HTTP string }
	if err := json.Unmarshal(line, &ready); err != nil {
		t.Fatalf("read ready line %s: %v", line, err)
	}
	client := &http.Client{Timeout: 10 * time.Second}
	response, err := client.Get(ready.HTTP + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("readiness: %s", response.Status)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("stop: %v\n%s", err, log.String())
	}
	after := listing(t, root)
	for path, state := range after {
		if before[path] != state {
			t.Errorf("the program wrote to %s", strings.TrimPrefix(path, root))
		}
	}
}
