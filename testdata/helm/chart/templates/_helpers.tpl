{{/* Names, as charts make them. */}}
{{- define "outer.fullname" -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end }}
{{- define "outer.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- if .Chart.AppVersion }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end }}
{{- end -}}
{{- define "shared" -}}from outer{{- end -}}
{{- define "factorial" -}}
{{- if le (int .) 1 }}1{{ else }}{{ mul . (include "factorial" (sub . 1)) }}{{ end -}}
{{- end -}}
{{- define "endless" }}{{ include "endless" . }}{{ end -}}
{{- define "blank" }}   {{ end -}}
{{- define "echo" }}{{ . }}{{ end -}}
{{- define "field" }}{{ .inner }}{{ end -}}
