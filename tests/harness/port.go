package harness

import (
	"net"
	"strconv"

	"github.com/otklik/otklik/libs/testkit/freeport"
)

// ports are the addresses that a process listens on; they stay the same over restarts, as they do for a user.
type ports struct{ http, grpc, ops string }

// choosePorts finds free addresses for a process.
func choosePorts(part Part) (at ports, err error) {
	for address, needed := range map[*string]bool{
		&at.http: part != Survey && part != Scoring && part != Access && part != Comment && part != Segmentation && part != Reporting,
		&at.grpc: part != Gateway,
		&at.ops:  part == Access || part == Survey || part == Scoring || part == Comment || part == Segmentation || part == Reporting || part == Gateway,
	} {
		if !needed {
			continue
		}
		if *address, err = freeAddress(); err != nil {
			return ports{}, err
		}
	}
	return at, nil
}

// freeAddress returns a loopback address that was free a moment ago.
func freeAddress() (string, error) {
	port, err := freeport.Find()
	if err != nil {
		return "", err
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), nil
}
