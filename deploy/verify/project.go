package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/otklik/otklik/deploy/verify/chart"
	"github.com/otklik/otklik/deploy/verify/compose"
	"github.com/otklik/otklik/deploy/verify/kube"
	"github.com/otklik/otklik/deploy/verify/observability"
)

// project says where things are.
type project struct{ root, binary, values string }

func (p project) path(parts ...string) string {
	return filepath.Join(append([]string{p.root}, parts...)...)
}

func (p project) checks() []check {
	return []check{
		{"chart", p.checkChart},
		{"compose", p.checkCompose},
		{"alerts", p.checkAlerts},
		{"dashboard", p.checkDashboard},
	}
}

// valueSets are the values that the chart is checked with: those of its own, and each file beside it.
func (p project) valueSets() (map[string]map[string]any, error) {
	files, err := filepath.Glob(p.path("deploy", "helm", "values", "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("list values: %w", err)
	}
	if p.values != "" {
		files = append(files, p.values)
	}
	sets := map[string]map[string]any{"default": {}}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read values: %w", err)
		}
		var values map[string]any
		if err := yaml.UnmarshalStrict(raw, &values); err != nil {
			return nil, fmt.Errorf("decode %s: %w", file, err)
		}
		sets[strings.TrimSuffix(filepath.Base(file), ".yaml")] = values
	}
	return sets, nil
}

func (p project) checkChart(ctx context.Context) (string, error) {
	openAPI, err := kube.Fetch(ctx)
	if err != nil {
		return "", err
	}
	schemas, err := kube.New(openAPI)
	if err != nil {
		return "", err
	}
	sets, err := p.valueSets()
	if err != nil {
		return "", err
	}
	operations, err := os.ReadFile(p.path("docs", "operations.md"))
	if err != nil {
		return "", fmt.Errorf("read handbook: %w", err)
	}
	var errs []error
	var objects int
	for name, values := range sets {
		n, err := p.checkValues(ctx, schemas, values, string(operations))
		if err != nil {
			errs = append(errs, fmt.Errorf("with the values %s:\n%w", name, err))
		}
		objects += n
	}
	return fmt.Sprintf("%d sets of values, %d objects", len(sets), objects), errors.Join(errs...)
}

// checkValues checks the chart with one set of values and returns how many objects it makes.
func (p project) checkValues(ctx context.Context, schemas *kube.Schemas, values map[string]any, operations string) (int, error) {
	dir := p.path("deploy", "helm", "otklik")
	objects, _, err := chart.Render(ctx, dir, values)
	if err != nil {
		return 0, err
	}
	errs := []error{chart.Lint(dir, values), chart.CheckReferences(objects), chart.CheckSecurity(objects), chart.CheckProgram(ctx, p.binary, objects)}
	for _, o := range objects {
		if known, err := chart.CheckOperatorObject(o); known {
			errs = append(errs, err)
		} else if err := schemas.Check(o.Content); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", o, err))
		}
	}
	keys, err := chart.SecretKeys(objects)
	if err != nil {
		return 0, err
	}
	if len(values) == 0 {
		for key, readers := range keys {
			if !strings.Contains(operations, "`"+key+"`") {
				slices.Sort(readers)
				errs = append(errs, fmt.Errorf("docs/operations.md says nothing of the key %s, which %s read from a Secret", key, strings.Join(readers, ", ")))
			}
		}
	}
	return len(objects), errors.Join(errs...)
}

func (p project) checkCompose(ctx context.Context) (string, error) {
	loaded, err := compose.Load(ctx, p.path("deploy", "compose", "compose.yaml"))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d services", len(loaded.Services)), compose.Check(ctx, loaded, p.binary)
}

func (p project) checkAlerts(context.Context) (string, error) {
	metrics, err := observability.FindMetrics(p.root)
	if err != nil {
		return "", err
	}
	raw, err := os.ReadFile(p.path("deploy", "observability", "alerts.yaml"))
	if err != nil {
		return "", fmt.Errorf("read alerts: %w", err)
	}
	operations, err := os.ReadFile(p.path("docs", "operations.md"))
	if err != nil {
		return "", fmt.Errorf("read handbook: %w", err)
	}
	n, err := observability.CheckRules(raw, metrics, string(operations))
	return fmt.Sprintf("%d alerts", n), err
}

func (p project) checkDashboard(context.Context) (string, error) {
	metrics, err := observability.FindMetrics(p.root)
	if err != nil {
		return "", err
	}
	raw, err := os.ReadFile(p.path("deploy", "observability", "dashboard.json"))
	if err != nil {
		return "", fmt.Errorf("read dashboard: %w", err)
	}
	n, err := observability.CheckDashboard(raw, metrics)
	return fmt.Sprintf("%d panels", n), err
}
