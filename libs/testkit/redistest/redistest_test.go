package redistest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/libs/testkit/redistest"
)

func TestServerLosesEverythingUnlessToldOtherwise(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		want int64
	}{"plain": {nil, 0}, "append only": {[]string{"--appendonly", "yes", "--appendfsync", "always"}, 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			node := redistest.Server(t, c.args...)
			client := redis.NewClient(&redis.Options{Addr: node.Address()})
			defer client.Close() //nolint:errcheck // the test is over
			if err := client.Set(t.Context(), "a", 1, 0).Err(); err != nil {
				t.Fatal(err)
			}
			if err := node.Kill(); err != nil {
				t.Fatal(err)
			}
			if err := client.Ping(t.Context()).Err(); err == nil {
				t.Error("a killed server answers")
			}
			if err := node.Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n, err := client.Exists(t.Context(), "a").Result(); err != nil || n != c.want {
				t.Errorf("%d keys, %v", n, err)
			}
		})
	}
}

func TestReplicaTakesThePlaceOfAMaster(t *testing.T) {
	t.Parallel()
	cluster := redistest.NewCluster(t)
	// Unless told otherwise the client looks for a new master once a minute.
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addresses(), ClusterStateReloadInterval: time.Second})
	defer client.Close() //nolint:errcheck // the test is over
	for i := range 100 {
		if err := client.Set(t.Context(), fmt.Sprint("key-", i), i, 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	master, err := cluster.MasterOf(t.Context(), "key-1")
	if err != nil {
		t.Fatal(err)
	}
	direct := redis.NewClient(&redis.Options{Addr: master.Address()})
	defer direct.Close() //nolint:errcheck // the test is over
	// WAIT tells of what the same connection wrote.
	conn := direct.Conn()
	defer conn.Close() //nolint:errcheck // the test is over
	if err := conn.Set(t.Context(), "key-1", 1, 0).Err(); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Wait(t.Context(), 1, 10*time.Second).Result(); err != nil || n != 1 {
		t.Fatalf("%d replicas have the keys, %v", n, err)
	}
	if err := master.Kill(); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, 20*time.Second, func() error {
		n, err := client.Get(t.Context(), "key-1").Int()
		if err == nil && n != 1 {
			err = fmt.Errorf("got %d", n)
		}
		return err
	})
	next, err := cluster.MasterOf(t.Context(), "key-1")
	if err != nil || next == master {
		t.Errorf("the master is still %v: %v", master.Address(), err)
	}
	if err := master.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := cluster.Settle(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestKeysOfTestsAreApart(t *testing.T) {
	t.Parallel()
	first, second := redistest.Prefix(t), redistest.Prefix(t)
	if first == second {
		t.Error("two tests got the same prefix")
	}
	client := redis.NewClient(&redis.Options{Addr: redistest.Address(t)})
	defer client.Close() //nolint:errcheck // the test is over
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Error(err)
	}
}
