package rpcclient

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/resolver"
)

// toldConn notes what a resolver tells.
type toldConn struct {
	resolver.ClientConn
	mu        sync.Mutex
	addresses [][]string
	servers   []string
	errs      []error
}

func (c *toldConn) UpdateState(s resolver.State) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []string
	c.servers = nil
	for _, e := range s.Endpoints {
		all, c.servers = append(all, e.Addresses[0].Addr), append(c.servers, e.Addresses[0].ServerName)
	}
	c.addresses = append(c.addresses, all)
	return nil
}

func (c *toldConn) ReportError(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.errs = append(c.errs, err)
}

// told returns what has been told so far.
func (c *toldConn) told() (addresses [][]string, errs []error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.addresses), slices.Clone(c.errs)
}

// names is a name server; the address "" stands for a name that it does not know any more.
type names struct {
	mu    sync.Mutex
	hosts map[string][]string
	asked int
}

func (n *names) set(host string, addresses ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.hosts == nil {
		n.hosts = make(map[string][]string)
	}
	n.hosts[host] = addresses
}

func (n *names) count() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.asked
}

func (n *names) lookup(_ context.Context, host string) ([]string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked++
	if hosts, ok := n.hosts[host]; ok && (len(hosts) != 1 || hosts[0] != "") {
		return hosts, nil
	}
	return nil, errors.New("no such host")
}

func build(t *testing.T, n *names, target string, interval time.Duration) (*toldConn, resolver.Resolver) {
	t.Helper()
	conn := &toldConn{}
	r, err := (&addresses{interval: interval, lookup: n.lookup}).Build(resolver.Target{URL: url.URL{Scheme: "dns", Path: "/" + target}}, conn, resolver.BuildOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return conn, r
}

// pass lets time pass, and whoever was woken by it work.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestEveryAddressOfEveryNameIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &names{hosts: map[string][]string{"a": {"10.0.0.2", "10.0.0.1"}, "localhost": {"127.0.0.1"}}}
		conn, r := build(t, n, "a:90, 10.0.0.9:91,[::1]:92,:93,10.0.0.9:91", 0)
		defer r.Close()
		synctest.Wait()
		want := []string{"10.0.0.1:90", "10.0.0.2:90", "10.0.0.9:91", "127.0.0.1:93", "[::1]:92"}
		if told, _ := conn.told(); len(told) != 1 || !slices.Equal(told[0], want) {
			t.Errorf("found %v", told)
		}
		// The name that was asked for is what a certificate has to hold.
		if len(conn.servers) != 5 || conn.servers[0] != "a:90" || conn.servers[2] != "10.0.0.9:91" {
			t.Errorf("servers %v", conn.servers)
		}
	})
}

func TestChangesAreFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &names{hosts: map[string][]string{"a": {"10.0.0.1"}}}
		conn, r := build(t, n, "a:90", 5*time.Second)
		defer r.Close()
		pass(4 * time.Second)
		n.set("a", "10.0.0.2")
		pass(2 * time.Second)
		if told, _ := conn.told(); len(told) != 2 || told[1][0] != "10.0.0.2:90" {
			t.Errorf("after the interval: %v", told)
		}
		// What has not changed is not told again, and a name server that fails takes nothing away.
		n.set("a", "")
		pass(time.Minute)
		if told, errs := conn.told(); len(told) != 2 || len(errs) != 0 {
			t.Errorf("told %v, %v", told, errs)
		}
		n.set("a", "10.0.0.3")
		pass(1500 * time.Millisecond)
		if told, _ := conn.told(); len(told) != 3 {
			t.Errorf("after a failure: %v", told)
		}
	})
}

func TestLostConnectionsAskSoonButNotTooOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &names{hosts: map[string][]string{"a": {"10.0.0.1"}}}
		conn, r := build(t, n, "a:90", 0)
		defer r.Close()
		pass(time.Hour)
		if n.count() != 1 {
			t.Errorf("asked %d times without a reason", n.count())
		}
		n.set("a", "10.0.0.2")
		r.ResolveNow(resolver.ResolveNowOptions{})
		synctest.Wait()
		if told, _ := conn.told(); len(told) != 2 {
			t.Errorf("after the loss of a connection: %v", told)
		}
		for range 1000 {
			r.ResolveNow(resolver.ResolveNowOptions{})
			pass(10 * time.Millisecond)
		}
		if n.count() > 14 {
			t.Errorf("asked %d times within 10 s", n.count())
		}
	})
}

func TestNamesThatAreNotKnownAreSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &names{hosts: map[string][]string{"empty": {}}}
		for _, name := range []string{"nowhere", "empty"} {
			conn, r := build(t, n, name+":90", 0)
			synctest.Wait()
			if _, errs := conn.told(); len(errs) != 1 || !strings.Contains(errs[0].Error(), "look up "+name) {
				t.Errorf("told %v", errs)
			}
			r.Close()
		}
	})
}

func TestAddressesAreChecked(t *testing.T) {
	for _, target := range []string{"", "a", "a:", "a:1,b", "::1:90"} {
		_, err := (&addresses{}).Build(resolver.Target{URL: url.URL{Path: "/" + target}}, &toldConn{}, resolver.BuildOptions{})
		if err == nil || !strings.Contains(err.Error(), "host:port") {
			t.Errorf("%q: %v", target, err)
		}
	}
}
