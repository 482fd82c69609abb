package rpcclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/resolver"
)

const (
	// lookupPause is the least time between two look-ups, however many connections are lost.
	lookupPause = time.Second
	// lookupTimeout bounds one look-up.
	lookupTimeout = 5 * time.Second
)

// addresses finds the addresses behind a target: one name, or several host:port with commas between, each name with all of its addresses.
// gRPC's own resolver of the scheme dns takes one name and looks it up at most every 30 s, so that a client whose servers are replaced one by one
// within that time is left with addresses where nobody is any more. This one looks names up again every interval and when a connection is lost.
type addresses struct {
	interval time.Duration
	lookup   func(ctx context.Context, host string) ([]string, error)
}

var _ resolver.Builder = (*addresses)(nil)

// Scheme is the scheme of the targets.
func (*addresses) Scheme() string { return "dns" }

// Build starts to find the addresses of a target.
func (a *addresses) Build(target resolver.Target, cc resolver.ClientConn, opts resolver.BuildOptions) (resolver.Resolver, error) {
	if target.URL.Host != "" {
		// A name server of its own: that is gRPC's business.
		return resolver.Get("dns").Build(target, cc, opts)
	}
	endpoints, err := parseEndpoints(target.Endpoint())
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	w := &watcher{addresses: a, endpoints: endpoints, cc: cc, cancel: cancel, done: make(chan struct{}), wake: make(chan struct{}, 1), found: make(map[string][]string)}
	go w.run(ctx)
	return w, nil
}

type endpoint struct{ host, port string }

func parseEndpoints(text string) ([]endpoint, error) {
	parts := strings.Split(text, ",")
	endpoints := make([]endpoint, 0, len(parts))
	for _, part := range parts {
		host, port, err := net.SplitHostPort(strings.TrimSpace(part))
		if err != nil || port == "" {
			return nil, fmt.Errorf("read address %q: it is not host:port", part)
		}
		if host == "" {
			host = "localhost"
		}
		endpoints = append(endpoints, endpoint{host, port})
	}
	return endpoints, nil
}

// fixed tells whether no name has to be looked up.
func fixed(endpoints []endpoint) bool {
	return !slices.ContainsFunc(endpoints, func(e endpoint) bool {
		_, err := netip.ParseAddr(e.host)
		return err != nil
	})
}

// watcher keeps the addresses of one target up to date.
type watcher struct {
	*addresses
	endpoints []endpoint
	cc        resolver.ClientConn
	cancel    context.CancelFunc
	done      chan struct{}
	wake      chan struct{}

	// found holds the last addresses of each name: a name server that fails takes none of them away.
	found map[string][]string
	told  []string
}

// ResolveNow asks for a look-up soon; gRPC calls it when a connection is lost.
func (w *watcher) ResolveNow(resolver.ResolveNowOptions) {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Close stops looking.
func (w *watcher) Close() {
	w.cancel()
	<-w.done
}

func (w *watcher) run(ctx context.Context) {
	defer close(w.done)
	for {
		err := w.update(ctx)
		if fixed(w.endpoints) && err == nil {
			return
		}
		if !w.wait(ctx, err) {
			return
		}
	}
}

// wait returns true when it is time for the next look-up.
func (w *watcher) wait(ctx context.Context, err error) bool {
	pause := time.NewTimer(lookupPause)
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-ctx.Done():
		return false
	}
	if err != nil {
		return true
	}
	var next <-chan time.Time
	if w.interval > 0 {
		timer := time.NewTimer(max(w.interval-lookupPause, 0))
		defer timer.Stop()
		next = timer.C
	}
	select {
	case <-next:
	case <-w.wake:
	case <-ctx.Done():
		return false
	}
	return true
}

// update looks all names up and tells the connection what has changed.
func (w *watcher) update(ctx context.Context) error {
	var errs []error
	var all []string
	servers := make(map[string]string)
	for _, e := range w.endpoints {
		hosts, err := w.find(ctx, e.host)
		errs = append(errs, err)
		for _, host := range hosts {
			address := net.JoinHostPort(host, e.port)
			all = append(all, address)
			servers[address] = net.JoinHostPort(e.host, e.port)
		}
	}
	err := errors.Join(errs...)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if len(all) == 0 {
		w.cc.ReportError(err)
		return err
	}
	slices.Sort(all)
	all = slices.Compact(all)
	if slices.Equal(all, w.told) {
		return err
	}
	state := resolver.State{Endpoints: make([]resolver.Endpoint, len(all))}
	for i, address := range all {
		state.Endpoints[i] = resolver.Endpoint{Addresses: []resolver.Address{{Addr: address, ServerName: servers[address]}}}
	}
	if refused := w.cc.UpdateState(state); refused != nil {
		return errors.Join(err, refused)
	}
	w.told = all
	return err
}

// find returns the addresses of a host: the last known ones, with an error, when the look-up fails.
func (w *watcher) find(ctx context.Context, host string) ([]string, error) {
	if _, err := netip.ParseAddr(host); err == nil {
		return []string{host}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	hosts, err := w.lookup(ctx, host)
	if err == nil && len(hosts) == 0 {
		err = errors.New("it has no address")
	}
	if err != nil {
		return w.found[host], fmt.Errorf("look up %s: %w", host, err)
	}
	w.found[host] = hosts
	return hosts, nil
}
