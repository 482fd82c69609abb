package chart

import "k8s.io/apimachinery/pkg/util/validation"

// nameFaults says why the API server would refuse a name. Services allow least, and everything here has names that a Service could have.
func nameFaults(name string) []string { return validation.IsDNS1035Label(name) }

// labelFaults says why the API server would refuse a label or annotation.
func labelFaults(key, value string, isLabel bool) []string {
	faults := validation.IsQualifiedName(key)
	if isLabel {
		faults = append(faults, validation.IsValidLabelValue(value)...)
	}
	return faults
}
