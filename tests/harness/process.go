package harness

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// ErrNotReady tells that a process ended or took too long before it printed its ready line.
var ErrNotReady = errors.New("the process did not become ready")

// errAddressTaken tells that a process ended because somebody else was faster to take its port.
var errAddressTaken = errors.New("the address is in use")

// Ready is the line that a process prints when it can be used.
type Ready struct {
	// HTTP is the base address of the REST API, GRPC the address of the services; empty where a process has none.
	HTTP string `json:"http"`
	GRPC string `json:"grpc"`
	// Key is the key that was made at this start, KeyFile where the one lies that was made at the first; empty where the configuration has keys.
	Key     string `json:"key"`
	KeyFile string `json:"key_file"`
}

// process is a child process that printed its ready line.
type process struct {
	cmd   *exec.Cmd
	ready Ready
	// startTime is how long it took to become ready.
	startTime time.Duration
	exited    chan struct{} // closed after exit
	err       error         // of Wait; read after exited
}

// log collects what processes write to standard error.
type log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// maximumLog bounds the memory that a talkative process can cost; the newest part is kept.
const maximumLog = 1 << 20

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.buf.Len()+len(p) > maximumLog {
		l.buf.Next(l.buf.Len() / 2)
	}
	return l.buf.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// launch starts the binary and waits for the ready line.
func (s *Suite) launch(ctx context.Context, args []string) (*process, error) {
	// Not CommandContext: the process outlives the context of its start.
	cmd := exec.Command(s.binary, args...) //nolint:noctx
	var said log
	cmd.Stderr = io.MultiWriter(&s.log, &said)
	cmd.Env = append(environment(), s.options.Environment...)
	// A child must not outlive a test run that was killed; and signals to the test's group are not for it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("open standard output: %w", err)
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", s.binary, err)
	}
	p := &process{cmd: cmd, exited: make(chan struct{})}
	lines := make(chan []byte, 1)
	go func() {
		r := bufio.NewReader(stdout)
		line, _ := r.ReadBytes('\n')
		lines <- line
		_, _ = io.Copy(io.Discard, r)
		p.err = cmd.Wait()
		close(p.exited)
	}()
	timer := time.NewTimer(s.options.ReadyTimeout)
	defer timer.Stop()
	select {
	case line := <-lines:
		if err := json.Unmarshal(line, &p.ready); err != nil {
			p.kill()
			if strings.Contains(said.String(), errAddressTaken.Error()) {
				err = errAddressTaken
			}
			return nil, fmt.Errorf("%w: %v printed %q: %w", ErrNotReady, args, line, errors.Join(err, p.err))
		}
		p.startTime = time.Since(began)
		return p, nil
	case <-timer.C:
		p.kill()
		return nil, fmt.Errorf("%w: %v within %v", ErrNotReady, args, s.options.ReadyTimeout)
	case <-ctx.Done():
		p.kill()
		return nil, fmt.Errorf("wait for the ready line of %v: %w", args, ctx.Err())
	}
}

// environment is that of the test run without what would configure the program.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(entry string) bool { return strings.HasPrefix(entry, "OTKLIK_") })
}

// kill ends the process by SIGKILL and waits for its end.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited
}

// terminate sends SIGTERM.
func (p *process) terminate() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("send SIGTERM: %w", err)
	}
	return nil
}

// wait returns the exit code, or an error when the process has not ended in time.
func (p *process) wait(timeout time.Duration) (int, error) {
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case <-p.exited:
		return p.cmd.ProcessState.ExitCode(), nil
	case <-timer.C:
		return 0, fmt.Errorf("the process has not ended within %v", timeout)
	}
}

// alive tells whether the process still runs.
func (p *process) alive() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}
