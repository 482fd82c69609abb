package rpcclient

import (
	"encoding/json"
	"slices"
	"testing"

	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/otklik/otklik/libs/rpcserver"
	"github.com/otklik/otklik/libs/testkit/echo"
)

func TestOnlyMethodsThatSaySoAreRepeated(t *testing.T) {
	echo.Descriptor() // registers it, as linking generated code does
	text, err := newServiceConfig(repeatable(protoregistry.GlobalFiles))
	if err != nil {
		t.Fatal(err)
	}
	var c serviceConfig
	if err := json.Unmarshal([]byte(text), &c); err != nil || len(c.Methods) != 1 {
		t.Fatalf("%v in %s", err, text)
	}
	var got []string
	for _, name := range c.Methods[0].Names {
		if name.Service == echo.Service {
			got = append(got, name.Method)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, []string{"Repeat", "Split"}) {
		t.Errorf("repeated are %v", got)
	}
	if codes := c.Methods[0].Retry.Codes; !slices.Equal(codes, []string{"UNAVAILABLE"}) {
		t.Errorf("retried are %v", codes)
	}
	empty, err := newServiceConfig(repeatable(&protoregistry.Files{}))
	if err != nil || empty == text {
		t.Errorf("without methods: %s, %v", empty, err)
	}
}

// TestClientsAskNoMoreOftenThanServersBear: a server cuts off a client whose keepalives come faster than it allows.
func TestClientsAskNoMoreOftenThanServersBear(t *testing.T) {
	if asks, bears := DefaultConfig().KeepaliveTime, rpcserver.DefaultConfig().MinClientInterval; asks < bears {
		t.Errorf("clients ask every %v, servers bear %v", asks, bears)
	}
	if minKeepaliveTime < rpcserver.DefaultConfig().MinClientInterval {
		t.Errorf("clients may be set to ask every %v, servers bear %v", minKeepaliveTime, rpcserver.DefaultConfig().MinClientInterval)
	}
}
