package main

import (
	"context"
	"errors"
	"time"

	"github.com/otklik/otklik/libs/testkit/pgtest"
	"github.com/otklik/otklik/libs/testkit/redistest"
	"github.com/otklik/otklik/tests/harness"
)

// servers are a PostgreSQL whose commits reach the disk, and a Redis.
type servers struct {
	postgres *pgtest.Server
	redis    *redistest.Node
}

func startServers(ctx context.Context) (*servers, error) {
	postgres, err := pgtest.Start(ctx, pgtest.Durable())
	if err != nil {
		return nil, err
	}
	redis, err := redistest.Start(ctx)
	if err != nil {
		return nil, errors.Join(err, postgres.Remove())
	}
	return &servers{postgres: postgres, redis: redis}, nil
}

// fresh is an empty database of the server.
func (s *servers) fresh(ctx context.Context) (*harness.Servers, error) {
	dsn, err := s.postgres.NewDatabase(ctx)
	if err != nil {
		return nil, err
	}
	return &harness.Servers{DSN: dsn, Redis: []string{s.redis.Address()}}, nil
}

// spent is the CPU time of each server.
func (s *servers) spent() (postgres, redis time.Duration, err error) {
	postgres, err = cpuTimeOfTree(s.postgres.Pid())
	if err != nil {
		return 0, 0, err
	}
	redis, err = cpuTimeOfTree(s.redis.Pid())
	return postgres, redis, err
}

// remove ends the servers and adds to the error what goes wrong by that.
func (s *servers) remove(err *error) {
	*err = errors.Join(*err, s.postgres.Remove(), s.redis.Remove())
}
