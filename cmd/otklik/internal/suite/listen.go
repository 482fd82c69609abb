package suite

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
)

// listen listens on the address of a setting. What keeps it from doing so names the setting.
func listen(ctx context.Context, setting, address string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err == nil {
		return listener, nil
	}
	variable := "OTKLIK_" + strings.ToUpper(setting)
	var malformed *net.AddrError
	var unknown *net.DNSError
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("listen on %s: the address is in use, perhaps by another service of the suite: set %s (or %s) to another port, or stop the other",
			address, setting, variable)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("listen on %s: this machine does not have the address: correct %s (or %s)", address, setting, variable)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("listen on %s: it is not permitted: choose a port above 1023 in %s (or %s)", address, setting, variable)
	case errors.As(err, &malformed), errors.As(err, &unknown):
		return nil, fmt.Errorf("listen on %q: it is no address (%w): set %s (or %s) to host:port, such as 127.0.0.1:8080", address, err, setting, variable)
	}
	return nil, fmt.Errorf("listen on %s (%s): %w", address, setting, err)
}

// checkListeners refuses one address for two listeners of a process.
func checkListeners(addresses map[string]string) error {
	owners := make(map[string]string)
	for _, setting := range []string{"http", "grpc", "ops"} {
		address, used := addresses[setting]
		if !used || address == "" || strings.HasSuffix(address, ":0") {
			continue
		}
		if other, taken := owners[address]; taken {
			return fmt.Errorf("check addresses: %s and %s are both %s: give each a port of its own", other, setting, address)
		}
		owners[address] = setting
	}
	return nil
}
