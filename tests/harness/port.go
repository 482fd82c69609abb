package harness

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports are taken from below the range that systems hand out for outgoing connections (from 32768 on Linux): a suite that restarts must find
// its port free, and meanwhile any connection of another test could be given one of that range.
const (
	firstPort = 10_000
	lastPort  = 32_000
)

var errNoPort = errors.New("no free port")

// freeAddress returns a loopback address that was free a moment ago.
func freeAddress() (string, error) {
	for range 1000 {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(firstPort+rand.IntN(lastPort-firstPort)))
		l, err := net.Listen("tcp", address) //nolint:noctx
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			return "", fmt.Errorf("release port: %w", err)
		}
		return address, nil
	}
	return "", errNoPort
}
