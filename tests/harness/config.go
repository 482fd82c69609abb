package harness

import (
	"fmt"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"
)

// writeConfig writes the configuration file of a process and returns its path.
func (s *Suite) writeConfig(r Replica) (string, error) {
	root := make(map[string]any)
	set(root, "auth.keys", s.keys())
	if s.options.Layout.served() {
		s.configureServers(root)
		set(root, "instance", r.String())
	}
	if s.options.Layout.apart() {
		set(root, "peers.survey", s.addresses(Survey))
		set(root, "peers.scoring", s.addresses(Scoring))
		set(root, "peers.access", s.addresses(Access))
		set(root, "peers.comment", s.addresses(Comment))
		set(root, "peers.segmentation", s.addresses(Segmentation))
		set(root, "peers.reporting", s.addresses(Reporting))
		set(root, "peers.key", ServiceKey())
		if ops := s.ports[r].ops; ops != "" {
			set(root, "ops", ops)
		}
	}
	if at := s.ports[r].http; at != "" {
		set(root, "gateway.public_url", "http://"+at)
	}
	for path, value := range s.options.Settings {
		set(root, path, value)
	}
	for path, value := range s.options.Each[r] {
		set(root, path, value)
	}
	raw, err := yaml.Marshal(root)
	if err != nil {
		return "", fmt.Errorf("encode configuration of %s: %w", r, err)
	}
	path := s.configPath(r.String() + ".yaml")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		return "", fmt.Errorf("write configuration of %s: %w", r, err)
	}
	return path, nil
}

// keys are the static keys of all organisations, and the one of the services.
func (s *Suite) keys() []map[string]any {
	keys := []map[string]any{{"id": "service", "sha256": HashKey(ServiceKey()), "roles": []string{"service"}}}
	for _, organization := range s.options.Organizations {
		for _, role := range Roles() {
			keys = append(keys, map[string]any{
				"id":           organization + "-" + string(role),
				"sha256":       HashKey(KeyFor(organization, role)),
				"organization": organization,
				"roles":        []string{string(role)},
			})
		}
	}
	return keys
}

// set puts a value at a dotted path.
func set(root map[string]any, path string, value any) {
	head, rest, nested := strings.Cut(path, ".")
	if !nested {
		root[head] = value
		return
	}
	inner, ok := root[head].(map[string]any)
	if !ok {
		inner = make(map[string]any)
		root[head] = inner
	}
	set(inner, rest, value)
}
