package child

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
)

// Folder is a temporary folder.
type Folder struct {
	Path string

	alive  io.Closer
	sweep  *exec.Cmd
	once   sync.Once
	result error
}

// sweepScript waits until the pipe on its input closes, which it does when the test process ends, and removes the folder. Servers that die at the
// same moment may still write, so that it tries more than once.
const sweepScript = `cat >/dev/null; for i in 1 2 3 4 5 6 7 8 9 10; do rm -rf -- "$0" 2>/dev/null; [ -e "$0" ] || exit 0; sleep 0.5; done; exit 1`

// NewFolder makes a temporary folder that belongs to the user, which may be nil. It is removed by Remove, or when the test process ends.
func NewFolder(pattern string, user *User) (*Folder, error) {
	path, err := os.MkdirTemp("", pattern)
	if err != nil {
		return nil, fmt.Errorf("make temporary folder: %w", err)
	}
	if user != nil {
		if err := os.Chown(path, int(user.UID), int(user.GID)); err != nil {
			return nil, errors.Join(fmt.Errorf("give folder to its user: %w", err), os.Remove(path))
		}
	}
	f := &Folder{Path: path, sweep: exec.Command("/bin/sh", "-c", sweepScript, path)} //nolint:noctx // it outlives every context
	f.sweep.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if f.alive, err = f.sweep.StdinPipe(); err == nil {
		err = f.sweep.Start()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("watch over temporary folder: %w", err), os.Remove(path))
	}
	return f, nil
}

// Remove removes the folder. Safe to call twice.
func (f *Folder) Remove() error {
	f.once.Do(func() {
		_ = f.alive.Close()
		if err := f.sweep.Wait(); err != nil {
			f.result = fmt.Errorf("remove %s: %w", f.Path, err)
		}
	})
	return f.result
}
