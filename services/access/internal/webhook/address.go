package webhook

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"code.dny.dev/ssrf"
)

// Addresses says which addresses are called.
type Addresses struct {
	// AllowPrivate takes addresses of private networks and of this machine, and plain http.
	AllowPrivate bool
}

// lowPort is the first of those ports that no service of the operating system is at home on.
const lowPort = 1024

// Control refuses connections to addresses that are not public, for net.Dialer.Control: it is asked with the address that a name was found to have,
// immediately before the connection is made, so that what a name server says at another time does not matter. Addresses that name no machine, and
// those that give out credentials to whoever asks on a cloud's machine, are refused in any case.
func (a Addresses) Control(network, address string, conn syscall.RawConn) error {
	if ip, err := netip.ParseAddrPort(address); err == nil && slices.Contains(metadataServers(), ip.Addr().Unmap().WithZone("")) {
		return ssrf.ErrProhibitedIP
	}
	options := []ssrf.Option{ssrf.WithAnyPort()}
	if a.AllowPrivate {
		options = append(options,
			ssrf.WithAllowedV4Prefixes(prefixes("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")...),
			ssrf.WithAllowedV6Prefixes(prefixes("::1/128", "fc00::/7")...))
	}
	return ssrf.New(options...).Safe(network, address, conn)
}

// metadataServers are those of clouds whose addresses lie outside of the link-local networks, which are refused anyhow: of Azure, Alibaba and AWS.
func metadataServers() []netip.Addr {
	return []netip.Addr{netip.MustParseAddr("168.63.129.16"), netip.MustParseAddr("100.100.100.200"), netip.MustParseAddr("fd00:ec2::254")}
}

func prefixes(texts ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		all[i] = netip.MustParsePrefix(text)
	}
	return all
}

// Check tells what is wrong with an address as it is written: a sentence for people. Where its name leads to is seen when it is called.
func (a Addresses) Check(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Opaque != "" || u.Host == "":
		return errors.New("it is no address")
	case u.Scheme != "https" && (u.Scheme != "http" || !a.AllowPrivate):
		return errors.New("it must begin with https://")
	case u.User != nil:
		return errors.New("it must not hold a name or password")
	case u.Fragment != "" || strings.Contains(text, "#"):
		return errors.New("it must not hold a fragment")
	}
	if err := a.checkPort(u); err != nil {
		return err
	}
	return a.checkHost(u.Hostname())
}

func (a Addresses) checkPort(u *url.URL) error {
	text := u.Port()
	if text == "" {
		if strings.HasSuffix(u.Host, ":") {
			return errors.New("the port is missing")
		}
		return nil
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port == 0 || strconv.FormatUint(port, 10) != text {
		return errors.New("the port is no number from 1 to 65535")
	}
	if port < lowPort && port != 443 && !a.AllowPrivate {
		return errors.New("the port must be 443 or 1024 and above")
	}
	return nil
}

func (a Addresses) checkHost(host string) error {
	if strings.ContainsFunc(host, func(r rune) bool { return r > '~' || r <= ' ' || strings.ContainsRune(`%\^<>|"{}`, r) }) {
		return errors.New("the host has characters that no host has; write international names in their ASCII form")
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		network := "tcp4"
		if ip.Is6() {
			network = "tcp6"
		}
		if err := a.Control(network, net.JoinHostPort(ip.String(), "443"), nil); err != nil {
			return errors.New("the host is not a public address")
		}
		return nil
	}
	labels := strings.Split(strings.ToLower(strings.TrimSuffix(host, ".")), ".")
	last := labels[len(labels)-1]
	// Programs take numbers in many spellings for addresses: 2130706433, 0x7f000001, 0177.0.0.1, 127.1.
	if isNumber(last) {
		return errors.New("the host is a number that is no address in its usual form")
	}
	for _, label := range labels {
		if label == "" {
			return errors.New("the host is no name")
		}
	}
	if a.AllowPrivate {
		return nil
	}
	switch {
	case len(labels) == 1:
		return errors.New("the host is a name of a private network")
	case last == "localhost" || last == "local" || last == "internal" || last == "intranet" || last == "lan" || last == "home" || last == "corp":
		return errors.New("the host is a name of a private network")
	}
	return nil
}

func isNumber(label string) bool {
	if digits, ok := strings.CutPrefix(label, "0x"); ok {
		return strings.Trim(digits, "0123456789abcdef") == ""
	}
	return label != "" && strings.Trim(label, "0123456789") == ""
}
