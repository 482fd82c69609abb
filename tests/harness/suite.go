package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"google.golang.org/grpc"
)

// Part is one process of a suite.
type Part string

// The parts. All is the only one of AllInOne; the others make up Apart.
const (
	All     Part = "all"
	Survey  Part = "survey"
	Scoring Part = "scoring"
	Gateway Part = "gateway"
	// bench is the only part of Baseline.
	bench Part = "bench-baseline"
)

// ports are the addresses that a part listens on; they stay the same over restarts, as they do for a user.
type ports struct{ http, grpc string }

// Suite is a running suite. Its methods are not safe for concurrent use, but for Conn, REST, Log and the addresses.
type Suite struct {
	options   Options
	binary    string
	dir       string
	configDir string
	procs     map[Part]*process
	ports     map[Part]ports
	log       log
	conns     connections
}

// Parts are the processes of the suite in the order in which they start.
func (s *Suite) Parts() []Part {
	switch s.options.Layout {
	case Apart:
		return []Part{Survey, Scoring, Gateway}
	case Baseline:
		return []Part{bench}
	default:
		return []Part{All}
	}
}

// Layout is which processes make up the suite.
func (s *Suite) Layout() Layout { return s.options.Layout }

// host is the part whose process a part runs in.
func (s *Suite) host(part Part) Part {
	if s.options.Layout == Apart {
		return part
	}
	return s.Parts()[0]
}

// Restart starts the parts that do not run, on the same data and the same addresses, and returns when all are ready.
func (s *Suite) Restart(ctx context.Context) error {
	for _, part := range s.Parts() {
		if p := s.procs[part]; p != nil && p.alive() {
			continue
		}
		if err := s.start(ctx, part); err != nil {
			return fmt.Errorf("start %s: %w", part, err)
		}
	}
	return nil
}

func (s *Suite) start(ctx context.Context, part Part) error {
	config, err := s.writeConfig(part)
	if err != nil {
		return err
	}
	if _, again := s.ports[part]; !again {
		if s.ports[part], err = s.choosePorts(part); err != nil {
			return err
		}
	}
	p, err := startProcess(ctx, s.binary, s.arguments(part, config), &s.log, s.options.ReadyTimeout)
	if err != nil {
		return err
	}
	s.procs[part] = p
	s.ports[part] = ports{http: strings.TrimPrefix(p.ready.HTTP, "http://"), grpc: p.ready.GRPC}
	// A connection to the process before would wait before it tries again.
	s.conns.drop(p.ready.GRPC)
	return nil
}

// choosePorts finds free addresses for a part.
func (s *Suite) choosePorts(part Part) (ports, error) {
	var at ports
	var err error
	if part != Survey && part != Scoring {
		if at.http, err = freeAddress(); err != nil {
			return ports{}, err
		}
	}
	if part != Gateway && part != bench {
		if at.grpc, err = freeAddress(); err != nil {
			return ports{}, err
		}
	}
	return at, nil
}

// arguments of the command that starts a part.
func (s *Suite) arguments(part Part, config string) []string {
	args := []string{string(part), "--config", config}
	at := s.ports[part]
	if at.http != "" {
		args = append(args, "--http", at.http)
	}
	if at.grpc != "" {
		args = append(args, "--data", s.dir, "--grpc", at.grpc)
	}
	return args
}

// HTTP is the base address of the REST API, for example `http://127.0.0.1:8080`.
func (s *Suite) HTTP() string {
	return "http://" + s.ports[s.host(Gateway)].http
}

// GRPC is the gRPC address of a part, for example `127.0.0.1:9090`. In AllInOne every part has the same.
func (s *Suite) GRPC(part Part) string {
	return s.ports[s.host(part)].grpc
}

// Key is the key that the ready line of `otklik all` names; empty where it names none.
func (s *Suite) Key() string {
	if p := s.procs[All]; p != nil {
		return p.ready.Key
	}
	return ""
}

// PID is the process of a part.
func (s *Suite) PID(part Part) int {
	return s.procs[s.host(part)].cmd.Process.Pid
}

// StartTime is how long the process of a part took from its start to its ready line.
func (s *Suite) StartTime(part Part) time.Duration { return s.procs[s.host(part)].startTime }

// Log is what the processes have written to standard error, the newest part of it when that is much.
func (s *Suite) Log() string { return s.log.String() }

// Kill ends every part by SIGKILL, as if the machine had lost its process table, and closes the connections of the harness.
func (s *Suite) Kill() {
	for _, part := range s.Parts() {
		s.KillPart(part)
	}
	s.conns.close()
}

// KillPart ends one part by SIGKILL.
func (s *Suite) KillPart(part Part) {
	if p := s.procs[part]; p != nil {
		p.kill()
	}
}

// Terminate sends SIGTERM to every part and returns at once.
func (s *Suite) Terminate() error {
	var errs []error
	for _, part := range s.Parts() {
		if p := s.procs[part]; p != nil && p.alive() {
			errs = append(errs, p.terminate())
		}
	}
	return errors.Join(errs...)
}

// Wait waits for the end of every part and fails unless each ends in time with exit code 0.
func (s *Suite) Wait(timeout time.Duration) error {
	var errs []error
	for _, part := range s.Parts() {
		p := s.procs[part]
		if p == nil {
			continue
		}
		code, err := p.wait(timeout)
		if err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", part, err))
		} else if code != 0 {
			errs = append(errs, fmt.Errorf("stop %s: exit code %d", part, code))
		}
	}
	return errors.Join(errs...)
}

// Stop ends the suite by SIGTERM: front first, as one would, so that requests under way can finish. It fails unless every part ends in time
// with exit code 0.
func (s *Suite) Stop(timeout time.Duration) error {
	s.conns.close()
	parts := s.Parts()
	for i := len(parts) - 1; i >= 0; i-- {
		p := s.procs[parts[i]]
		if p == nil {
			continue
		}
		if err := p.terminate(); err != nil {
			return fmt.Errorf("stop %s: %w", parts[i], err)
		}
		code, err := p.wait(timeout)
		if err != nil {
			return fmt.Errorf("stop %s: %w", parts[i], err)
		}
		if code != 0 {
			return fmt.Errorf("stop %s: exit code %d", parts[i], code)
		}
	}
	return nil
}

// Conn returns a connection that carries the key, safe for concurrent use. Calls go to the process that serves them. An empty key sends none.
func (s *Suite) Conn(key string) grpc.ClientConnInterface { return s.conns.get(s, key) }

// REST returns a client of the REST API that carries the key. An empty key sends none.
func (s *Suite) REST(key string) *REST {
	return &REST{base: s.HTTP(), key: key, client: s.conns.http()}
}

// Command is a run of the program's command line with a home folder of the harness's own.
func (s *Suite) Command(ctx context.Context, args ...string) *exec.Cmd {
	return Command(ctx, s.binary, s.configDir, args...)
}

// Command is a run of a binary in which home and working directory are the folder given, so that nothing of the user's is read; it is ended
// when ctx ends.
func Command(ctx context.Context, binary, home string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir = home
	cmd.Env = append(environment(), "HOME="+home, "XDG_CONFIG_HOME="+filepath.Join(home, "xdg"))
	return cmd
}

// Discard ends the suite by SIGKILL and deletes its data and its configuration.
func (s *Suite) Discard() {
	s.Kill()
	// What cannot be deleted is left to whoever cleans the temporary folder.
	_ = os.RemoveAll(s.dir)
	_ = os.RemoveAll(s.configDir)
}
