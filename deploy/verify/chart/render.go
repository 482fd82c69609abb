// Package chart lints and renders the Helm chart and checks what comes out: each object by itself, what they say of each other, how pods are
// secured, and that the program takes its configuration.
package chart

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/v2/lint"
	"helm.sh/helm/v4/pkg/chart/v2/lint/support"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	"sigs.k8s.io/yaml"
)

// The release that is rendered.
const (
	Release   = "otklik"
	Namespace = "feedback"
)

// Lint returns what helm lint says from warnings up.
func Lint(dir string, values map[string]any) error {
	result := lint.RunAll(dir, values, Namespace)
	var errs []error
	for _, m := range result.Messages {
		if m.Severity >= support.WarningSev {
			errs = append(errs, fmt.Errorf("lint: %w", m))
		}
	}
	return errors.Join(errs...)
}

// Render gives the objects of the chart with the values, and the notes.
func Render(ctx context.Context, dir string, values map[string]any) ([]Object, string, error) {
	loaded, err := loader.LoadDir(dir)
	if err != nil {
		return nil, "", fmt.Errorf("load chart: %w", err)
	}
	options := common.ReleaseOptions{Name: Release, Namespace: Namespace, Revision: 1, IsInstall: true}
	complete, err := util.ToRenderValues(loaded, values, options, common.DefaultCapabilities)
	if err != nil {
		return nil, "", fmt.Errorf("check values: %w", err)
	}
	files, err := engine.Engine{Strict: true}.RenderWithContext(ctx, loaded, complete)
	if err != nil {
		return nil, "", fmt.Errorf("render: %w", err)
	}
	var objects []Object
	var notes string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		switch base := filepath.Base(name); {
		case base == "NOTES.txt":
			notes = files[name]
		case strings.HasPrefix(base, "_"):
		default:
			found, err := decode(base, files[name])
			if err != nil {
				return nil, "", err
			}
			objects = append(objects, found...)
		}
	}
	return objects, notes, nil
}

// decode reads the objects of a file. A field that is given twice is an error.
func decode(source, text string) ([]Object, error) {
	var objects []Object
	for _, part := range strings.Split("\n"+text, "\n---") {
		var content map[string]any
		if err := yaml.UnmarshalStrict([]byte(part), &content); err != nil {
			return nil, fmt.Errorf("decode %s: %w\n%s", source, err, part)
		}
		if len(content) > 0 {
			objects = append(objects, Object{Source: source, Content: content})
		}
	}
	return objects, nil
}
