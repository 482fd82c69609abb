{{/* The program's configuration file: the values under config, and the addresses, which have to fit the Services. Secrets come as environment
variables; the file is readable by whoever may read ConfigMaps. */}}
{{- define "otklik.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- range $path, $why := dict
  "data" "nothing is stored in the pod"
  "http" "the Service has its port"
  "grpc" "the Service has its port"
  "ops" "the probes have its port"
  "instance" "it is the name of the pod"
  "auth.keys" "it belongs into the Secret of secrets.authKeys"
  "peers.key" "it belongs into the Secret of secrets.serviceKey"
  "peers.survey" "it is the chart's own Service"
  "peers.scoring" "it is the chart's own Service"
  "peers.access" "it is the chart's own Service"
  "peers.comment" "it is the chart's own Service"
  "peers.segmentation" "it is the chart's own Service"
  "peers.reporting" "it is the chart's own Service"
  "auth.oidc" "it belongs into the Secret of secrets.oidc"
  "auth.login_key" "it belongs into the Secret of secrets.loginKey"
  "access.vault.keys" "they belong into the Secrets of vaultKeys"
  "access.postgres.dsn" "it belongs into the Secret of secrets.accessDSN"
  "comment.postgres.dsn" "it belongs into the Secret of secrets.commentDSN"
  "segmentation.smtp.password" "it belongs into the Secret of secrets.smtpPassword"
  "reporting.smtp.password" "it belongs into the Secret of secrets.smtpPassword"
  "segmentation.postgres.dsn" "it belongs into the Secret of secrets.segmentationDSN"
  "reporting.postgres.dsn" "it belongs into the Secret of secrets.reportingDSN"
  "dev" "everybody who reaches a pod could do everything"
  "tls" "it belongs under mtls"
  "redis.password" "it belongs into the Secret of secrets.redisPassword"
  "survey.postgres.dsn" "it belongs into the Secret of secrets.surveyDSN"
  "scoring.postgres.dsn" "it belongs into the Secret of secrets.scoringDSN" -}}
{{- $found := $config -}}
{{- range splitList "." $path -}}
{{- if kindIs "map" $found -}}{{- $found = get $found . -}}{{- else -}}{{- $found = "" -}}{{- end -}}
{{- end -}}
{{- if $found -}}{{- fail (printf "config.%s cannot be set here: %s" $path $why) -}}{{- end -}}
{{- end -}}
{{- if not (dig "redis" "addresses" list $config) -}}{{- fail "config.redis.addresses is needed: replicas share events through Redis" -}}{{- end -}}
{{- $peers := dict -}}
{{- range $name, $fixed := include "otklik.components" . | fromYaml -}}
{{- if eq $fixed.serves "grpc" -}}
{{- $_ := set $peers $name (printf "dns:///%s-%s.%s.svc:9090" (include "otklik.fullname" $) $name $.Release.Namespace) -}}
{{- end -}}
{{- end -}}
{{- $keys := list -}}
{{- range $i, $key := .Values.vaultKeys -}}
{{- $keys = append $keys (dict "id" $key.id "env" (printf "VAULT_KEY_%d" $i)) -}}
{{- end -}}
{{- $fixed := dict "http" ":8080" "grpc" ":9090" "ops" ":8081" "peers" $peers "access" (dict "vault" (dict "keys" $keys)) -}}
{{- with .Values.mtls -}}
{{- if .enabled -}}
{{- $folder := "/etc/otklik/mtls" -}}
{{- $server := dict "cert_file" (print $folder "/tls.crt") "key_file" (print $folder "/tls.key") "client_ca_file" (print $folder "/ca.crt") "client_certificates" "required" -}}
{{- $client := dict "cert_file" (print $folder "/tls.crt") "key_file" (print $folder "/tls.key") "ca_file" (print $folder "/ca.crt") "server_name" .serverName -}}
{{- $_ := set $fixed "tls" (dict "server" $server "client" $client) -}}
{{- end -}}
{{- end -}}
{{- toYaml (mergeOverwrite $config $fixed) -}}
{{- end -}}

{{/* A variable from a Secret; takes its name and a reference. */}}
{{- define "otklik.secretVariable" -}}
- name: {{ index . 0 }}
  valueFrom:
    secretKeyRef: {name: {{ (index . 1).name | quote }}, key: {{ (index . 1).key | quote }}}
{{- end -}}

{{/* Environment of a container; takes the root, the component's name and what is fixed of it. */}}
{{- define "otklik.environment" -}}
{{- $root := index . 0 -}}
{{- $name := index . 1 -}}
{{- $fixed := index . 2 -}}
{{- $values := $root.Values -}}
- name: OTKLIK_INSTANCE
  valueFrom:
    fieldRef: {fieldPath: metadata.name}
{{- if eq $fixed.serves "grpc" }}
{{ include "otklik.secretVariable" (list "OTKLIK_AUTH_KEYS" $values.secrets.authKeys) }}
{{- end }}
{{- if $fixed.postgres }}
{{ include "otklik.secretVariable" (list (printf "OTKLIK_%s_POSTGRES_DSN" (upper $name)) (get $values.secrets (printf "%sDSN" $name))) }}
{{- end }}
{{- if and $fixed.redis $values.secrets.redisPassword.name }}
{{ include "otklik.secretVariable" (list "OTKLIK_REDIS_PASSWORD" $values.secrets.redisPassword) }}
{{- end }}
{{- if and $fixed.calls (eq $fixed.serves "grpc") }}
{{ include "otklik.secretVariable" (list "OTKLIK_PEERS_KEY" $values.secrets.serviceKey) }}
{{- end }}
{{- if $values.secrets.oidc.name }}
{{ include "otklik.secretVariable" (list "OTKLIK_AUTH_OIDC" $values.secrets.oidc) }}
{{- if eq $fixed.serves "http" }}
{{ include "otklik.secretVariable" (list "OTKLIK_AUTH_LOGIN_KEY" $values.secrets.loginKey) }}
{{- end }}
{{- end }}
{{- if and (or (eq $name "segmentation") (eq $name "reporting")) $values.secrets.smtpPassword.name }}
{{ include "otklik.secretVariable" (list "OTKLIK_SEGMENTATION_SMTP_PASSWORD" $values.secrets.smtpPassword) }}
{{- end }}
{{- if and (eq $name "reporting") $values.secrets.smtpPassword.name }}
{{ include "otklik.secretVariable" (list "OTKLIK_REPORTING_SMTP_PASSWORD" $values.secrets.smtpPassword) }}
{{- end }}
{{- if eq $name "access" }}
{{- range $i, $key := $values.vaultKeys }}
{{ include "otklik.secretVariable" (list (printf "VAULT_KEY_%d" $i) $key.secret) }}
{{- end }}
{{- end }}
{{- with include "otklik.memoryTarget" (get $values $name).resources }}
# Nine tenths of the limit: the collector works harder before the kernel kills.
- {name: GOMEMLIMIT, value: {{ . }}}
{{- end }}
{{- with $values.tracing.endpoint }}
- {name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ . | quote }}}
- {name: OTEL_TRACES_SAMPLER, value: parentbased_traceidratio}
- {name: OTEL_TRACES_SAMPLER_ARG, value: {{ $values.tracing.ratio | quote }}}
- name: OTEL_RESOURCE_ATTRIBUTES
  value: k8s.namespace.name={{ $root.Release.Namespace }},k8s.pod.name=$(OTKLIK_INSTANCE)
{{- end }}
{{- with (get $values $name).env }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Nine tenths of the memory limit in the form of GOMEMLIMIT; nothing without a limit in Mi or Gi. */}}
{{- define "otklik.memoryTarget" -}}
{{- $limit := dig "limits" "memory" "" . | toString -}}
{{- if regexMatch "^[0-9]+Gi$" $limit -}}
{{- div (mul (trimSuffix "Gi" $limit | int64) 1024 9) 10 -}}MiB
{{- else if regexMatch "^[0-9]+Mi$" $limit -}}
{{- div (mul (trimSuffix "Mi" $limit | int64) 9) 10 -}}MiB
{{- end -}}
{{- end -}}
