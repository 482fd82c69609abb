package credential

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// maxPort is the greatest port there is.
const maxPort = 65535

// originFault says why no browser ever sends the origin; empty when one may.
func originFault(origin string) string {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Scheme+"://"+u.Host != origin {
		return "must be an origin such as https://shop.example"
	}
	if port := u.Port(); port != "" {
		n, err := strconv.Atoi(port)
		switch {
		case err != nil || n < 1 || n > maxPort || strconv.Itoa(n) != port:
			return "has a port that does not exist"
		case u.Scheme == "https" && n == 443, u.Scheme == "http" && n == 80:
			return "names the port that goes without saying; browsers leave it out: leave it out as well"
		}
	} else if strings.HasSuffix(u.Host, ":") {
		return "must not end in a colon"
	}
	if host := u.Hostname(); !soundHost(host) {
		return "names a host that cannot be"
	}
	return ""
}

// soundHost wants an address or a name of labels in lower case.
func soundHost(host string) bool {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.String() == host
	}
	if host == "" || len(host) > 253 {
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return true
}
