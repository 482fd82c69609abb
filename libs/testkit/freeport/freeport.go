// Package freeport finds TCP ports on the loopback interface for servers that cannot choose one themselves.
package freeport

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
)

// Ports are taken from this range, but for what of it the system hands out for outgoing connections: a server that is started again must find
// its port free, and meanwhile any connection of another test could be given one of that range.
const (
	first = 10_000
	last  = 32_000
)

// attempts is how many ports are tried.
const attempts = 1000

var errNone = errors.New("find a free port: none")

// claims are the ports of this process. Each is a locked file, closed by the end of the process: the tests of other packages, which run at the
// same time in other processes, find other ports, also while nobody listens on these.
var claims struct {
	mu    sync.Mutex
	files map[int]*os.File
}

// Find returns a port that was free a moment ago and that no other caller gets while this process lives. Something else than a test may be
// faster to take it: be ready to find another one.
func Find() (int, error) {
	low, high := bounds(ephemeral())
	for range attempts {
		port := low + rand.IntN(high-low)
		claimed, err := claim(port)
		if err != nil {
			return 0, err
		}
		if claimed && free(port) {
			return port, nil
		}
	}
	return 0, errNone
}

// free tells whether nobody listens on the port.
func free(port int) bool {
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return false
	}
	return listener.Close() == nil
}

// claim takes a port for this process, unless it is another's or was found before.
func claim(port int) (bool, error) {
	claims.mu.Lock()
	defer claims.mu.Unlock()
	if claims.files[port] != nil {
		return false, nil
	}
	folder := filepath.Join(os.TempDir(), "otklik-ports-"+strconv.Itoa(os.Getuid()))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return false, fmt.Errorf("claim port %d: %w", port, err)
	}
	file, err := os.OpenFile(filepath.Join(folder, strconv.Itoa(port)), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return false, fmt.Errorf("claim port %d: %w", port, err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return false, file.Close()
	}
	if claims.files == nil {
		claims.files = make(map[int]*os.File)
	}
	claims.files[port] = file
	return true, nil
}

// ephemeral is the range of ports that the system hands out; zeros where it does not tell.
func ephemeral() (low, high int) {
	raw, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return 0, 0
	}
	if n, err := fmt.Sscan(string(raw), &low, &high); n != 2 || err != nil {
		return 0, 0
	}
	return low, high
}

// leastRange is how many ports are enough for all tests that run at once.
const leastRange = 2000

// bounds is the longer part of the range that lies outside of the one handed out by the system, or the whole range where that leaves too little.
func bounds(low, high int) (from, to int) {
	below, above := min(last, low)-first, last-max(first, high+1)
	switch {
	case low == 0 || below < leastRange && above < leastRange:
		return first, last
	case below >= above:
		return first, first + below
	default:
		return last - above, last
	}
}
