package gateway

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// proxies are the networks of the proxies in front of the gateway whose word on the client's address is taken.
type proxies []netip.Prefix

// parseProxies reads networks in CIDR notation, or single addresses.
func parseProxies(texts []string) (proxies, error) {
	networks := make(proxies, 0, len(texts))
	for _, text := range texts {
		network, err := netip.ParsePrefix(text)
		if err != nil {
			address, addressErr := netip.ParseAddr(text)
			if addressErr != nil {
				return nil, fmt.Errorf("%q is neither a network such as 10.0.0.0/8 nor an address", text)
			}
			network = netip.PrefixFrom(address, address.BitLen())
		}
		networks = append(networks, network.Masked())
	}
	return networks, nil
}

func (p proxies) trust(address netip.Addr) bool {
	for _, network := range p {
		if network.Contains(address) {
			return true
		}
	}
	return false
}

// clientAddress returns where a request comes from: the peer of the connection, or, as long as that is a trusted proxy, whom the proxy names.
// What lies to the left of the first address that is not trusted is the client's own claim and not looked at. The zero address means that
// nothing is known.
func (p proxies) clientAddress(peer string, forwarded []string) netip.Addr {
	address, ok := parseHop(peer)
	if !ok {
		return netip.Addr{}
	}
	for i := len(forwarded) - 1; i >= 0; i-- {
		rest := forwarded[i]
		for rest != "" {
			if !p.trust(address) {
				return address
			}
			comma := strings.LastIndexByte(rest, ',')
			hop, ok := parseHop(rest[comma+1:])
			if !ok {
				// What a trusted proxy wrote cannot be read: the proxy is the last that is known.
				return address
			}
			address, rest = hop, rest[:max(comma, 0)]
		}
	}
	return address
}

// parseHop reads an address with or without a port.
func parseHop(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if host, _, err := net.SplitHostPort(text); err == nil {
		text = host
	} else {
		text = strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}, false
	}
	return address.Unmap().WithZone(""), true
}
