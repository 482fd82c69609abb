{{/* What every pod is held to; the "restricted" level of the pod security standards admits it. */}}
{{- define "otklik.podSecurity" -}}
automountServiceAccountToken: false
# Variables such as OTKLIK_GATEWAY_PORT, which Kubernetes makes of Services, would be taken for settings.
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "otklik.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end -}}

{{/* Mounts and volumes; the second takes the name of the ConfigMap after the root. The third and fourth are the certificate of a component for mutual
TLS; the fourth takes what it serves after the root. */}}
{{- define "otklik.mounts" -}}
- {name: config, mountPath: /etc/otklik/config, readOnly: true}
{{- if .Values.certificates.secret }}
- {name: certificates, mountPath: /etc/otklik/certificates, readOnly: true}
{{- end }}
{{- end -}}

{{- define "otklik.volumes" -}}
- name: config
  configMap: {name: {{ index . 1 }}}
{{- with (index . 0).Values.certificates.secret }}
- name: certificates
  secret: {secretName: {{ . }}, defaultMode: 0444}
{{- end }}
{{- end -}}

{{- define "otklik.mtlsMount" -}}
{{- if .Values.mtls.enabled }}
- {name: mtls, mountPath: /etc/otklik/mtls, readOnly: true}
{{- end }}
{{- end -}}

{{- define "otklik.mtlsVolume" -}}
{{- with (index . 0).Values.mtls }}
{{- if .enabled }}
- name: mtls
  secret: {secretName: {{ ternary .gatewaySecret .serviceSecret (eq (index $ 1) "http") }}, defaultMode: 0444}
{{- end }}
{{- end }}
{{- end -}}

{{/* Probes; takes the root, the name, what is fixed. Liveness asks nothing but the process. Readiness of a service asks its own store. That of the
gateway asks only itself: behind a gateway that is taken out because a database is down, callers would hear nothing of when to try again. */}}
{{- define "otklik.probes" -}}
{{- $values := get (index . 0).Values (index . 1) -}}
{{- $grpc := eq (index . 2).serves "grpc" -}}
{{- /* Kubernetes has no certificate to show: with mutual TLS it asks at the port of the operators. */}}
{{- $mtls := and $grpc (index . 0).Values.mtls.enabled -}}
startupProbe:
  {{- if $mtls }}
  httpGet: {port: ops, path: /livez}
  {{- else if $grpc }}
  grpc: {port: 9090, service: startup}
  {{- else }}
  httpGet: {port: http, path: /healthz}
  {{- end }}
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: {{ div (add $values.startSeconds 1) 2 }}
livenessProbe:
  {{- if $mtls }}
  httpGet: {port: ops, path: /livez}
  {{- else if $grpc }}
  grpc: {port: 9090, service: liveness}
  {{- else }}
  httpGet: {port: http, path: /healthz}
  {{- end }}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
readinessProbe:
  {{- if $mtls }}
  httpGet: {port: ops, path: /readyz}
  {{- else if $grpc }}
  grpc: {port: 9090, service: readiness}
  {{- else }}
  httpGet: {port: http, path: /healthz}
  {{- end }}
  periodSeconds: 5
  timeoutSeconds: 3
  failureThreshold: 2
{{- end -}}
