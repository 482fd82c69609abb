package chart

import (
	"errors"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// restricted is what the pod security standards call the level of a pod that may nothing but run.
func restricted(pod corev1.PodSpec) []string {
	var faults []string
	need := func(ok bool, what string) {
		if !ok {
			faults = append(faults, what)
		}
	}
	s := pod.SecurityContext
	need(s != nil && s.RunAsNonRoot != nil && *s.RunAsNonRoot && s.RunAsUser != nil && *s.RunAsUser != 0, "it may run as root")
	need(s != nil && s.SeccompProfile != nil && s.SeccompProfile.Type == corev1.SeccompProfileTypeRuntimeDefault, "it has no seccomp profile")
	need(!pod.HostNetwork && !pod.HostPID && !pod.HostIPC, "it shares the node's namespaces")
	need(pod.AutomountServiceAccountToken != nil && !*pod.AutomountServiceAccountToken, "it gets a token of the API server")
	need(pod.EnableServiceLinks != nil && !*pod.EnableServiceLinks, "it gets variables of Services, which the program takes for settings")
	for _, v := range pod.Volumes {
		need(v.HostPath == nil, "it mounts a folder of the node")
	}
	for _, c := range append(slices.Clone(pod.InitContainers), pod.Containers...) {
		s := c.SecurityContext
		need(s != nil && s.AllowPrivilegeEscalation != nil && !*s.AllowPrivilegeEscalation, c.Name+" may gain privileges")
		need(s != nil && s.ReadOnlyRootFilesystem != nil && *s.ReadOnlyRootFilesystem, c.Name+" may write to its image")
		need(s != nil && s.Capabilities != nil && slices.Contains(s.Capabilities.Drop, "ALL") && len(s.Capabilities.Add) == 0, c.Name+" has capabilities")
		need(s != nil && (s.Privileged == nil || !*s.Privileged), c.Name+" is privileged")
		need(!c.Resources.Requests.Cpu().IsZero() && !c.Resources.Requests.Memory().IsZero(), c.Name+" requests no CPU or memory")
		need(!c.Resources.Limits.Memory().IsZero(), c.Name+" has no limit of memory")
	}
	return faults
}

// CheckSecurity says which pods may more than run.
func CheckSecurity(objects []Object) error {
	t := &tree{}
	for _, o := range objects {
		w, ok, err := workloadOf(o)
		if err != nil {
			return err
		}
		if ok {
			for _, f := range restricted(w.pod) {
				t.fault(o, "%s", f)
			}
		}
		if o.Kind() == "ServiceAccount" && o.Content["automountServiceAccountToken"] != false {
			t.fault(o, "its token is mounted")
		}
	}
	return errors.Join(t.errs...)
}
