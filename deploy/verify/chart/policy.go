package chart

import (
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func (t *tree) checkPolicy(o Object) {
	p, err := as[networkingv1.NetworkPolicy](o)
	if err != nil {
		t.fault(o, "%v", err)
		return
	}
	for _, direction := range []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress} {
		if !slices.Contains(p.Spec.PolicyTypes, direction) {
			t.fault(o, "it lets all %s traffic pass", strings.ToLower(string(direction)))
		}
	}
	for _, w := range t.chosen(o, &p.Spec.PodSelector) {
		for _, rule := range p.Spec.Ingress {
			t.checkRulePorts(o, rule.Ports, func(port intstr.IntOrString) bool { return w.port(port.StrVal, port.IntVal) })
			for _, peer := range rule.From {
				// Pods of the release; those of others carry other labels.
				if peer.PodSelector != nil && peer.NamespaceSelector == nil && peer.PodSelector.MatchLabels["app.kubernetes.io/instance"] == Release {
					t.chosen(o, peer.PodSelector)
				}
			}
		}
	}
	for _, rule := range p.Spec.Egress {
		t.checkRulePorts(o, rule.Ports, func(intstr.IntOrString) bool { return true })
	}
}

func (t *tree) checkRulePorts(o Object, ports []networkingv1.NetworkPolicyPort, open func(intstr.IntOrString) bool) {
	if len(ports) == 0 {
		t.fault(o, "a rule opens all ports")
	}
	for _, port := range ports {
		if port.Port == nil {
			t.fault(o, "a rule opens all ports of a protocol")
		} else if !open(*port.Port) {
			t.fault(o, "it lets traffic in to port %s, which is not open", port.Port)
		}
	}
}

// checkPoliciesMeet finds pods without a policy, and traffic within the release that one side lets out and the other does not let in.
func (t *tree) checkPoliciesMeet() {
	policies := map[string]networkingv1.NetworkPolicy{}
	for _, o := range t.objects {
		if o.Kind() != "NetworkPolicy" {
			continue
		}
		p, err := as[networkingv1.NetworkPolicy](o)
		if err != nil {
			continue // said by checkPolicy
		}
		for _, w := range t.workloads {
			if matches(&p.Spec.PodSelector, w.labels) {
				policies[w.String()] = p
			}
		}
	}
	if len(policies) == 0 {
		return
	}
	for _, from := range t.workloads {
		policy, ok := policies[from.String()]
		if !ok {
			t.fault(from.Object, "no NetworkPolicy holds its pods")
			continue
		}
		for _, rule := range policy.Spec.Egress {
			for _, peer := range rule.To {
				if peer.PodSelector == nil || peer.NamespaceSelector != nil {
					continue
				}
				for _, to := range t.workloads {
					if matches(peer.PodSelector, to.labels) {
						t.checkMeeting(from, to, rule.Ports, policies[to.String()])
					}
				}
			}
		}
	}
}

// checkMeeting finds ports by which one workload is let out to another that does not let it in.
func (t *tree) checkMeeting(from, to workload, ports []networkingv1.NetworkPolicyPort, policy networkingv1.NetworkPolicy) {
	for _, port := range ports {
		number := port.Port.IntVal
		name := ""
		for _, c := range to.pod.Containers {
			for _, p := range c.Ports {
				if p.ContainerPort == number {
					name = p.Name
				}
			}
		}
		if name == "" {
			t.fault(from.Object, "it is let out to port %d of %s, which is not open", number, to)
			continue
		}
		if !slices.ContainsFunc(policy.Spec.Ingress, func(r networkingv1.NetworkPolicyIngressRule) bool {
			opens := slices.ContainsFunc(r.Ports, func(p networkingv1.NetworkPolicyPort) bool {
				return p.Port.StrVal == name || p.Port.StrVal == "" && p.Port.IntVal == number
			})
			admits := len(r.From) == 0 || slices.ContainsFunc(r.From, func(p networkingv1.NetworkPolicyPeer) bool {
				return p.PodSelector != nil && p.NamespaceSelector == nil && matches(p.PodSelector, from.labels)
			})
			return opens && admits
		}) {
			t.fault(from.Object, "it is let out to port %d of %s, which does not let it in", number, to)
		}
	}
}

func matches(selector *metav1.LabelSelector, set map[string]string) bool {
	matcher, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && matcher.Matches(labels.Set(set))
}
