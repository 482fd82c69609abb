package harness

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/otklik/otklik/libs/testkit/child"
	"github.com/otklik/otklik/libs/testkit/pgtest"
	"github.com/otklik/otklik/libs/testkit/redistest"
)

// Servers are what a suite stores in when it does not store in files.
type Servers struct {
	// DSN names a PostgreSQL database of the suite's own.
	DSN string
	// Redis are the addresses of the Redis server, or of some nodes of the cluster. The suite takes a prefix of its own there. None means that
	// scoring reads the survey service's log itself.
	Redis []string
}

// vaultKeyFile holds the key that the keys of persons are encrypted with.
const vaultKeyFile = "vault-key"

// cluster is the Redis Cluster that all tests of the process share, made when the first asks.
var cluster = sync.OnceValues(func() (*redistest.Cluster, error) { return redistest.StartCluster(context.Background()) })

// sharedServers are those that all tests of the process share.
func sharedServers(t testing.TB, layout Layout) *Servers {
	t.Helper()
	s := &Servers{DSN: pgtest.Database(t)}
	if layout == Cluster {
		c, err := cluster()
		child.Must(t, err)
		s.Redis = c.Addresses()
	} else {
		s.Redis = []string{redistest.Address(t)}
	}
	return s
}

// prepareServers makes what the processes expect to find.
func (s *Suite) prepareServers(ctx context.Context) error {
	if s.options.Servers == nil {
		return errNoServers
	}
	s.prefix = "test-" + strings.ToLower(rand.Text()[:12])
	var key [32]byte
	_, _ = rand.Read(key[:]) // it never fails
	if err := os.WriteFile(s.configPath(vaultKeyFile), []byte(base64.StdEncoding.EncodeToString(key[:])), 0o600); err != nil {
		return fmt.Errorf("write the key of the vault: %w", err)
	}
	return s.migrate(ctx)
}

// configureServers says where the servers are.
func (s *Suite) configureServers(root map[string]any) {
	servers := s.options.Servers
	set(root, "survey.postgres.dsn", servers.DSN)
	set(root, "scoring.postgres.dsn", servers.DSN)
	set(root, "access.postgres.dsn", servers.DSN)
	set(root, "comment.postgres.dsn", servers.DSN)
	set(root, "segmentation.postgres.dsn", servers.DSN)
	set(root, "reporting.postgres.dsn", servers.DSN)
	set(root, "access.vault.keys", []map[string]string{{"id": "test", "file": s.configPath(vaultKeyFile)}})
	if len(servers.Redis) == 0 {
		return
	}
	set(root, "redis.addresses", servers.Redis)
	set(root, "redis.cluster", s.options.Layout == Cluster)
	set(root, "redis.prefix", s.prefix)
}

// DSN names the suite's database; empty on SQLite.
func (s *Suite) DSN() string {
	if s.options.Servers == nil {
		return ""
	}
	return s.options.Servers.DSN
}

// Prefix is that of the suite's keys in Redis; empty on SQLite.
func (s *Suite) Prefix() string { return s.prefix }

// Redis are the addresses of the suite's Redis; none on SQLite.
func (s *Suite) Redis() []string {
	if s.options.Servers == nil {
		return nil
	}
	return s.options.Servers.Redis
}
