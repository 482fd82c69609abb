{{- define "otklik.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "otklik.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The processes and what the program fixes of them; all else of them is in the values of the same name. A further service is a line here, its
values and their schema. serves: what it listens for. calls: whom it calls. postgres: it has a store. redis: it uses Redis. */}}
{{- define "otklik.components" -}}
access: {serves: grpc, calls: [survey, scoring, comment, segmentation, reporting], postgres: true, redis: true}
survey: {serves: grpc, calls: [access], postgres: true, redis: true}
scoring: {serves: grpc, calls: [survey, access, comment, segmentation], postgres: true, redis: true}
comment: {serves: grpc, calls: [survey, access], postgres: true, redis: true}
segmentation: {serves: grpc, calls: [survey, access, comment, scoring], postgres: true, redis: true}
reporting: {serves: grpc, calls: [survey, scoring, comment, segmentation, access], postgres: true, redis: true}
gateway: {serves: http, calls: [survey, scoring, access, comment, segmentation, reporting], postgres: false, redis: false}
{{- end -}}

{{/* Labels of everything; takes a list of the root and the component's name. */}}
{{- define "otklik.labels" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{ include "otklik.selector" . }}
app.kubernetes.io/version: {{ $root.Values.image.tag | default $root.Chart.AppVersion | trunc 63 | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
app.kubernetes.io/part-of: {{ include "otklik.name" $root }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{/* Labels that choose a component's pods; they never change. */}}
{{- define "otklik.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ include "otklik.name" $root }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "otklik.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}
