package harness

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"
)

// Somebody else may have the port of a process that is started again: it waits for it, and tells the cause when it waited in vain.
func TestProcessesWaitForTheirPorts(t *testing.T) {
	s := Run(t, Options{})
	if err := s.Stop(20 * time.Second); err != nil {
		t.Fatal(err)
	}
	borrow := func() net.Listener {
		l, err := net.Listen("tcp", strings.TrimPrefix(s.HTTP(), "http://"))
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	borrowed := borrow()
	released := time.AfterFunc(time.Second, func() { _ = borrowed.Close() })
	defer released.Stop()
	if err := s.Restart(t.Context()); err != nil {
		t.Fatalf("the port was free after a second: %v", err)
	}
	if err := s.Stop(20 * time.Second); err != nil {
		t.Fatal(err)
	}
	defer borrow().Close()
	if err := s.Restart(t.Context()); !errors.Is(err, errAddressTaken) {
		t.Errorf("%v, want %v", err, errAddressTaken)
	}
}
