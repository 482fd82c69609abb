package chart

import (
	"encoding/json"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Object is one object of the chart.
type Object struct {
	// Source is the template that it came from.
	Source  string
	Content map[string]any
}

// Kind is the object's kind.
func (o Object) Kind() string { return text(o.Content["kind"]) }

// APIVersion is the object's version of the API.
func (o Object) APIVersion() string { return text(o.Content["apiVersion"]) }

// Name is the object's name.
func (o Object) Name() string { return text(o.metadata()["name"]) }

// Annotation is an annotation's value, empty without one.
func (o Object) Annotation(key string) string {
	annotations, _ := o.metadata()["annotations"].(map[string]any)
	return text(annotations[key])
}

func (o Object) metadata() map[string]any {
	m, _ := o.Content["metadata"].(map[string]any)
	return m
}

// String names the object in messages.
func (o Object) String() string { return fmt.Sprintf("%s: %s %s", o.Source, o.Kind(), o.Name()) }

func text(v any) string {
	s, _ := v.(string)
	return s
}

// as decodes the object into a type of the Kubernetes API.
func as[T any](o Object) (T, error) {
	var typed T
	raw, err := json.Marshal(o.Content)
	if err != nil {
		return typed, fmt.Errorf("%s: encode: %w", o, err)
	}
	if err := json.Unmarshal(raw, &typed); err != nil {
		return typed, fmt.Errorf("%s: decode: %w", o, err)
	}
	return typed, nil
}

// workload is an object that makes pods.
type workload struct {
	Object
	labels   map[string]string
	selector *metav1.LabelSelector
	replicas *int32
	pod      corev1.PodSpec
}

// workloadOf returns the pods of an object; false for one that makes none.
func workloadOf(o Object) (workload, bool, error) {
	switch o.Kind() {
	case "Deployment":
		d, err := as[appsv1.Deployment](o)
		t := d.Spec.Template
		return workload{Object: o, labels: t.Labels, selector: d.Spec.Selector, replicas: d.Spec.Replicas, pod: t.Spec}, true, err
	case "Job":
		j, err := as[batchv1.Job](o)
		return workload{Object: o, labels: j.Spec.Template.Labels, pod: j.Spec.Template.Spec}, true, err
	}
	return workload{}, false, nil
}

// port finds a container port by name or number.
func (w workload) port(name string, number int32) bool {
	for _, c := range w.pod.Containers {
		for _, p := range c.Ports {
			if name != "" && p.Name == name || name == "" && p.ContainerPort == number {
				return true
			}
		}
	}
	return false
}
