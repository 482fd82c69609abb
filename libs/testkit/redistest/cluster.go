package redistest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	masters = 3
	// slots is the number of hash slots of every Redis Cluster.
	slots = 16384
	// clusterPatience is how long the nodes may take to agree.
	clusterPatience = time.Minute
)

// Cluster is a Redis Cluster of six nodes: three masters, each with one replica. Not safe for concurrent use.
type Cluster struct {
	// Nodes are all of them; the first three are masters to begin with, and node i+3 replicates node i.
	Nodes []*Node
}

// StartCluster makes a cluster and waits until it serves every slot and every replica follows its master. A replica takes the place of a
// master that is gone for two seconds. args go to every node.
func StartCluster(ctx context.Context, args ...string) (*Cluster, error) {
	c := &Cluster{}
	args = append([]string{"--cluster-node-timeout", "2000", "--repl-diskless-sync-delay", "0"}, args...)
	for range 2 * masters {
		n, err := start(ctx, true, args...)
		if err != nil {
			return nil, errors.Join(err, c.Remove())
		}
		c.Nodes = append(c.Nodes, n)
	}
	ctx, cancel := context.WithTimeout(ctx, clusterPatience)
	defer cancel()
	if err := c.form(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("form cluster: %w", err), c.Remove())
	}
	return c, nil
}

// form makes a cluster of nodes that do not know each other.
func (c *Cluster) form(ctx context.Context) error {
	clients := make([]*redis.Client, len(c.Nodes))
	ids := make([]string, len(c.Nodes))
	for i, n := range c.Nodes {
		clients[i] = n.client()
		defer clients[i].Close() //nolint:errcheck // it has served
		var err error
		if ids[i], err = clients[i].Do(ctx, "CLUSTER", "MYID").Text(); err != nil {
			return err
		}
		// Different epochs from the start spare the nodes a quarrel.
		if err := clients[i].Do(ctx, "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err(); err != nil {
			return err
		}
		if i < masters {
			if err := clients[i].ClusterAddSlotsRange(ctx, i*slots/masters, (i+1)*slots/masters-1).Err(); err != nil {
				return err
			}
		}
	}
	for _, n := range c.Nodes[1:] {
		if err := clients[0].Do(ctx, "CLUSTER", "MEET", "127.0.0.1", n.port, n.bus).Err(); err != nil {
			return err
		}
	}
	for i := masters; i < len(c.Nodes); i++ {
		// The node has to have heard of its master.
		if err := until(ctx, func() error { return clients[i].ClusterReplicate(ctx, ids[i-masters]).Err() }); err != nil {
			return err
		}
	}
	return c.Settle(ctx)
}

// Settle waits until all running nodes agree that every slot is served, and running replicas follow their masters.
func (c *Cluster) Settle(ctx context.Context) error {
	for _, n := range c.Nodes {
		if !n.Running() {
			continue
		}
		client := n.client()
		err := until(ctx, func() error { return settled(ctx, client, len(c.Nodes)) })
		if err = errors.Join(err, client.Close()); err != nil {
			return fmt.Errorf("wait for %s to settle: %w", n.Address(), err)
		}
	}
	return nil
}

// settled says what a node still waits for.
func settled(ctx context.Context, client *redis.Client, nodes int) error {
	info, err := client.ClusterInfo(ctx).Result()
	if err != nil {
		return err
	}
	if !strings.Contains(info, "cluster_state:ok") || !strings.Contains(info, "cluster_known_nodes:"+strconv.Itoa(nodes)) {
		return fmt.Errorf("the cluster is not formed:\n%s", info)
	}
	replication, err := client.Info(ctx, "replication").Result()
	if err != nil {
		return err
	}
	if strings.Contains(replication, "role:slave") && !strings.Contains(replication, "master_link_status:up") {
		return fmt.Errorf("the replica does not follow:\n%s", replication)
	}
	return nil
}

// until repeats a try until it succeeds or ctx ends.
func until(ctx context.Context, try func() error) error {
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Addresses of all nodes.
func (c *Cluster) Addresses() []string {
	addresses := make([]string, len(c.Nodes))
	for i, n := range c.Nodes {
		addresses[i] = n.Address()
	}
	return addresses
}

// MasterOf returns the node that serves a key now, as the other nodes see it.
func (c *Cluster) MasterOf(ctx context.Context, key string) (*Node, error) {
	var errs []error
	for _, n := range c.Nodes {
		if !n.Running() {
			continue
		}
		address, err := ask(ctx, n, key)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, master := range c.Nodes {
			if master.Address() == address && master.Running() {
				return master, nil
			}
		}
		errs = append(errs, fmt.Errorf("%s names %s, which does not run", n.Address(), address))
	}
	return nil, fmt.Errorf("find master of %q: %w", key, errors.Join(errs...))
}

// ask asks a node who serves a key.
func ask(ctx context.Context, n *Node, key string) (string, error) {
	client := n.client()
	defer client.Close() //nolint:errcheck // it has served
	slot, err := client.ClusterKeySlot(ctx, key).Result()
	if err != nil {
		return "", err
	}
	shards, err := client.ClusterShards(ctx).Result()
	if err != nil {
		return "", err
	}
	for _, shard := range shards {
		for _, r := range shard.Slots {
			if slot < r.Start || slot > r.End {
				continue
			}
			for _, node := range shard.Nodes {
				if node.Role == "master" && node.Health == "online" {
					return fmt.Sprintf("%s:%d", node.IP, node.Port), nil
				}
			}
		}
	}
	return "", fmt.Errorf("nobody serves slot %d", slot)
}

// Remove stops all nodes and deletes their files.
func (c *Cluster) Remove() error {
	var errs []error
	for _, n := range c.Nodes {
		errs = append(errs, n.Remove())
	}
	return errors.Join(errs...)
}
