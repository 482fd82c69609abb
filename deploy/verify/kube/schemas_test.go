package kube

import (
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

func TestSchemasAreStrict(t *testing.T) {
	t.Parallel()
	openAPI, err := Fetch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	schemas, err := New(openAPI)
	if err != nil {
		t.Fatal(err)
	}
	sound := `
apiVersion: apps/v1
kind: Deployment
metadata: {name: survey, labels: {a: b}}
spec:
  replicas: 2
  selector: {matchLabels: {a: b}}
  strategy: {rollingUpdate: {maxSurge: 25%, maxUnavailable: 0}}
  template:
    metadata: {labels: {a: b}}
    spec:
      containers:
        - name: survey
          image: otklik
          resources: {requests: {cpu: 500m, memory: 1.5Gi}, limits: {cpu: 2}}
          ports: [{containerPort: 9090}]
          livenessProbe: {grpc: {port: 9090, service: liveness}}
`
	for _, c := range []struct{ name, from, to, want string }{
		{"sound", "", "", ""},
		{"unknown field", "replicas: 2", "replicaCount: 2", "replicaCount"},
		{"unknown field far down", "service: liveness", "serviceName: liveness", "serviceName"},
		{"wrong type", "replicas: 2", `replicas: "2"`, "/spec/replicas"},
		{"null", "replicas: 2", "replicas: null", "/spec/replicas"},
		{"missing field", "selector: {matchLabels: {a: b}}", "minReadySeconds: 1", "selector"},
		{"missing name in a list", "name: survey\n          image", "image", "name"},
		{"malformed quantity", "cpu: 500m", "cpu: half", "/requests/cpu"},
		{"unknown suffix", "1.5Gi", "1.5GB", "/requests/memory"},
		{"number that does not fit", "containerPort: 9090", "containerPort: 9999999999", "containerPort"},
		{"list instead of map", "labels: {a: b}}\n    spec", "labels: [a]}\n    spec", "/template/metadata/labels"},
		{"unknown kind", "kind: Deployment", "kind: Deploy", `"Deploy"`},
		{"gone version", "apiVersion: apps/v1", "apiVersion: apps/v1beta1", "apps/v1beta1"},
	} {
		text := strings.Replace(sound, c.from, c.to, 1)
		if c.from != "" && text == sound {
			t.Fatalf("%s: nothing was replaced", c.name)
		}
		var object map[string]any
		if err := yaml.UnmarshalStrict([]byte(text), &object); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		err := schemas.Check(object)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want something about %s", c.name, err, c.want)
		}
	}
}

func TestSecretsMustBeEncoded(t *testing.T) {
	t.Parallel()
	openAPI, err := Fetch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	schemas, err := New(openAPI)
	if err != nil {
		t.Fatal(err)
	}
	secret := func(value string) map[string]any {
		return map[string]any{"apiVersion": "v1", "kind": "Secret", "data": map[string]any{"key": value}}
	}
	if err := schemas.Check(secret("c2VjcmV0")); err != nil {
		t.Error(err)
	}
	if err := schemas.Check(secret("not base64!")); err == nil {
		t.Error("a value that is not base64 was taken")
	}
}
