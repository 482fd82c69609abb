package suite

import "testing"

func TestDevelopmentModeIsForThisMachineAlone(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"127.0.0.1:8080": true, "127.9.9.9:0": true, "[::1]:8080": true, "[::ffff:127.0.0.1]:80": true,
		":8080": false, "0.0.0.0:8080": false, "[::]:8080": false, "10.0.0.1:8080": false, "localhost:8080": false, "127.0.0.1": false, "otklik.example:80": false,
	} {
		for _, set := range []func(*Config){
			func(c *Config) { c.HTTP = address }, func(c *Config) { c.GRPC = address }, func(c *Config) { c.Ops = address },
		} {
			config := DefaultConfig()
			set(&config)
			if err := config.checkDevelopment(); err != nil {
				t.Errorf("not in development mode, %s: %v", address, err)
			}
			config.Dev = true
			if err := config.checkDevelopment(); (err == nil) != want {
				t.Errorf("%s: %v", address, err)
			}
		}
	}
}
