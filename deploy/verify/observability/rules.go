package observability

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

// handbook is where the runbooks are.
const handbook = "docs/operations.md"

// ParseRules reads alert rules as Prometheus does.
func ParseRules(raw []byte) (*rulefmt.RuleGroups, error) {
	groups, errs := rulefmt.Parse(raw, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	if len(errs) > 0 {
		return nil, fmt.Errorf("parse rules: %w", errors.Join(errs...))
	}
	return groups, nil
}

// CheckRules says what is wrong with alert rules: metrics that are not there, alerts that nobody could act upon. runbooks is the text that
// describes what to do.
func CheckRules(raw []byte, metrics Metrics, runbooks string) (alerts int, err error) {
	groups, err := ParseRules(raw)
	if err != nil {
		return 0, err
	}
	var errs []error
	seen := map[string]bool{}
	for _, group := range groups.Groups {
		for _, rule := range group.Rules {
			alerts++
			for _, fault := range ruleFaults(rule, metrics, runbooks) {
				errs = append(errs, fmt.Errorf("alert %s: %s", rule.Alert, fault))
			}
			if seen[rule.Alert] {
				errs = append(errs, fmt.Errorf("alert %s is there twice", rule.Alert))
			}
			seen[rule.Alert] = true
		}
	}
	for _, line := range strings.Split(runbooks, "\n") {
		if name, ok := strings.CutPrefix(line, "### Otklik"); ok && !seen["Otklik"+name] {
			errs = append(errs, fmt.Errorf("%s has a runbook for Otklik%s, which is no alert", handbook, name))
		}
	}
	return alerts, errors.Join(errs...)
}

func ruleFaults(rule rulefmt.Rule, metrics Metrics, runbooks string) []string {
	var faults []string
	if rule.Alert == "" {
		return []string{"it has no name"}
	}
	unknown, err := unknownMetrics(rule.Expr, metrics)
	if err != nil {
		return []string{err.Error()}
	}
	if len(unknown) > 0 {
		faults = append(faults, fmt.Sprintf("there is no metric %s", strings.Join(unknown, ", ")))
	}
	if s := rule.Labels["severity"]; s != "page" && s != "ticket" {
		faults = append(faults, fmt.Sprintf("its severity is %q, neither page nor ticket", s))
	}
	if rule.Annotations["summary"] == "" {
		faults = append(faults, "it has no summary")
	}
	if want := handbook + "#" + strings.ToLower(rule.Alert); rule.Annotations["runbook"] != want {
		faults = append(faults, fmt.Sprintf("its runbook is %q, want %q", rule.Annotations["runbook"], want))
	}
	if !strings.Contains(runbooks, "\n### "+rule.Alert+"\n") {
		faults = append(faults, fmt.Sprintf("%s has no section of its name", handbook))
	}
	return faults
}

// unknownMetrics are the metrics that an expression asks for and that are not there.
func unknownMetrics(expression string, metrics Metrics) ([]string, error) {
	parsed, err := parser.NewParser(parser.Options{}).ParseExpr(expression)
	if err != nil {
		return nil, fmt.Errorf("parse %q: %w", expression, err)
	}
	var unknown []string
	selectors := 0
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		if s, ok := node.(*parser.VectorSelector); ok {
			selectors++
			if !metrics.Has(s.Name) && !slices.Contains(unknown, s.Name) {
				unknown = append(unknown, s.Name)
			}
		}
		return nil
	})
	if selectors == 0 {
		return nil, fmt.Errorf("%q asks for no metric", expression)
	}
	return unknown, nil
}
