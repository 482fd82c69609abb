package faults

import (
	"context"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/testkit/pgtest"
	"github.com/otklik/otklik/libs/testkit/redistest"
	"github.com/otklik/otklik/tests/harness"
)

// TestFaultsOfACluster has the masters of a Redis Cluster fail while answers come in.
func TestFaultsOfACluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.NewCluster(t)
	suite := open(t, harness.Options{
		Layout: harness.Cluster, Replicas: replicas, Servers: &harness.Servers{DSN: pgtest.Database(t), Redis: cluster.Addresses()},
	})
	x := begin(t, suite, 60)
	var faults []fault
	// Each of the three serves some partitions.
	for i, node := range cluster.Nodes[:3] {
		faults = append(faults, fault{
			name:   "Redis Cluster: master of a third of the slots killed, its replica takes over",
			strike: func(context.Context) error { return node.Kill() },
			until:  cluster.Settle,
			lasts:  outage(time.Second, 30*time.Second), heal: node.Restart,
			longOnly: i > 0,
		})
	}
	x.run(append(faults, fault{
		name:   "Redis Cluster: a master does not answer until its replica has taken over",
		strike: func(context.Context) error { return cluster.Nodes[1].Freeze() },
		lasts:  outage(6*time.Second, time.Minute),
		heal:   func(context.Context) error { return cluster.Nodes[1].Thaw() },
	}))
}
