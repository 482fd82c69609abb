package suite

import (
	"net"
	"strings"
	"testing"
)

func TestAddressesThatCannotBeUsedNameTheSetting(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close() //nolint:errcheck // the test is over
	for address, want := range map[string]string{
		taken.Addr().String():     "in use",
		"203.0.113.7:80":          "this machine does not have the address",
		"127.0.0.1":               "no address",
		"127.0.0.1:seven":         "no address",
		"no.such.host.invalid:80": "no address",
	} {
		listener, err := listen(t.Context(), "grpc", address)
		if err == nil {
			_ = listener.Close()
			t.Errorf("%s: it listens", address)
			continue
		}
		for _, part := range []string{want, address, "grpc", "OTKLIK_GRPC"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q is not in: %v", address, part, err)
			}
		}
	}
	listener, err := listen(t.Context(), "http", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
}

func TestListenersOfAProcessNeedPortsOfTheirOwn(t *testing.T) {
	t.Parallel()
	for want, addresses := range map[string]map[string]string{
		"":              {"http": "127.0.0.1:0", "grpc": "127.0.0.1:0", "ops": ""},
		"http and grpc": {"http": ":80", "grpc": ":80", "ops": ":81"},
		"grpc and ops":  {"grpc": ":80", "ops": ":80"},
	} {
		err := checkListeners(addresses)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", addresses, err, want)
		}
	}
}
