// Package kube checks Kubernetes objects without a cluster, against schemas made from the OpenAPI document of a Kubernetes release.
package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// The release whose objects are checked, and the sum of its module, so that the document is the one that was looked at.
const (
	module  = "k8s.io/kubernetes"
	release = "v1.36.3"
	sum     = "h1:qDQdoMiluAE2Eab6Fa52YV+WjiGz9mZFFoagEA6cI+o="
)

// Fetch returns the OpenAPI document of Kubernetes out of the module cache; the first time Go's module proxy brings it.
func Fetch(ctx context.Context) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", module+"@"+release)
	// Away from any module: the document is no dependency of a program.
	cmd.Dir = os.TempDir()
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	out, err := cmd.Output()
	var downloaded struct{ Dir, Sum, Error string }
	if jsonErr := json.Unmarshal(out, &downloaded); jsonErr == nil && downloaded.Error != "" {
		return nil, fmt.Errorf("download %s: %s", module, downloaded.Error)
	}
	if err != nil {
		return nil, fmt.Errorf("download %s: %w", module, err)
	}
	if downloaded.Sum != sum {
		return nil, fmt.Errorf("check %s@%s: its sum is %s, not %s", module, release, downloaded.Sum, sum)
	}
	raw, err := os.ReadFile(filepath.Join(downloaded.Dir, "api", "openapi-spec", "swagger.json"))
	if err != nil {
		return nil, fmt.Errorf("read OpenAPI document: %w", err)
	}
	return raw, nil
}

// document is the part of the OpenAPI document that describes objects.
type document struct {
	Definitions map[string]map[string]any `json:"definitions"`
}

// groupKind is what apiVersion and kind say.
type groupKind struct{ group, version, kind string }

// kindsOf returns which kinds a definition describes.
func kindsOf(definition map[string]any) ([]groupKind, error) {
	listed, ok := definition["x-kubernetes-group-version-kind"]
	if !ok {
		return nil, nil
	}
	list, ok := listed.([]any)
	if !ok {
		return nil, errors.New("x-kubernetes-group-version-kind is no list")
	}
	kinds := make([]groupKind, 0, len(list))
	for _, e := range list {
		entry, _ := e.(map[string]any)
		var g groupKind
		g.group, _ = entry["group"].(string)
		g.version, _ = entry["version"].(string)
		g.kind, _ = entry["kind"].(string)
		kinds = append(kinds, g)
	}
	return kinds, nil
}
