package chart

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// tree is everything that the chart makes, for checks of what objects say of each other.
type tree struct {
	objects   []Object
	workloads []workload
	errs      []error
}

// CheckReferences says where an object speaks of something that is not there: a label that no pod has, a port that nobody opens, an account or a
// configuration that is missing or comes too late.
func CheckReferences(objects []Object) error {
	t := &tree{objects: objects}
	for _, o := range objects {
		w, ok, err := workloadOf(o)
		if err != nil {
			return err
		}
		if ok {
			t.workloads = append(t.workloads, w)
		}
	}
	if len(t.workloads) == 0 {
		return errors.New("there are no pods")
	}
	t.checkNames()
	for _, w := range t.workloads {
		t.checkWorkload(w)
		t.checkVolumes(w)
		t.checkProbes(w)
	}
	for _, o := range objects {
		switch o.Kind() {
		case "Service":
			t.checkService(o)
		case "PodDisruptionBudget":
			t.checkBudget(o)
		case "HorizontalPodAutoscaler":
			t.checkAutoscaler(o)
		case "NetworkPolicy":
			t.checkPolicy(o)
		case "Ingress":
			t.checkIngress(o)
		case "PodMonitor":
			t.checkPodMonitor(o)
		}
	}
	t.checkPoliciesMeet()
	t.checkPeers()
	return errors.Join(t.errs...)
}

func (t *tree) fault(o Object, format string, args ...any) {
	t.errs = append(t.errs, fmt.Errorf("%s: %s", o, fmt.Sprintf(format, args...)))
}

// find returns the object of a kind and name.
func (t *tree) find(kind, name string) (Object, bool) {
	i := slices.IndexFunc(t.objects, func(o Object) bool { return o.Kind() == kind && o.Name() == name })
	if i < 0 {
		return Object{}, false
	}
	return t.objects[i], true
}

// chosen returns the workloads whose pods a selector matches. An empty selector, which would match everything, is a fault.
func (t *tree) chosen(o Object, selector *metav1.LabelSelector) []workload {
	if selector == nil || len(selector.MatchLabels)+len(selector.MatchExpressions) == 0 {
		t.fault(o, "its selector is empty and matches every pod of the namespace")
		return nil
	}
	matcher, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		t.fault(o, "its selector cannot be read: %v", err)
		return nil
	}
	var found []workload
	for _, w := range t.workloads {
		if matcher.Matches(labels.Set(w.labels)) {
			found = append(found, w)
		}
	}
	if len(found) == 0 {
		t.fault(o, "its selector %s matches no pods", matcher)
	}
	return found
}

// one returns the only workload that is chosen.
func (t *tree) one(o Object, selector *metav1.LabelSelector) (workload, bool) {
	found := t.chosen(o, selector)
	if len(found) > 1 {
		t.fault(o, "its selector matches the pods of %s and of %s", found[0], found[1])
	}
	if len(found) != 1 {
		return workload{}, false
	}
	return found[0], true
}

// checkNames finds two objects of one name, names that the API server refuses and objects in a namespace of somebody else's.
func (t *tree) checkNames() {
	seen := map[string]bool{}
	for _, o := range t.objects {
		key := o.Kind() + "/" + o.Name()
		if seen[key] {
			t.fault(o, "it is there twice")
		}
		seen[key] = true
		for _, message := range nameFaults(o.Name()) {
			t.fault(o, "its name: %s", message)
		}
		if ns := text(o.metadata()["namespace"]); ns != Namespace {
			t.fault(o, "its namespace is %q, not the release's", ns)
		}
		for _, kind := range []string{"labels", "annotations"} {
			m, _ := o.metadata()[kind].(map[string]any)
			for _, k := range slices.Sorted(maps.Keys(m)) {
				for _, message := range labelFaults(k, text(m[k]), kind == "labels") {
					t.fault(o, "%s %s: %s", kind, k, message)
				}
			}
		}
	}
}
