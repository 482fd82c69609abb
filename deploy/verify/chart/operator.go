package chart

import (
	"bytes"
	"encoding/json"
	"fmt"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
)

// operatorVersion is the version of the API that the Prometheus operator adds to a cluster.
const operatorVersion = "monitoring.coreos.com/v1"

// CheckOperatorObject holds an object of the Prometheus operator to its type, as its own schemas do; false for other objects.
func CheckOperatorObject(o Object) (bool, error) {
	if o.APIVersion() != operatorVersion {
		return false, nil
	}
	var typed any
	switch o.Kind() {
	case "PodMonitor":
		typed = &monitoringv1.PodMonitor{}
	case "PrometheusRule":
		typed = &monitoringv1.PrometheusRule{}
	default:
		return true, fmt.Errorf("%s: nothing is known of this kind", o)
	}
	raw, err := json.Marshal(o.Content)
	if err != nil {
		return true, fmt.Errorf("%s: encode: %w", o, err)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(typed); err != nil {
		return true, fmt.Errorf("%s: %w", o, err)
	}
	return true, nil
}

func (t *tree) checkPodMonitor(o Object) {
	m, err := as[monitoringv1.PodMonitor](o)
	if err != nil {
		t.fault(o, "%v", err)
		return
	}
	w, ok := t.one(o, &m.Spec.Selector)
	if !ok {
		return
	}
	for _, e := range m.Spec.PodMetricsEndpoints {
		if e.Port == nil || !w.port(*e.Port, 0) {
			t.fault(o, "it reads metrics at a port that %s does not open", w)
		}
	}
}
