package redistest

import (
	"context"
	"crypto/rand"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/otklik/otklik/libs/testkit/child"
)

// EnvAddress is the environment variable that names a server (host:port) to use instead of one made for the test.
const EnvAddress = "OTKLIK_TEST_REDIS_ADDRESS"

// shared is the server of this test process, made when the first test asks.
var shared = sync.OnceValues(func() (*Node, error) { return Start(context.Background()) })

// Address returns the address of a server: the one that EnvAddress names, or else one for all tests of the process. Tests keep their keys
// apart by Prefix, and leave the server running.
func Address(t testing.TB) string {
	t.Helper()
	if address := os.Getenv(EnvAddress); address != "" {
		return address
	}
	n, err := shared()
	child.Must(t, err)
	return n.Address()
}

// Prefix returns a beginning for keys that no other test has.
func Prefix(t testing.TB) string {
	t.Helper()
	return "test-" + strings.ToLower(rand.Text()[:12])
}

// Server makes a server for a test that stops, fills or breaks it. It is removed at the end.
func Server(t testing.TB, args ...string) *Node {
	t.Helper()
	n, err := Start(t.Context(), args...)
	child.Must(t, err)
	t.Cleanup(func() {
		if err := n.Remove(); err != nil {
			t.Error(err)
		}
	})
	return n
}

// NewCluster makes a cluster of six nodes, three masters with a replica each, for a test. It is removed at the end.
func NewCluster(t testing.TB, args ...string) *Cluster {
	t.Helper()
	c, err := StartCluster(t.Context(), args...)
	child.Must(t, err)
	t.Cleanup(func() {
		if err := c.Remove(); err != nil {
			t.Error(err)
		}
	})
	return c
}
