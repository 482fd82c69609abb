package rediskit_test

import (
	"testing"
	"time"

	"github.com/otklik/otklik/libs/rediskit"
	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/libs/testkit/redistest"
)

// TestClientFindsTheNewMaster: when a master of a cluster dies, its keys can be used again soon after a replica has taken its place.
func TestClientFindsTheNewMaster(t *testing.T) {
	t.Parallel()
	cluster := redistest.NewCluster(t)
	config := rediskit.DefaultConfig()
	config.Addresses, config.Cluster = cluster.Addresses(), true
	client, err := rediskit.New(config)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close() //nolint:errcheck // the test is over
	key := client.Key("failover")
	if err := client.Set(t.Context(), key, 1, 0).Err(); err != nil {
		t.Fatal(err)
	}
	master, err := cluster.MasterOf(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if err := master.Kill(); err != nil {
		t.Fatal(err)
	}
	// The replica takes over within a few seconds; a client that is not told looks once a minute.
	testkit.Eventually(t, 25*time.Second, func() error { return client.Set(t.Context(), key, 2, 0).Err() })
}
