package chart

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// healthNames are the names by which the program's gRPC health answers.
var healthNames = []string{"liveness", "readiness", "startup"}

func (t *tree) checkWorkload(w workload) {
	if w.selector != nil {
		matcher, err := metav1.LabelSelectorAsSelector(w.selector)
		if err != nil || !matcher.Matches(labels.Set(w.labels)) {
			t.fault(w.Object, "its selector does not match its own pods")
		}
	}
	for _, spread := range w.pod.TopologySpreadConstraints {
		if matcher, err := metav1.LabelSelectorAsSelector(spread.LabelSelector); err != nil || !matcher.Matches(labels.Set(w.labels)) {
			t.fault(w.Object, "its pods are spread by labels that they do not have")
		}
	}
	if account, ok := t.find("ServiceAccount", w.pod.ServiceAccountName); !ok {
		t.fault(w.Object, "there is no ServiceAccount %q", w.pod.ServiceAccountName)
	} else {
		t.checkInTime(w, account)
	}
	for _, c := range w.pod.Containers {
		seen := map[string]bool{}
		for _, e := range c.Env {
			if seen[e.Name] {
				t.fault(w.Object, "the variable %s is there twice", e.Name)
			}
			seen[e.Name] = true
		}
		ports := map[string]bool{}
		for _, p := range c.Ports {
			if p.Name == "" || ports[p.Name] {
				t.fault(w.Object, "port %d has no name of its own", p.ContainerPort)
			}
			ports[p.Name] = true
		}
	}
}

// checkVolumes follows what is mounted to where it comes from, and the configuration file that is named to the mount that holds it.
func (t *tree) checkVolumes(w workload) {
	volumes := map[string]corev1.Volume{}
	for _, v := range w.pod.Volumes {
		volumes[v.Name] = v
	}
	for _, c := range w.pod.Containers {
		files := map[string]bool{}
		for _, m := range c.VolumeMounts {
			v, ok := volumes[m.Name]
			if !ok {
				t.fault(w.Object, "it mounts %s, which is no volume", m.Name)
				continue
			}
			if v.ConfigMap == nil {
				continue
			}
			config, ok := t.find("ConfigMap", v.ConfigMap.Name)
			if !ok {
				t.fault(w.Object, "there is no ConfigMap %q", v.ConfigMap.Name)
				continue
			}
			t.checkInTime(w, config)
			data, _ := config.Content["data"].(map[string]any)
			for name := range data {
				files[m.MountPath+"/"+name] = true
			}
		}
		for _, argument := range c.Args {
			if path, ok := strings.CutPrefix(argument, "--config="); ok && !files[path] {
				t.fault(w.Object, "%s is in none of its volumes", path)
			}
		}
	}
}

// checkInTime finds what a hook needs and Helm makes only after it.
func (t *tree) checkInTime(w workload, needed Object) {
	hooks := w.Annotation("helm.sh/hook")
	if hooks == "" {
		return
	}
	if of := needed.Annotation("helm.sh/hook"); of != hooks {
		t.fault(w.Object, "it runs at %s, but %s is there only at %q", hooks, needed, of)
	} else if needed.Annotation("helm.sh/hook-weight") >= w.Annotation("helm.sh/hook-weight") {
		// Both are written as "-1" and "0": the smaller is the smaller string as well.
		t.fault(w.Object, "%s is not made before it", needed)
	}
}

func (t *tree) checkProbes(w workload) {
	if w.Kind() != "Deployment" {
		return
	}
	for _, c := range w.pod.Containers {
		for name, probe := range map[string]*corev1.Probe{"startup": c.StartupProbe, "liveness": c.LivenessProbe, "readiness": c.ReadinessProbe} {
			switch {
			case probe == nil:
				t.fault(w.Object, "container %s has no %s probe", c.Name, name)
			case probe.GRPC != nil:
				if !w.port("", probe.GRPC.Port) {
					t.fault(w.Object, "its %s probe asks port %d, which is not open", name, probe.GRPC.Port)
				}
				if probe.GRPC.Service == nil || *probe.GRPC.Service != name || !slices.Contains(healthNames, name) {
					t.fault(w.Object, "its %s probe asks for another health than %s", name, name)
				}
			case probe.HTTPGet != nil:
				if !w.port(probe.HTTPGet.Port.StrVal, probe.HTTPGet.Port.IntVal) {
					t.fault(w.Object, "its %s probe asks port %s, which is not open", name, probe.HTTPGet.Port.String())
				}
			default:
				t.fault(w.Object, "its %s probe asks nothing", name)
			}
		}
	}
}
