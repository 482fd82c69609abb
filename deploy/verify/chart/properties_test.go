package chart

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

func deployments(t *testing.T, objects []Object) map[string]appsv1.Deployment {
	t.Helper()
	found := map[string]appsv1.Deployment{}
	for _, o := range objects {
		if o.Kind() != "Deployment" {
			continue
		}
		d, err := as[appsv1.Deployment](o)
		if err != nil {
			t.Fatal(err)
		}
		found[d.Labels["app.kubernetes.io/component"]] = d
	}
	return found
}

// variables are the environment of the only container.
func variables(pod corev1.PodSpec) map[string]string {
	found := map[string]string{}
	for _, e := range pod.Containers[0].Env {
		found[e.Name] = e.Value
		if e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil {
			found[e.Name] = e.ValueFrom.SecretKeyRef.Name + "/" + e.ValueFrom.SecretKeyRef.Key
		}
	}
	return found
}

func TestEachServiceHasItsParts(t *testing.T) {
	t.Parallel()
	objects := render(t, "")
	for _, component := range []string{"access", "survey", "scoring", "comment", "segmentation", "reporting", "gateway"} {
		for _, kind := range []string{"Deployment", "Service", "ServiceAccount", "HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy"} {
			find(t, objects, kind, "otklik-"+component)
		}
	}
	for _, component := range []string{"access", "survey", "scoring", "comment", "segmentation", "reporting"} {
		s, err := as[corev1.Service](find(t, objects, "Service", "otklik-"+component))
		if err != nil {
			t.Fatal(err)
		}
		if s.Spec.ClusterIP != corev1.ClusterIPNone {
			t.Errorf("the Service of %s hides its pods, so that calls could not be spread over them", component)
		}
	}
	find(t, objects, "Job", "otklik-migrate")
}

// TestPodsGetOnlyTheirOwnSecrets holds who can read what.
func TestPodsGetOnlyTheirOwnSecrets(t *testing.T) {
	t.Parallel()
	objects := render(t, "secrets: {redisPassword: {name: redis, key: password}}")
	want := map[string][]string{
		"access":       {"OTKLIK_ACCESS_POSTGRES_DSN", "OTKLIK_AUTH_KEYS", "OTKLIK_PEERS_KEY", "OTKLIK_REDIS_PASSWORD", "VAULT_KEY_0"},
		"survey":       {"OTKLIK_AUTH_KEYS", "OTKLIK_PEERS_KEY", "OTKLIK_REDIS_PASSWORD", "OTKLIK_SURVEY_POSTGRES_DSN"},
		"scoring":      {"OTKLIK_AUTH_KEYS", "OTKLIK_PEERS_KEY", "OTKLIK_REDIS_PASSWORD", "OTKLIK_SCORING_POSTGRES_DSN"},
		"comment":      {"OTKLIK_AUTH_KEYS", "OTKLIK_COMMENT_POSTGRES_DSN", "OTKLIK_PEERS_KEY", "OTKLIK_REDIS_PASSWORD"},
		"segmentation": {"OTKLIK_AUTH_KEYS", "OTKLIK_PEERS_KEY", "OTKLIK_REDIS_PASSWORD", "OTKLIK_SEGMENTATION_POSTGRES_DSN"},
		"reporting":    {"OTKLIK_AUTH_KEYS", "OTKLIK_PEERS_KEY", "OTKLIK_REDIS_PASSWORD", "OTKLIK_REPORTING_POSTGRES_DSN"},
		"gateway":      nil,
	}
	for name, d := range deployments(t, objects) {
		var got []string
		for _, e := range d.Spec.Template.Spec.Containers[0].Env {
			if e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil {
				got = append(got, e.Name)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want[name]) {
			t.Errorf("%s reads %v, want %v", name, got, want[name])
		}
	}
}

// TestOnlyWhoNeedsThemGetsTheSecretsOfLogins: the services check tokens, the gateway alone lets people log in.
func TestOnlyWhoNeedsThemGetsTheSecretsOfLogins(t *testing.T) {
	t.Parallel()
	for name, d := range deployments(t, render(t, "secrets: {oidc: {name: otklik, key: oidc}}")) {
		got := variables(d.Spec.Template.Spec)
		if got["OTKLIK_AUTH_OIDC"] != "otklik/oidc" {
			t.Errorf("%s does not know the OpenID providers", name)
		}
		if _, ok := got["OTKLIK_AUTH_LOGIN_KEY"]; ok != (name == "gateway") {
			t.Errorf("%s has the key of log-ins: %v", name, ok)
		}
	}
}

// TestMutualTLS: services and gateway show different certificates, and Kubernetes, which has none, asks at the port of the operators.
func TestMutualTLS(t *testing.T) {
	t.Parallel()
	objects := render(t, "mtls: {enabled: true, serverName: services}")
	for name, d := range deployments(t, objects) {
		pod := d.Spec.Template.Spec
		want := "otklik-services-tls"
		if name == "gateway" {
			want = "otklik-gateway-tls"
		}
		if !slices.ContainsFunc(pod.Volumes, func(v corev1.Volume) bool { return v.Secret != nil && v.Secret.SecretName == want }) {
			t.Errorf("%s has no certificate of %s", name, want)
		}
		if probe := pod.Containers[0].ReadinessProbe; name != "gateway" && (probe.HTTPGet == nil || probe.HTTPGet.Port.StrVal != "ops" || probe.HTTPGet.Path != "/readyz") {
			t.Errorf("%s is asked for its readiness by %v", name, probe)
		}
	}
	config, _ := find(t, objects, "ConfigMap", "otklik-config").Content["data"].(map[string]any)
	for _, want := range []string{"client_certificates: required", "server_name: services", "client_ca_file: /etc/otklik/mtls/ca.crt"} {
		if !strings.Contains(text(config["otklik.yaml"]), want) {
			t.Errorf("the configuration has no %s:\n%s", want, config["otklik.yaml"])
		}
	}
}

func TestSecretsAreTakenFromWhereTheValuesSay(t *testing.T) {
	t.Parallel()
	objects := render(t, "secrets: {surveyDSN: {name: survey-postgres, key: uri}}")
	if got := variables(deployments(t, objects)["survey"].Spec.Template.Spec)["OTKLIK_SURVEY_POSTGRES_DSN"]; got != "survey-postgres/uri" {
		t.Errorf("the DSN comes from %s", got)
	}
	if got, ok := variables(deployments(t, objects)["survey"].Spec.Template.Spec)["OTKLIK_REDIS_PASSWORD"]; ok {
		t.Errorf("a password comes from %s, though Redis needs none", got)
	}
}

func TestPodsRestartWhenTheConfigurationChanges(t *testing.T) {
	t.Parallel()
	checksum := func(values string) string {
		return deployments(t, render(t, values))["survey"].Spec.Template.Annotations["checksum/config"]
	}
	first, again := checksum(""), checksum("")
	if first != again || first == "" {
		t.Error("pods would restart at every upgrade")
	}
	if first == checksum("config: {telemetry: {log_level: debug}}") {
		t.Error("pods would go on with the old configuration")
	}
}

func TestMemoryTargetLeavesRoomBelowTheLimit(t *testing.T) {
	t.Parallel()
	for limit, want := range map[string]string{"1Gi": "921MiB", "512Mi": "460MiB", "16Gi": "14745MiB", "1G": ""} {
		objects := render(t, "survey: {resources: {limits: {memory: "+limit+"}}}")
		if got := variables(deployments(t, objects)["survey"].Spec.Template.Spec)["GOMEMLIMIT"]; got != want {
			t.Errorf("limit %s gives GOMEMLIMIT %q, want %q", limit, got, want)
		}
	}
}

// TestPodsHaveTimeToStop holds the time that Kubernetes gives to the time that the program takes at most.
func TestPodsHaveTimeToStop(t *testing.T) {
	t.Parallel()
	for name, d := range deployments(t, render(t, "")) {
		// The program stops within 30 s in all, lingering and draining included.
		if got := *d.Spec.Template.Spec.TerminationGracePeriodSeconds; got < 35 {
			t.Errorf("%s is killed after %d s", name, got)
		}
	}
}

func TestDigestComesBeforeTag(t *testing.T) {
	t.Parallel()
	digest := "sha256:" + strings.Repeat("0", 64)
	for values, want := range map[string]string{
		"": "otklik:0.1.0", "image: {tag: 1.2.3}": "otklik:1.2.3", "image: {tag: 1.2.3, digest: '" + digest + "'}": "otklik@" + digest,
	} {
		if got := deployments(t, render(t, values))["gateway"].Spec.Template.Spec.Containers[0].Image; got != want {
			t.Errorf("%s: image %s, want %s", values, got, want)
		}
	}
}

func TestScaledDeploymentsLeaveTheirNumberAlone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ values, want string }{{"", "scaler"}, {"survey: {autoscaling: {enabled: false}, replicas: 3}", "number"}} {
		d := deployments(t, render(t, c.values))["survey"]
		if (d.Spec.Replicas == nil) != (c.want == "scaler") {
			t.Errorf("%s: replicas %v", c.values, d.Spec.Replicas)
		}
	}
}

// TestMigrationFollowsTheCode holds the order that the services' check of the schema asks for: before the first installation, after an upgrade.
func TestMigrationFollowsTheCode(t *testing.T) {
	t.Parallel()
	job := find(t, render(t, ""), "Job", "otklik-migrate")
	if got := job.Annotation("helm.sh/hook"); got != "pre-install,post-upgrade" {
		t.Errorf("the schema is migrated at %s", got)
	}
	for _, o := range render(t, "migrate: {enabled: false}") {
		if strings.Contains(o.Name(), "migrate") {
			t.Errorf("%s is there though migrate.enabled is false", o)
		}
	}
}

func TestTurnedOffPartsAreAbsent(t *testing.T) {
	t.Parallel()
	off := `
networkPolicy: {enabled: false}
survey: {podDisruptionBudget: {enabled: false}, autoscaling: {enabled: false}}
`
	for _, o := range render(t, off) {
		if o.Kind() == "NetworkPolicy" || o.Kind() == "Ingress" || o.Kind() == "PodMonitor" || o.Kind() == "PrometheusRule" ||
			o.Name() == "otklik-survey" && (o.Kind() == "PodDisruptionBudget" || o.Kind() == "HorizontalPodAutoscaler") {
			t.Errorf("%s is there though nobody asked for it", o)
		}
	}
}

// TestValuesAreHeldToTheirSchema expects values that mean nothing to be refused by name.
func TestValuesAreHeldToTheirSchema(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ values, want string }{
		{"survey: {replica: 2}", "replica"},
		{"survey: {replicas: two}", "replicas"},
		{"survey: {resources: {requests: {cpus: 1}}}", "cpus"},
		{"image: {digest: latest}", "digest"},
		{"image: {pullPolicy: Sometimes}", "pullPolicy"},
		{"postgresql: {enabled: true}", "postgresql"},
		{"secrets: {surveyDSN: {name: '', key: a}}", "surveyDSN"},
		{"tracing: {endpoint: otel:4317}", "endpoint"},
		{"migrate: {hooks: [pre-delete]}", "hooks"},
		{"networkPolicy: {postgres: {to: [{}]}}", "networkPolicy"},
		{"config: {redis: {password: secret}}", "belongs into the Secret"},
		{"config: {survey: {postgres: {dsn: 'postgres://'}}}", "belongs into the Secret"},
		{"config: {auth: {keys: [{id: a}]}}", "belongs into the Secret"},
		{"config: {grpc: ':7000'}", "config.grpc cannot be set"},
		{"config: {dev: true}", "config.dev cannot be set"},
		{"config: {access: {vault: {keys: [{id: a, env: A}]}}}", "vaultKeys"},
		{"config: {auth: {oidc: [{issuer: 'https://a.example'}]}}", "belongs into the Secret"},
		{"config: {tls: {server: {cert_file: a}}}", "mtls"},
		{"vaultKeys: []", "vaultKeys"},
		{"config: {peers: {survey: elsewhere:9090}}", "config.peers.survey cannot be set"},
		{"config: {redis: {addresses: []}}", "config.redis.addresses"},
		{"ingress: {enabled: true}", "ingress.host"},
	} {
		_, _, err := Render(t.Context(), dir, parse(t, c.values))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want something about %s", c.values, err, c.want)
		}
	}
}

func TestProgramMustTakeItsConfiguration(t *testing.T) {
	t.Parallel()
	binary := os.Getenv("OTKLIK_BINARY")
	if binary == "" {
		t.Fatal("OTKLIK_BINARY is not set: run make verify-deploy")
	}
	for _, c := range []struct{ values, want string }{
		{"", ""},
		{"config: {survey: {comit_batch: 1}}", "did you mean survey.commit_batch"},
		{"config: {server: {linger: 5}}", "duration"},
		{"scoring: {env: [{name: OTKLIK_SCORING_TIMEZONE, value: UTC}]}", "did you mean OTKLIK_SCORING_TIME_ZONE"},
	} {
		err := CheckProgram(t.Context(), binary, render(t, c.values))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.values, err, c.want)
		}
	}
	objects := render(t, "")
	replace(t, objects, "Deployment", "otklik-survey", `["survey",`, `["surveys",`)
	if err := CheckProgram(t.Context(), binary, objects); err == nil || !strings.Contains(err.Error(), `no command "surveys"`) {
		t.Errorf("an unknown command: %v", err)
	}
}

// TestNotesTellWhatToDo renders the notes as a person would read them.
func TestNotesTellWhatToDo(t *testing.T) {
	t.Parallel()
	small, err := os.ReadFile(filepath.Join("..", "..", "helm", "values", "small.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var values map[string]any
	if err := yaml.Unmarshal(small, &values); err != nil {
		t.Fatal(err)
	}
	_, notes, err := Render(t.Context(), dir, values)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"port-forward service/otklik-gateway", "job/otklik-migrate", "WARNING: survey has one pod"} {
		if !strings.Contains(notes, want) {
			t.Errorf("the notes say nothing of %q:\n%s", want, notes)
		}
	}
}
