{{- define "child.name" -}}
{{ .Chart.Name }}:{{ .Values.port }}:{{ .Values.own }}
{{- end -}}
{{- define "shared" -}}from child{{- end -}}
