package gateway

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcerr"
)

// Headers from which the metadata of package authn are made that say from where a call comes. headerClientAddress is never taken from a client.
const (
	headerOrigin        = "Origin"
	headerDevice        = "Otklik-Device"
	headerClientAddress = "Otklik-Client-Address"
)

// longestOrigin bounds what is passed on of an origin.
const longestOrigin = 300

// parsePublicURL reads the address under which browsers reach the gateway. It is an origin: a scheme, a host and perhaps a port.
func parsePublicURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%q is not an address such as https://otklik.example, without a path", text)
	}
	return &url.URL{Scheme: u.Scheme, Host: canonicalHost(u.Scheme, u.Host)}, nil
}

// canonicalHost is a host in the spelling of the header Origin: lower case and without the port that goes without saying.
func canonicalHost(scheme, host string) string {
	host = strings.ToLower(host)
	if name, port, err := net.SplitHostPort(host); err == nil && (scheme == "https" && port == "443" || scheme == "http" && port == "80") {
		if strings.Contains(name, ":") {
			return "[" + name + "]"
		}
		return name
	}
	return host
}

// foreignOrigin returns the origin of the page that sends a request when it is not the gateway's own; empty when it is, and for clients
// that are no browsers. Several are passed on as one text, which no credential allows.
func (g *Gateway) foreignOrigin(r *http.Request) string {
	values := r.Header[headerOrigin]
	if len(values) == 0 {
		return ""
	}
	origin := strings.Join(values, ", ")
	if g.ownOrigin(origin, r.Host) {
		return ""
	}
	if origin == "" || len(origin) > longestOrigin || !authn.Printable(origin) {
		// As a browser says where it does not want to say.
		return "null"
	}
	return origin
}

// ownOrigin tells whether an origin is the gateway's: the public one, or the one by whose name this request reached it. Behind a proxy that ends
// TLS the scheme is not known; only of the public address it is.
func (g *Gateway) ownOrigin(origin, host string) bool {
	scheme, originHost, ok := strings.Cut(origin, "://")
	if !ok || scheme != "https" && scheme != "http" || originHost == "" {
		return false
	}
	host = canonicalHost(scheme, host)
	if public := g.publicURL; public != nil && (originHost == public.Host || host == public.Host) {
		return origin == public.String()
	}
	return originHost == host
}

// identify replaces what a client cannot say by itself with what the gateway knows: the origin of the page, and the address.
func (g *Gateway) identify(x *exchange, r *http.Request) {
	if x.origin = g.foreignOrigin(r); x.origin != "" {
		r.Header[headerOrigin] = []string{x.origin}
	} else {
		delete(r.Header, headerOrigin)
	}
	delete(r.Header, headerClientAddress)
	if address := g.proxies.clientAddress(r.RemoteAddr, r.Header["X-Forwarded-For"]); address.IsValid() {
		r.Header[headerClientAddress] = []string{address.String()}
	}
	// grpc-gateway would pass on what a client says of proxies.
	delete(r.Header, "X-Forwarded-For")
	delete(r.Header, "X-Forwarded-Host")
}

// checkDevice refuses a name of a device that cannot be passed on.
func checkDevice(h http.Header) *rpcerr.Error {
	values := h[headerDevice]
	switch {
	case len(values) == 0:
		return nil
	case len(values) > 1 || len(values[0]) > authn.LongestDevice || values[0] == "" || !authn.Printable(values[0]):
		return fault(codes.InvalidArgument, reasonHeaderInvalid, fmt.Sprintf("the header %s must be one text of 1 to %d printable characters of ASCII", headerDevice, authn.LongestDevice))
	}
	return nil
}

// loopbackHost tells whether a request names this machine. A page of a foreign name that its owner leads to 127.0.0.1 does not.
func loopbackHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	if address, err := netip.ParseAddr(host); err == nil {
		return address.IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}
