{{/* Names are looked up with whoever serves them: cluster DNS, or the cache on the node, which no pod selector catches. */}}
{{- define "otklik.egressNames" -}}
- ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
{{- end -}}

{{/* Takes {to, port}. */}}
{{- define "otklik.egressTo" -}}
- ports: [{port: {{ .port }}}]
  {{- with .to }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
