package limit_test

import (
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/otklik/otklik/libs/limit"
)

func TestConfigIsChecked(t *testing.T) {
	quota := func(rate float64, burst int) limit.Quota { return limit.Quota{Rate: rate, Burst: burst} }
	for _, tc := range []struct {
		name   string
		config limit.Config
		fault  string
	}{
		{"nothing", limit.Config{}, ""},
		{"all", limit.Config{PerKey: quota(0.1, 1), PerDevice: quota(1, 1), PerOrganization: quota(1e5, 1e6)}, ""},
		{"device without burst", limit.Config{PerDevice: quota(1, 0)}, "per_device.burst"},
		{"negative rate", limit.Config{PerKey: quota(-1, 1)}, "per_key.rate"},
		{"negative burst", limit.Config{PerOrganization: quota(0, -1)}, "per_organization.burst"},
		{"rate without burst", limit.Config{PerKey: quota(1, 0)}, "per_key.burst"},
		{"burst without rate", limit.Config{PerOrganization: quota(0, 1)}, "per_organization.rate"},
		{"too fast to be counted", limit.Config{PerKey: quota(1e6, 1)}, "per_key.rate"},
		{"longer than anybody waits", limit.Config{PerKey: quota(1e-6, 1<<30)}, "per_key"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l, err := limit.New(tc.config, nil, limit.RedisOptions{})
			if tc.fault == "" {
				if err != nil || l == nil {
					t.Errorf("got %v, %v", l, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.fault) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestClientThatIgnoresDeadlinesIsRefused(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	defer client.Close()
	_, err := limit.New(limit.Config{PerKey: limit.Quota{Rate: 1, Burst: 1}}, client, limit.RedisOptions{})
	if err == nil || !strings.Contains(err.Error(), "ContextTimeoutEnabled") {
		t.Errorf("got %v", err)
	}
}
