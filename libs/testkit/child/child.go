// Package child runs servers for tests as child processes in temporary folders. Neither the processes nor the folders outlive the test
// process, however that ends.
package child

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// Command says what to run.
type Command struct {
	// Path of the program and its arguments.
	Path string
	Args []string
	// Dir is the working directory.
	Dir string
	// User is whom the process runs as; nil means whoever runs the test.
	User *User
	// Output is the file that gets what the process writes, added to what is there.
	Output string
	// DeathSignal is sent to the process when the test process is gone; 0 means SIGKILL.
	DeathSignal syscall.Signal
}

// Process is a running child process, or one that has ended.
type Process struct {
	process *os.Process
	output  string
	done    chan struct{}
	err     error
}

// Start starts a process.
func Start(c Command) (*Process, error) {
	output, err := os.OpenFile(c.Output, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	if err != nil {
		return nil, fmt.Errorf("open output of %s: %w", filepath.Base(c.Path), err)
	}
	cmd := exec.Command(c.Path, c.Args...) //nolint:noctx // it ends by signals, some of which tests choose
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.Dir, output, output
	death := c.DeathSignal
	if death == 0 {
		death = syscall.SIGKILL
	}
	// A group of its own, so that an interrupt typed at the terminal reaches the test only.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: death}
	if c.User != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: c.User.UID, Gid: c.User.GID, NoSetGroups: !c.User.setGroups}
	}
	p := &Process{output: c.Output, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The death signal is sent when the thread that started the child ends, so that thread has to stay.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		_ = output.Close() // the child has it
		if err == nil {
			p.process = cmd.Process
		}
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", filepath.Base(c.Path), err)
	}
	return p, nil
}

// Pid is the process's number.
func (p *Process) Pid() int { return p.process.Pid }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Running tells whether the process has not ended.
func (p *Process) Running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// Signal sends a signal; a process that has ended is no error.
func (p *Process) Signal(s syscall.Signal) error {
	if err := p.process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal process %d: %w", p.Pid(), err)
	}
	return nil
}

// stopPatience is how long a process may take to end before it is killed.
const stopPatience = 30 * time.Second

// Stop sends a signal and waits for the end; a process that takes too long is killed, which is an error.
func (p *Process) Stop(s syscall.Signal) error {
	if err := p.Signal(s); err != nil {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(stopPatience):
	}
	if err := p.Signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-p.done
	return fmt.Errorf("stop process %d by %v: it did not end within %v and was killed:\n%s", p.Pid(), s, stopPatience, p.Tail())
}

// tailBytes is how much of the output errors show.
const tailBytes = 4 << 10

// Tail is the end of what the process wrote.
func (p *Process) Tail() string {
	raw, err := os.ReadFile(p.output)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(raw[max(0, len(raw)-tailBytes):]))
}
