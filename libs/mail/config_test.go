package mail_test

import (
	"strings"
	"testing"

	"github.com/otklik/otklik/libs/mail"
)

func TestConfigsAreChecked(t *testing.T) {
	sound := mail.DefaultConfig()
	sound.Host, sound.From = "mail.example", "Otklik <otklik@example.org>"
	if err := sound.Check(); err != nil {
		t.Fatal(err)
	}
	if sender, err := sound.Sender(); err != nil || sender == nil || sound.Domain() != "example.org" {
		t.Errorf("%v, %s", err, sound.Domain())
	}
	if sender, err := mail.DefaultConfig().Sender(); err != nil || sender != nil {
		t.Errorf("without a host: %v, %v", sender, err)
	}
	for setting, change := range map[string]func(*mail.Config){
		"smtp.port":     func(c *mail.Config) { c.Port = 70000 },
		"smtp.timeout":  func(c *mail.Config) { c.Timeout = 0 },
		"smtp.interval": func(c *mail.Config) { c.Interval = -1 },
		"smtp.username": func(c *mail.Config) { c.Password = "x" },
		"smtp.from":     func(c *mail.Config) { c.From = "nobody" },
	} {
		c := sound
		change(&c)
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), setting) {
			t.Errorf("%s: %v", setting, err)
		}
	}
	sound.CAFile = "missing.pem"
	if _, err := sound.Sender(); err == nil || !strings.Contains(err.Error(), "ca_file") {
		t.Errorf("%v", err)
	}
}
