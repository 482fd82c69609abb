package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/spf13/cobra"

	"github.com/otklik/otklik/cmd/otklik/internal/exit"
)

// healthTimeout is how long a process may take to say how it is.
const healthTimeout = 5 * time.Second

// newHealthCommand asks a process of this machine whether it is ready. It is for images, which have nothing else to ask with, and for people.
func newHealthCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "health",
		Short: "Ask the process of this machine, at the address of its setting ops, whether it is ready",
		Long: `Ask the process of this machine, at the address of its setting ops, whether it is ready.

What it answers is printed: each part that it needs with "ok" or what is wrong. The exit code is 0 when it is ready, 1 when it is not, and 4
when it does not answer.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			if c.Ops == "" {
				return exit.Usagef("ask for health: the setting ops is empty, so that no process answers: set it in the file named by --config, or OTKLIK_OPS")
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), healthTimeout)
			defer cancel()
			return askHealth(ctx, cmd.OutOrStdout(), c.Ops)
		},
	}
	addConfigFlags(cmd)
	return cmd
}

// errNotReady tells that the process answers, and that it is not ready.
var errNotReady = errors.New("the process is not ready")

func askHealth(ctx context.Context, out io.Writer, listens string) error {
	address, err := ownAddress(listens)
	if err != nil {
		return exit.Usagef("ask for health: the setting ops: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/readyz", nil)
	if err != nil {
		return fmt.Errorf("ask for health: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return &exit.Error{Code: exit.Unreachable, Err: fmt.Errorf("ask for health: %w", err)}
	}
	defer response.Body.Close()
	var answer json.RawMessage
	if err := json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&answer); err != nil {
		return fmt.Errorf("ask for health: what answers at %s is no process of Otklik", address)
	}
	if _, err := fmt.Fprintln(out, string(answer)); err != nil {
		return fmt.Errorf("print health: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return errNotReady
	}
	return nil
}

// ownAddress is where this machine reaches a process that listens at the address.
func ownAddress(listens string) (string, error) {
	host, port, err := net.SplitHostPort(listens)
	if err != nil {
		return "", fmt.Errorf("%q is not host:port", listens)
	}
	// By number: an image need not know names.
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsUnspecified() && ip.Is6() {
		host = netip.IPv6Loopback().String()
	} else if host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}
