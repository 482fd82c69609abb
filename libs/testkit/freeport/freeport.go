// Package freeport finds TCP ports on the loopback interface for servers that cannot choose one themselves.
package freeport

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports are taken from below the range that systems hand out for outgoing connections (from 32768 on Linux): a server that is started again
// must find its port free, and meanwhile any connection of another test could be given one of that range.
const (
	first = 10_000
	last  = 32_000
)

// attempts is how many ports are tried.
const attempts = 1000

var errNone = errors.New("find a free port: none")

// Find returns a port that was free a moment ago. Another process may be faster to take it: be ready to find another one.
func Find() (int, error) {
	for range attempts {
		port := first + rand.IntN(last-first)
		listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue
		}
		if err := listener.Close(); err != nil {
			return 0, fmt.Errorf("release port %d: %w", port, err)
		}
		return port, nil
	}
	return 0, errNone
}
