{{- define "bb.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{- define "bb.image" -}}
{{- with .Values.image -}}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end -}}
{{- end -}}
{{- end }}

{{- define "bb.labels" -}}
app.kubernetes.io/name: bildungsbuero
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "bb.selector" -}}
app.kubernetes.io/name: bildungsbuero
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* What every pod of ours is: no root, no token, nothing writable but /tmp. */}}
{{- define "bb.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{- define "bb.container" -}}
image: {{ include "bb.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
env:
  - name: BILDUNG_CONFIG
    value: /etc/bildungsbuero/settings.toml
{{- end }}

{{- define "bb.settings" -}}
[rpc]
listen = "0.0.0.0:8081"

[admin]
listen = "0.0.0.0:9090"

[gateway]
listen = "0.0.0.0:8080"
public_url = {{ .Values.portal.publicUrl | quote }}

[gateway.sign_in]
client_id = {{ .Values.identity.clientId | quote }}
client_secret_file = "/run/secrets/bildungsbuero/gateway/client-secret"

[newcomers]
key_file = "/run/secrets/bildungsbuero/newcomers/key-encryption-key"

[bus]
url = {{ .Values.bus.url | quote }}
{{- with .Values.bus.monitorUrl }}
monitor_url = {{ . | quote }}
{{- end }}
replicas = {{ int .Values.bus.replicas }}
retention_days = {{ int .Values.bus.retentionDays }}

[identity]
issuer = {{ .Values.identity.issuer | quote }}
audience = {{ .Values.identity.audience | quote }}
roles_claim = {{ .Values.identity.rolesClaim | quote }}
sources_claim = {{ .Values.identity.sourcesClaim | quote }}
demo = false
{{- with .Values.identity.roleNames }}

[identity.role_names]
{{- range $role, $name := . }}
{{ $role }} = {{ $name | quote }}
{{- end }}
{{- end }}

[telemetry]
format = "json"
filter = {{ .Values.telemetry.filter | quote }}
{{- with .Values.telemetry.otlp }}
otlp = {{ . | quote }}
{{- end }}

[peers]
{{- range $service, $_ := omit .Values.services "gateway" }}
{{ $service }} = "http://{{ include "bb.name" $ }}-{{ $service }}:8081"
{{- end }}
{{- range $service, $_ := .Values.services }}

[databases.{{ $service }}]
url = "postgres://{{ $service }}@{{ $.Values.postgres.host }}:{{ int $.Values.postgres.port }}/{{ $service }}"
password_file = "/run/secrets/bildungsbuero/{{ $service }}/database-password"

[bus.users.{{ $service }}]
user = "{{ $service }}"
password_file = "/run/secrets/bildungsbuero/{{ $service }}/nats-password"
{{- end }}

{{ .Values.city }}
{{ .Values.extraSettings }}
{{- end }}

{{- define "bb.prepare-settings" -}}
{{ include "bb.settings" . }}

[prepare.postgres]
url = "postgres://{{ .Values.postgres.admin.user }}@{{ .Values.postgres.host }}:{{ int .Values.postgres.port }}/{{ .Values.postgres.admin.database }}"
password_file = "/run/secrets/bildungsbuero/prepare/postgres-password"

[prepare.nats]
user = {{ .Values.bus.adminUser | quote }}
password_file = "/run/secrets/bildungsbuero/prepare/nats-password"
{{- end }}

{{/* Where every pod of ours may go: names, Postgres, the bus. */}}
{{- define "bb.egress" -}}
- to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: kube-system
  ports:
    - { protocol: UDP, port: 53 }
    - { protocol: TCP, port: 53 }
- to: {{ toYaml .Values.postgres.egress.to | nindent 4 }}
  ports:
    - { protocol: TCP, port: {{ int .Values.postgres.port }} }
- to: {{ toYaml .Values.bus.egress.to | nindent 4 }}
  ports:
    - { protocol: TCP, port: {{ int .Values.bus.port }} }
    {{- if .Values.bus.monitorUrl }}
    - { protocol: TCP, port: {{ int .Values.bus.monitorPort }} }
    {{- end }}
{{- end }}
