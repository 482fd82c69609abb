// Package redistest gives tests real Redis servers, alone or as a Redis Cluster: child processes in temporary folders on free loopback ports.
package redistest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"github.com/otklik/otklik/libs/testkit/child"
	"github.com/otklik/otklik/libs/testkit/freeport"
)

// remedy is how to install the server.
const remedy = "apt-get install redis-server"

// Node is one Redis server. Not safe for concurrent use but for Address.
type Node struct {
	redis  string
	args   []string
	folder *child.Folder
	port   int
	// bus is the port on which nodes of a cluster talk to each other; 0 for a server alone.
	bus     int
	process *child.Process
}

// Start makes a server and waits until it answers. It keeps nothing on disk: started again it is empty, unless args say otherwise, such as
// "--appendonly", "yes". Stop it by Remove; it ends with the test process in any case. A *child.MissingError when Redis is not installed.
func Start(ctx context.Context, args ...string) (*Node, error) { return start(ctx, false, args...) }

func start(ctx context.Context, cluster bool, args ...string) (*Node, error) {
	path, err := child.Find("redis-server", remedy)
	if err != nil {
		return nil, err
	}
	folder, err := child.NewFolder("otklik-redis-", nil)
	if err != nil {
		return nil, err
	}
	n := &Node{redis: path, args: args, folder: folder}
	for try := range 5 {
		if err = n.choosePorts(cluster); err != nil {
			break
		}
		// Somebody else may be faster to take the port.
		if err = n.Restart(ctx); err == nil || try > 0 && !strings.Contains(err.Error(), "Address already in use") {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(err, folder.Remove())
	}
	return n, nil
}

func (n *Node) choosePorts(cluster bool) (err error) {
	if n.port, err = freeport.Find(); err != nil || !cluster {
		return err
	}
	n.bus, err = freeport.Find()
	return err
}

// startPatience is how long a server may take to start.
const startPatience = 30 * time.Second

// Restart starts the server on the port that it had; one that runs is stopped before.
func (n *Node) Restart(ctx context.Context) error {
	if err := n.Stop(); err != nil {
		return err
	}
	args := []string{
		"--port", strconv.Itoa(n.port), "--bind", "127.0.0.1", "--dir", n.folder.Path, "--save", "", "--daemonize", "no",
		"--appendonly", "no", "--enable-debug-command", "yes",
	}
	if n.bus != 0 {
		args = append(args, "--cluster-enabled", "yes", "--cluster-port", strconv.Itoa(n.bus), "--cluster-config-file", "nodes.conf")
	}
	log := filepath.Join(n.folder.Path, fmt.Sprintf("log-%d", time.Now().UnixNano()))
	process, err := child.Start(child.Command{Path: n.redis, Args: append(args, n.args...), Dir: n.folder.Path, Output: log})
	if err != nil {
		return err
	}
	n.process = process
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	client := n.client()
	defer client.Close() //nolint:errcheck // it has served
	for {
		// Looked at without the client first, which logs what it cannot reach.
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", n.Address())
		if err == nil {
			_ = conn.Close()
			err = client.Ping(ctx).Err()
		}
		if err == nil {
			return nil
		}
		select {
		case <-process.Done():
			return fmt.Errorf("start Redis on port %d: it ended:\n%s", n.port, process.Tail())
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("start Redis on port %d: %w:\n%s", n.port, err, process.Tail()), n.Kill())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// client connects to this node alone, without trying twice. The pool is large because after as many failures to connect as it is large it tries once a
// second only.
func (n *Node) client() *redis.Client {
	// The library writes a line for every attempt to reach a server that is not there yet; callers get the error.
	logging.Disable()
	return redis.NewClient(&redis.Options{Addr: n.Address(), MaxRetries: -1, PoolSize: 10_000, DialerRetries: 1})
}

// Stop stops the server. One that does not run is no error.
func (n *Node) Stop() error {
	if n.process == nil || !n.process.Running() {
		return nil
	}
	if err := n.process.Stop(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop Redis: %w", err)
	}
	return nil
}

// Kill ends the server at once.
func (n *Node) Kill() error {
	if err := n.process.Stop(syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill Redis: %w", err)
	}
	return nil
}

// Freeze makes the server stop without closing its connections, until Thaw.
func (n *Node) Freeze() error { return n.process.Signal(syscall.SIGSTOP) }

// Thaw lets a frozen server go on.
func (n *Node) Thaw() error { return n.process.Signal(syscall.SIGCONT) }

// Remove stops the server and deletes its files.
func (n *Node) Remove() error {
	var err error
	if n.process.Running() {
		err = n.Kill()
	}
	return errors.Join(err, n.folder.Remove())
}

// Running tells whether the server's process has not ended.
func (n *Node) Running() bool { return n.process.Running() }

// Pid is the number of the server's process.
func (n *Node) Pid() int { return n.process.Pid() }

// Address is where the server listens; it stays the same over restarts.
func (n *Node) Address() string { return fmt.Sprintf("127.0.0.1:%d", n.port) }
