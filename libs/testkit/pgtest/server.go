// Package pgtest gives tests real PostgreSQL servers: child processes in temporary folders on free loopback ports, under an unprivileged
// user. Their databases sort by the rules of a language, as those of most installations do, so that code that relies on the order of bytes
// has to say so.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/libs/testkit/child"
	"github.com/otklik/otklik/libs/testkit/freeport"
)

const (
	// remedy is how to install the server.
	remedy = "apt-get install postgresql"
	// binaries is where Debian and its kin keep the programs that are not in the search path.
	binaries = "/usr/lib/postgresql/*/bin"

	superuser = "otklik"
	password  = "otklik-tests"
)

// Server is a PostgreSQL server of its own. Not safe for concurrent use but for DSN and NewDatabase.
type Server struct {
	options  options
	postgres string
	user     *child.User
	folder   *child.Folder
	port     int
	process  *child.Process

	mu        sync.Mutex
	databases int
}

// Option changes how a server runs.
type Option func(*options)

type options struct {
	durable  bool
	settings map[string]string
}

// Durable makes commits reach the disk, as in production: for tests of faults and measurements. Without it a server is fast, and survives
// the end of its process but not that of the machine.
func Durable() Option { return func(o *options) { o.durable = true } }

// Setting sets a parameter of postgresql.conf.
func Setting(name, value string) Option { return func(o *options) { o.settings[name] = value } }

// Start makes a server and waits until it takes connections. Stop it by Remove; it ends with the test process in any case. A
// *child.MissingError when PostgreSQL is not installed.
func Start(ctx context.Context, opts ...Option) (*Server, error) {
	s := &Server{options: options{settings: map[string]string{}}}
	for _, opt := range opts {
		opt(&s.options)
	}
	initdb, err := child.Find("initdb", remedy, binaries)
	if err != nil {
		return nil, err
	}
	if s.postgres, err = child.Find("postgres", remedy, binaries); err != nil {
		return nil, err
	}
	if s.user, err = child.Unprivileged("postgres"); err != nil {
		return nil, err
	}
	if s.folder, err = child.NewFolder("otklik-postgres-", s.user); err != nil {
		return nil, err
	}
	if err := s.create(ctx, initdb); err != nil {
		return nil, errors.Join(err, s.folder.Remove())
	}
	if err := s.Restart(ctx); err != nil {
		return nil, errors.Join(err, s.folder.Remove())
	}
	return s, nil
}

func (s *Server) data() string { return filepath.Join(s.folder.Path, "data") }

// create makes the files of the server.
func (s *Server) create(ctx context.Context, initdb string) error {
	secret := filepath.Join(s.folder.Path, "password")
	if err := os.WriteFile(secret, []byte(password+"\n"), 0o644); err != nil {
		return fmt.Errorf("write password: %w", err)
	}
	cmd := exec.CommandContext(ctx, initdb, "--pgdata", s.data(), "--username", superuser, "--pwfile", secret, "--auth", "scram-sha-256",
		"--encoding", "UTF8", "--locale", "C.UTF-8", "--locale-provider", "icu", "--icu-locale", "en-US", "--no-sync", "--no-instructions")
	cmd.Dir = s.folder.Path
	if s.user != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: s.user.UID, Gid: s.user.GID}}
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make database folder: %w:\n%s", err, out)
	}
	return s.configure()
}

// configure writes the settings.
func (s *Server) configure() error {
	settings := map[string]string{
		"listen_addresses":        "127.0.0.1",
		"unix_socket_directories": "",
		"shared_buffers":          "64MB",
		"max_connections":         "500",
		"max_wal_size":            "2GB",
		"log_min_messages":        "warning",
	}
	if !s.options.durable {
		for _, name := range []string{"fsync", "full_page_writes"} {
			settings[name] = "off"
		}
	}
	for name, value := range s.options.settings {
		settings[name] = value
	}
	var text strings.Builder
	for name, value := range settings {
		fmt.Fprintf(&text, "%s = '%s'\n", name, strings.ReplaceAll(value, "'", "''"))
	}
	if err := os.WriteFile(filepath.Join(s.data(), "postgresql.auto.conf"), []byte(text.String()), 0o644); err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	return nil
}

// startPatience is how long a server may take to start.
const startPatience = time.Minute

// Restart starts the server on the port that it had; one that runs is stopped before.
func (s *Server) Restart(ctx context.Context) error {
	if err := s.Stop(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	for {
		port := s.port
		if port == 0 {
			var err error
			if port, err = freeport.Find(); err != nil {
				return err
			}
		}
		err := s.launch(ctx, port)
		if err == nil {
			s.port = port
			return nil
		}
		// Somebody else was faster to take the port, or what a killed server held is not released yet.
		if ctx.Err() != nil || !passes(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// passes tells whether a failure to start is over in a moment.
func passes(err error) bool {
	for _, text := range []string{"Address already in use", "could not bind", "pre-existing shared memory", "lock file"} {
		if strings.Contains(err.Error(), text) {
			return true
		}
	}
	return false
}

// launch starts the process and waits until it takes connections.
func (s *Server) launch(ctx context.Context, port int) error {
	log := filepath.Join(s.folder.Path, fmt.Sprintf("log-%d", time.Now().UnixNano()))
	process, err := child.Start(child.Command{
		Path: s.postgres, Args: []string{"-D", s.data(), "-p", strconv.Itoa(port)},
		// An immediate shutdown ends all processes of the server, which killing the first would not.
		Dir: s.folder.Path, User: s.user, Output: log, DeathSignal: syscall.SIGQUIT,
	})
	if err != nil {
		return err
	}
	s.process = process
	for {
		attempt, cancel := context.WithTimeout(ctx, 5*time.Second)
		conn, err := pgx.Connect(attempt, dsn(port, "postgres"))
		if err == nil {
			err = conn.Close(attempt)
		}
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-process.Done():
			return fmt.Errorf("start PostgreSQL on port %d: it ended:\n%s", port, process.Tail())
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("start PostgreSQL on port %d: %w:\n%s", port, err, process.Tail()), s.Stop())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Stop stops the server, which ends its connections; what is committed stays. A server that does not run is no error.
func (s *Server) Stop() error {
	if s.process == nil || !s.process.Running() {
		return nil
	}
	if err := s.process.Stop(syscall.SIGINT); err != nil {
		return fmt.Errorf("stop PostgreSQL: %w", err)
	}
	return nil
}

// Kill ends the server at once, as a crash of the machine would.
func (s *Server) Kill() error {
	// The immediate shutdown leaves no process behind and has nothing written: recovery at the next start is that of a crash.
	if err := s.process.Stop(syscall.SIGQUIT); err != nil {
		return fmt.Errorf("kill PostgreSQL: %w", err)
	}
	return nil
}

// Remove stops the server and deletes its files.
func (s *Server) Remove() error {
	var err error
	if s.process.Running() {
		err = s.Kill()
	}
	return errors.Join(err, s.folder.Remove())
}

// Pid is the number of the server's first process.
func (s *Server) Pid() int { return s.process.Pid() }

// Folder holds the server's files.
func (s *Server) Folder() string { return s.folder.Path }

// Address is where the server listens; it stays the same over restarts.
func (s *Server) Address() string { return fmt.Sprintf("127.0.0.1:%d", s.port) }

// DSN names the database postgres of the server.
func (s *Server) DSN() string { return dsn(s.port, "postgres") }

// DSNOf names a database of the server, which need not exist.
func (s *Server) DSNOf(database string) string { return dsn(s.port, database) }

// NewDatabase makes an empty database and names it.
func (s *Server) NewDatabase(ctx context.Context) (string, error) {
	s.mu.Lock()
	s.databases++
	name := fmt.Sprintf("otklik_%d", s.databases)
	s.mu.Unlock()
	if err := createDatabase(ctx, s.DSN(), name); err != nil {
		return "", err
	}
	return s.DSNOf(name), nil
}

func dsn(port int, database string) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(superuser, password),
		Host: fmt.Sprintf("127.0.0.1:%d", port), Path: database, RawQuery: "sslmode=disable",
	}
	return u.String()
}
