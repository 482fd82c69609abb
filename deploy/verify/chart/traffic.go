package chart

import (
	"slices"
	"strconv"
	"strings"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

func (t *tree) checkService(o Object) {
	s, err := as[corev1.Service](o)
	if err != nil {
		t.fault(o, "%v", err)
		return
	}
	w, ok := t.one(o, &metav1.LabelSelector{MatchLabels: s.Spec.Selector})
	if !ok {
		return
	}
	for _, p := range s.Spec.Ports {
		if !w.port(p.TargetPort.StrVal, p.TargetPort.IntVal) {
			t.fault(o, "port %s leads to %s, which %s does not open", p.Name, p.TargetPort.String(), w)
		}
		// The name of a headless Service leads to the pods themselves: its port is theirs.
		if s.Spec.ClusterIP == corev1.ClusterIPNone && !w.port("", p.Port) {
			t.fault(o, "it has no address of its own, so that port %d must be open in %s", p.Port, w)
		}
	}
}

func (t *tree) checkBudget(o Object) {
	b, err := as[policyv1.PodDisruptionBudget](o)
	if err != nil {
		t.fault(o, "%v", err)
		return
	}
	t.one(o, b.Spec.Selector)
	if b.Spec.MaxUnavailable == nil || b.Spec.MaxUnavailable.String() == "0" || b.Spec.MaxUnavailable.String() == "0%" {
		t.fault(o, "no pod may ever go: nodes could not be drained")
	}
}

func (t *tree) checkAutoscaler(o Object) {
	a, err := as[autoscalingv2.HorizontalPodAutoscaler](o)
	if err != nil {
		t.fault(o, "%v", err)
		return
	}
	target := a.Spec.ScaleTargetRef
	i := slices.IndexFunc(t.workloads, func(w workload) bool {
		return w.Kind() == target.Kind && w.Name() == target.Name && w.APIVersion() == target.APIVersion
	})
	if i < 0 {
		t.fault(o, "there is no %s %s to scale", target.Kind, target.Name)
		return
	}
	w := t.workloads[i]
	if w.replicas != nil {
		t.fault(o, "%s sets the number of its pods too: every upgrade would undo the scaling", w)
	}
	if a.Spec.MinReplicas == nil || *a.Spec.MinReplicas > a.Spec.MaxReplicas {
		t.fault(o, "it has at least more pods than at most")
	}
	for _, m := range a.Spec.Metrics {
		if m.Resource == nil || m.Resource.Target.Type != autoscalingv2.UtilizationMetricType {
			continue
		}
		for _, c := range w.pod.Containers {
			if request, ok := c.Resources.Requests[m.Resource.Name]; !ok || request.IsZero() {
				t.fault(o, "container %s of %s requests no %s to take a share of", c.Name, w, m.Resource.Name)
			}
		}
	}
}

func (t *tree) checkIngress(o Object) {
	i, err := as[networkingv1.Ingress](o)
	if err != nil {
		t.fault(o, "%v", err)
		return
	}
	for _, rule := range i.Spec.Rules {
		for _, path := range rule.HTTP.Paths {
			backend := path.Backend.Service
			service, ok := t.find("Service", backend.Name)
			if !ok {
				t.fault(o, "there is no Service %q", backend.Name)
				continue
			}
			s, err := as[corev1.Service](service)
			if err != nil {
				t.fault(o, "%v", err)
				continue
			}
			if !slices.ContainsFunc(s.Spec.Ports, func(p corev1.ServicePort) bool {
				return p.Name == backend.Port.Name || backend.Port.Name == "" && p.Port == backend.Port.Number
			}) {
				t.fault(o, "%s has no port %s", service, backend.Port.Name)
			}
		}
	}
}

// checkPeers follows the addresses that the configuration gives the processes of each other.
func (t *tree) checkPeers() {
	for _, o := range t.objects {
		data, _ := o.Content["data"].(map[string]any)
		if o.Kind() != "ConfigMap" || data["otklik.yaml"] == nil {
			continue
		}
		var config struct {
			Peers map[string]string `json:"peers"`
		}
		if err := yaml.Unmarshal([]byte(text(data["otklik.yaml"])), &config); err != nil {
			t.fault(o, "read peers: %v", err)
			continue
		}
		if len(config.Peers) == 0 {
			t.fault(o, "it names no peers")
		}
		for name, target := range config.Peers {
			if !t.answers(target) {
				t.fault(o, "peers.%s is %s, where nobody answers", name, target)
			}
		}
	}
}

// answers tells whether a headless Service of the release stands behind a gRPC target.
func (t *tree) answers(target string) bool {
	address, ok := strings.CutPrefix(target, "dns:///")
	host, port, found := strings.Cut(address, ":")
	name, isOurs := strings.CutSuffix(host, "."+Namespace+".svc")
	service, exists := t.find("Service", name)
	if !ok || !found || !isOurs || !exists {
		return false
	}
	s, err := as[corev1.Service](service)
	return err == nil && s.Spec.ClusterIP == corev1.ClusterIPNone && slices.ContainsFunc(s.Spec.Ports, func(p corev1.ServicePort) bool {
		return strconv.Itoa(int(p.Port)) == port
	})
}
