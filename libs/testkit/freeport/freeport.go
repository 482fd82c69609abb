// Package freeport finds TCP ports on the loopback interface for servers that cannot choose one themselves.
package freeport

import (
	"context"
	"fmt"
	"net"
)

// Find returns a port that was free a moment ago. Another process may be faster to take it: be ready to find another one.
func Find() (int, error) {
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	if err := listener.Close(); err != nil {
		return 0, fmt.Errorf("release port %d: %w", port, err)
	}
	return port, nil
}
