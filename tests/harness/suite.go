package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
)

// Suite is a running suite. Its methods are not safe for concurrent use, but for Conn, ConnTo, REST, RESTTo, Log and the addresses.
type Suite struct {
	options   Options
	binary    string
	dir       string
	configDir string
	procs     map[Replica]*process
	ports     map[Replica]ports
	// prefix is that of the suite's keys in Redis; empty on SQLite.
	prefix string
	// key is the one that the first ready line named.
	key   string
	log   log
	conns connections
}

// Replicas are the processes of the suite in the order in which they start.
func (s *Suite) Replicas() []Replica {
	var all []Replica
	for _, part := range s.options.Layout.parts() {
		all = append(all, s.ReplicasOf(part)...)
	}
	return all
}

// ReplicasOf are the processes in which a part runs.
func (s *Suite) ReplicasOf(part Part) []Replica {
	all := make([]Replica, s.options.Replicas)
	for i := range all {
		all[i] = Replica{Part: s.options.Layout.host(part), Number: i}
	}
	return all
}

// first is the first process in which a part runs.
func (s *Suite) first(part Part) Replica { return Replica{Part: s.options.Layout.host(part)} }

// Parts are the kinds of processes of the suite in the order in which they start.
func (s *Suite) Parts() []Part { return s.options.Layout.parts() }

// Layout is which processes make up the suite.
func (s *Suite) Layout() Layout { return s.options.Layout }

// Restart starts the processes that do not run, on the same data and the same addresses, and returns when all are ready. Those of one part start
// together.
func (s *Suite) Restart(ctx context.Context) error {
	for _, part := range s.Parts() {
		var missing []Replica
		for _, r := range s.ReplicasOf(part) {
			if !s.Alive(r) {
				missing = append(missing, r)
			}
		}
		if err := s.startAll(ctx, missing); err != nil {
			return err
		}
	}
	return nil
}

// StartReplica starts a process that does not run, and returns when it is ready.
func (s *Suite) StartReplica(ctx context.Context, r Replica) error {
	return s.startAll(ctx, []Replica{r})
}

// portPatience is how long a process that is started again waits for its port.
const portPatience = 5 * time.Second

func (s *Suite) startAll(ctx context.Context, replicas []Replica) error {
	started, errs := make([]*process, len(replicas)), make([]error, len(replicas))
	var group sync.WaitGroup
	for i, r := range replicas {
		config, err := s.writeConfig(r)
		if err != nil {
			return err
		}
		group.Go(func() {
			started[i], errs[i] = s.launch(ctx, s.arguments(r, config))
			// A process that had its port before has to wait until whoever borrowed it has gone.
			for until := time.Now().Add(portPatience); s.procs[r] != nil && errors.Is(errs[i], errAddressTaken) && time.Now().Before(until); {
				time.Sleep(portPatience / 20)
				started[i], errs[i] = s.launch(ctx, s.arguments(r, config))
			}
			if errs[i] != nil {
				errs[i] = fmt.Errorf("start %s: %w", r, errs[i])
			}
		})
	}
	group.Wait()
	for i, p := range started {
		if p == nil {
			continue
		}
		s.procs[replicas[i]] = p
		if p.ready.Key != "" {
			s.key = p.ready.Key
		}
		// A connection to the process before would wait before it tries again.
		s.conns.drop(p.ready.GRPC)
	}
	return errors.Join(errs...)
}

// Set changes a setting of one process, for when it is started again; nil takes the change back.
func (s *Suite) Set(r Replica, path string, value any) {
	if s.options.Each == nil {
		s.options.Each = make(map[Replica]map[string]any)
	}
	if s.options.Each[r] == nil {
		s.options.Each[r] = make(map[string]any)
	}
	if value == nil {
		delete(s.options.Each[r], path)
		return
	}
	s.options.Each[r][path] = value
}

// arguments of the command that starts a process.
func (s *Suite) arguments(r Replica, config string) []string {
	args := []string{string(r.Part), "--config", config}
	at := s.ports[r]
	if at.http != "" {
		args = append(args, "--http", at.http)
	}
	if at.grpc != "" {
		args = append(args, "--grpc", at.grpc)
	}
	if at.grpc != "" {
		args = append(args, "--data", s.dir)
	}
	return args
}

// HTTP is the base address of the REST API, for example `http://127.0.0.1:8080`: that of the first gateway.
func (s *Suite) HTTP() string { return s.HTTPOf(s.first(Gateway)) }

// HTTPOf is the base address of the REST API of one process.
func (s *Suite) HTTPOf(r Replica) string { return "http://" + s.ports[r].http }

// GRPC is the gRPC address of a part's first process, for example `127.0.0.1:9090`. Where the suite is one process every part has the same.
func (s *Suite) GRPC(part Part) string { return s.GRPCOf(s.first(part)) }

// GRPCOf is the gRPC address of one process.
func (s *Suite) GRPCOf(r Replica) string { return s.ports[r].grpc }

// OpsOf is the base address of the probes and metrics that a process of a layout apart has for its operators.
func (s *Suite) OpsOf(r Replica) string { return "http://" + s.ports[r].ops }

// Key is the key that the ready line of the first start of `otklik all` named; empty where it named none.
func (s *Suite) Key() string { return s.key }

// PID is the first process of a part.
func (s *Suite) PID(part Part) int { return s.PIDOf(s.first(part)) }

// PIDOf is the identifier of one process.
func (s *Suite) PIDOf(r Replica) int { return s.procs[r].cmd.Process.Pid }

// Alive tells whether a process runs.
func (s *Suite) Alive(r Replica) bool { return s.procs[r] != nil && s.procs[r].alive() }

// StartTime is how long the first process of the part took from its start to its ready line.
func (s *Suite) StartTime(part Part) time.Duration { return s.procs[s.first(part)].startTime }

// Log is what the processes have written to standard error, the newest part of it when that is much.
func (s *Suite) Log() string { return s.log.String() }

// Conn returns a connection that carries the key, safe for concurrent use. Calls go to the first process that serves them. An empty key sends
// none.
func (s *Suite) Conn(key string) grpc.ClientConnInterface { return &router{suite: s, key: bearer(key)} }

// ConnTo is Conn to the processes that have a number.
func (s *Suite) ConnTo(number int, key string) grpc.ClientConnInterface {
	return &router{suite: s, key: bearer(key), number: number}
}

// REST returns a client of the REST API that carries the key. An empty key sends none.
func (s *Suite) REST(key string) *REST { return s.RESTTo(0, key) }

// RESTTo is REST to the gateway that has a number.
func (s *Suite) RESTTo(number int, key string) *REST {
	return &REST{base: s.HTTPOf(Replica{Part: s.options.Layout.host(Gateway), Number: number}), key: key, client: s.conns.http()}
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

// addresses lists the gRPC addresses of a part's processes, as peers.survey and peers.scoring take them.
func (s *Suite) addresses(part Part) string {
	var all []string
	for _, r := range s.ReplicasOf(part) {
		all = append(all, s.ports[r].grpc)
	}
	return strings.Join(all, ",")
}

// migrate brings the databases to the schema of the binary, as an operator does before the first start.
func (s *Suite) migrate(ctx context.Context) error {
	config, err := s.writeConfig(s.first(Survey))
	if err != nil {
		return err
	}
	if out, err := s.Command(ctx, "migrate", "--config", config).CombinedOutput(); err != nil {
		return fmt.Errorf("migrate: %w: %s", err, out)
	}
	return nil
}

// errNoServers tells that a layout lacks what it stores in.
var errNoServers = errors.New("the layout needs Servers")
