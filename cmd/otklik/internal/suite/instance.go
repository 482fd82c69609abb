package suite

import (
	"crypto/rand"
	"fmt"
	"os"
	"regexp"
	"strings"
)

// soundInstance is what the name of a process may be: it becomes part of keys.
var soundInstance = regexp.MustCompile(`^[A-Za-z0-9._-]{1,128}$`)

// instanceName is the name of this process: the one given, or one that no other process has.
func instanceName(given string) (string, error) {
	if given != "" {
		if !soundInstance.MatchString(given) {
			return "", fmt.Errorf("check instance: %q is no name: want at most 128 letters, digits, dots, hyphens and underscores", given)
		}
		return given, nil
	}
	random := strings.ToLower(rand.Text()[:8])
	// Without a host name, or with a strange one, the random part alone is enough.
	host, _ := os.Hostname()
	if !soundInstance.MatchString(host) || len(host) > 100 {
		return random, nil
	}
	return host + "-" + random, nil
}
