package chart

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

const dir = "../../helm/otklik"

// render renders the chart with values written as YAML.
func render(t *testing.T, values string) []Object {
	t.Helper()
	objects, _, err := Render(t.Context(), dir, parse(t, values))
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func parse(t *testing.T, text string) map[string]any {
	t.Helper()
	values := map[string]any{}
	if err := yaml.UnmarshalStrict([]byte(text), &values); err != nil {
		t.Fatal(err)
	}
	return values
}

func find(t *testing.T, objects []Object, kind, name string) Object {
	t.Helper()
	for _, o := range objects {
		if o.Kind() == kind && o.Name() == name {
			return o
		}
	}
	t.Fatalf("there is no %s %s", kind, name)
	return Object{}
}

// everything are the values that turn every part on.
func everything(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "helm", "values", "everything.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// TestBrokenChartsAreSeen breaks what the chart makes in one place each, and expects the break to be named.
func TestBrokenChartsAreSeen(t *testing.T) {
	t.Parallel()
	values := everything(t)
	for _, c := range []struct{ kind, name, from, to, want string }{
		{"", "", "", "", ""},
		{"Service", "otklik-feedback-survey", `"selector":{"app.kubernetes.io/component":"survey"`, `"selector":{"app.kubernetes.io/component":"surveys"`, "matches no pods"},
		{"Service", "otklik-feedback-survey", `"targetPort":"grpc"`, `"targetPort":"rpc"`, "leads to rpc"},
		{"Service", "otklik-feedback-survey", `"port":9090`, `"port":9091`, "port 9091 must be open"},
		{"Service", "otklik-feedback-survey", `"name":"otklik-feedback-survey"`, `"name":"survey"`, "where nobody answers"},
		{"Service", "otklik-feedback-survey", `"name":"otklik-feedback-survey"`, `"name":"9-survey"`, "its name"},
		{"Service", "otklik-feedback-gateway", `"name":"otklik-feedback-gateway"`, `"name":"gateway"`, `no Service "otklik-feedback-gateway"`},
		{"Service", "otklik-feedback-gateway", `"name":"http"`, `"name":"web"`, "has no port http"},
		{"Service", "otklik-feedback-gateway", `"namespace":"feedback"`, `"namespace":"default"`, "its namespace"},
		{"PodDisruptionBudget", "otklik-feedback-scoring", `"maxUnavailable":1`, `"maxUnavailable":0`, "nodes could not be drained"},
		{"PodDisruptionBudget", "otklik-feedback-scoring", `"matchLabels":{"app.kubernetes.io/component":"scoring","app.kubernetes.io/instance":"otklik","app.kubernetes.io/name":"feedback"}`,
			`"matchLabels":{}`, "matches every pod"},
		{"HorizontalPodAutoscaler", "otklik-feedback-gateway", `"kind":"Deployment","name":"otklik-feedback-gateway"`, `"kind":"Deployment","name":"gateway"`, "to scale"},
		{"HorizontalPodAutoscaler", "otklik-feedback-gateway", `"minReplicas":2`, `"minReplicas":9`, "more pods than at most"},
		{"Deployment", "otklik-feedback-gateway", `"cpu":"250m",`, ``, "requests no cpu"},
		{"Deployment", "otklik-feedback-gateway", `"minReadySeconds":5`, `"replicas":2`, "undo the scaling"},
		{"Deployment", "otklik-feedback-gateway", `"serviceAccountName":"otklik-feedback-gateway"`, `"serviceAccountName":"gateway"`, "no ServiceAccount"},
		{"Deployment", "otklik-feedback-gateway", `"configMap":{"name":"otklik-feedback-config"}`, `"configMap":{"name":"config"}`, `no ConfigMap "config"`},
		{"Deployment", "otklik-feedback-gateway", `--config=/etc/otklik/config/otklik.yaml`, `--config=/etc/otklik/otklik.yaml`, "none of its volumes"},
		{"Deployment", "otklik-feedback-gateway", `"name":"config","readOnly":true`, `"name":"configs","readOnly":true`, "no volume"},
		{"Deployment", "otklik-feedback-gateway", `"name":"http"`, `"name":"web"`, "asks port http"},
		{"Deployment", "otklik-feedback-survey", `"path":"/readyz","port":"ops"`, `"path":"/readyz","port":"op"`, "asks port op"},
		{"Deployment", "otklik-feedback-survey", `"name":"GOGC"`, `"name":"GOMEMLIMIT"`, "there twice"},
		{"Deployment", "otklik-feedback-survey", `"runAsNonRoot":true`, `"runAsNonRoot":false`, "as root"},
		{"Deployment", "otklik-feedback-survey", `"readOnlyRootFilesystem":true`, `"readOnlyRootFilesystem":false`, "write to its image"},
		{"Deployment", "otklik-feedback-survey", `"allowPrivilegeEscalation":false,`, ``, "gain privileges"},
		{"Deployment", "otklik-feedback-survey", `"drop":["ALL"]`, `"drop":["NET_RAW"]`, "capabilities"},
		{"Deployment", "otklik-feedback-survey", `"enableServiceLinks":false,`, ``, "takes for settings"},
		{"Deployment", "otklik-feedback-survey", `"limits":{"memory":"1Gi"}`, `"limits":{}`, "limit of memory"},
		{"Deployment", "otklik-feedback-survey", `"type":"RuntimeDefault"`, `"type":"Unconfined"`, "seccomp"},
		{"NetworkPolicy", "otklik-feedback-survey", `"port":"grpc"`, `"port":"rpc"`, "port rpc, which is not open"},
		{"NetworkPolicy", "otklik-feedback-survey", `"policyTypes":["Ingress","Egress"]`, `"policyTypes":["Ingress"]`, "lets all egress"},
		{"NetworkPolicy", "otklik-feedback-survey", `"app.kubernetes.io/component":"scoring"`, `"app.kubernetes.io/component":"gateway"`, "does not let it in"},
		{"NetworkPolicy", "otklik-feedback-gateway", `"ports":[{"port":9090}]`, `"ports":[{"port":9091}]`, "9091"},
		{"NetworkPolicy", "otklik-feedback-gateway", `"ports":[{"port":9090}]`, `"ports":[]`, "opens all ports"},
		{"ServiceAccount", "otklik-feedback-migrate", `"helm.sh/hook-weight":"-1"`, `"helm.sh/hook-weight":"0"`, "not made before it"},
		{"ConfigMap", "otklik-feedback-migrate", `"helm.sh/hook":"pre-install,post-upgrade"`, `"helm.sh/hook":"post-install"`, "is there only at"},
		{"PodMonitor", "otklik-feedback-survey", `"port":"ops"`, `"port":"metrics"`, "does not open"},
	} {
		objects := render(t, values)
		if c.kind != "" {
			replace(t, objects, c.kind, c.name, c.from, c.to)
		}
		found := strings.Join([]string{message(CheckReferences(objects)), message(CheckSecurity(objects))}, "\n")
		switch {
		case c.kind == "" && strings.TrimSpace(found) != "":
			t.Errorf("as it is: %s", found)
		case c.want != "" && !strings.Contains(found, c.want):
			t.Errorf("%s %s with %s: found %q, want %q", c.kind, c.name, c.to, found, c.want)
		}
	}
}

func TestProbesMustAskTheirOwnHealth(t *testing.T) {
	t.Parallel()
	objects := render(t, "")
	replace(t, objects, "Deployment", "otklik-survey", `"service":"readiness"`, `"service":"ready"`)
	if found := message(CheckReferences(objects)); !strings.Contains(found, "another health") {
		t.Errorf("found %q", found)
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// replace changes an object by its JSON form.
func replace(t *testing.T, objects []Object, kind, name, from, to string) {
	t.Helper()
	o := find(t, objects, kind, name)
	raw, err := json.Marshal(o.Content)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(raw), from, to, 1)
	if changed == string(raw) {
		t.Fatalf("%s has no %s:\n%s", o, from, raw)
	}
	for k := range o.Content {
		delete(o.Content, k)
	}
	if err := json.Unmarshal([]byte(changed), &o.Content); err != nil {
		t.Fatal(err)
	}
}
