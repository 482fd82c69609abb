package suite

import (
	"strings"
	"testing"
	"time"
)

func TestClientsMayNotAskMoreOftenThanServersBear(t *testing.T) {
	t.Parallel()
	config := DefaultConfig()
	if err := config.checkKeepalive(); err != nil {
		t.Errorf("the default: %v", err)
	}
	config.Server.MinClientInterval = time.Minute
	err := config.checkKeepalive()
	if err == nil || !strings.Contains(err.Error(), "peers.client.keepalive_time") || !strings.Contains(err.Error(), "server.min_client_interval") {
		t.Errorf("got %v", err)
	}
	config.Peers.Client.KeepaliveTime = 0
	if err := config.checkKeepalive(); err != nil {
		t.Errorf("without keepalive: %v", err)
	}
}
