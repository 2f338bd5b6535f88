{{- define "orderflow.labels" -}}
app.kubernetes.io/part-of: orderflow
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/name: {{ .name }}
{{- end }}

{{- define "orderflow.image" -}}
{{ .root.Values.image.registry }}orderflow/{{ .name }}:{{ .root.Values.image.tag }}
{{- end }}

{{/* What every pod has. The platform's --stop-timeout ends five seconds before Kubernetes kills. */}}
{{- define "orderflow.pod" -}}
terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
automountServiceAccountToken: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.image.pullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "orderflow.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{/* The settings of all processes. */}}
{{- define "orderflow.env" -}}
- {name: ORDERFLOW_KAFKA, value: {{ .Values.kafka.brokers | quote }}}
- {name: ORDERFLOW_KAFKA_TLS, value: "true"}
- {name: ORDERFLOW_KAFKA_CA_FILE, value: /secrets/authorities/ca.pem}
- {name: ORDERFLOW_PARTITIONS, value: {{ .Values.kafka.partitions | quote }}}
- {name: ORDERFLOW_JWT_KEY_FILE, value: /secrets/jwt/key}
- {name: ORDERFLOW_HTTP_ADDR, value: "0.0.0.0:8080"}
- {name: ORDERFLOW_OPS_ADDR, value: "0.0.0.0:8081"}
- {name: ORDERFLOW_STOP_TIMEOUT, value: "{{ sub (int .Values.terminationGracePeriodSeconds) 5 }}s"}
- {name: ORDERFLOW_LOG_FORMAT, value: json}
- {name: ORDERFLOW_LOG_LEVEL, value: {{ .Values.logLevel }}}
{{- with .Values.operatorsIngress }}{{ if .enabled }}
- {name: ORDERFLOW_CONSOLE_URL, value: {{ default (printf "https://%s" .host) .url | quote }}}
{{- end }}{{ end }}
{{- with .Values.tracing.endpoint }}
- {name: ORDERFLOW_OTLP_ENDPOINT, value: {{ . | quote }}}
- {name: ORDERFLOW_TRACE_RATIO, value: {{ $.Values.tracing.ratio | quote }}}
{{- end }}
{{- end }}

{{/* The URL of Postgres without a password: arguments are the root, the user and the database. */}}
{{- define "orderflow.postgres" -}}
postgres://{{ .user }}@{{ .root.Values.postgres.host }}:{{ .root.Values.postgres.port }}/{{ .database -}}
?sslmode=verify-full&sslrootcert=/secrets/authorities/ca.pem
{{- end }}

{{/* The settings of the administrator, for jobs. */}}
{{- define "orderflow.administrator" -}}
- {name: ORDERFLOW_KAFKA_USER, valueFrom: {secretKeyRef: {name: {{ .Values.secrets.administrator }}, key: kafka-user}}}
- {name: ORDERFLOW_KAFKA_PASSWORD_FILE, value: /secrets/administrator/kafka-password}
- {name: POSTGRES_USER, valueFrom: {secretKeyRef: {name: {{ .Values.secrets.administrator }}, key: postgres-user}}}
- name: ORDERFLOW_POSTGRES
  value: {{ include "orderflow.postgres" (dict "root" . "user" "$(POSTGRES_USER)" "database" .Values.postgres.database) }}
- {name: ORDERFLOW_POSTGRES_PASSWORD_FILE, value: /secrets/administrator/postgres-password}
{{- end }}

{{- define "orderflow.administratorMounts" -}}
volumeMounts:
  - {name: authorities, mountPath: /secrets/authorities, readOnly: true}
  - {name: jwt, mountPath: /secrets/jwt, readOnly: true}
  - {name: administrator, mountPath: /secrets/administrator, readOnly: true}
  - {name: passwords, mountPath: /secrets/passwords, readOnly: true}
{{- end }}

{{- define "orderflow.administratorVolumes" -}}
- {name: authorities, secret: {secretName: {{ .Values.secrets.authorities }}}}
- {name: jwt, secret: {secretName: {{ .Values.secrets.jwt }}}}
- {name: administrator, secret: {secretName: {{ .Values.secrets.administrator }}}}
- {name: passwords, secret: {secretName: {{ .Values.secrets.passwords }}}}
{{- end }}

{{/* An ingress: arguments are the root, its name, its values, and the port of the services that it leads to. */}}
{{- define "orderflow.ingress" -}}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ .name }}
  {{- with .set.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- with .set.className }}
  ingressClassName: {{ . }}
  {{- end }}
  {{- with .set.tlsSecret }}
  tls: [{hosts: [{{ $.set.host }}], secretName: {{ . }}}]
  {{- end }}
  rules:
    - host: {{ .set.host }}
      http:
        paths:
          {{- range .set.paths }}
          - path: {{ .path | quote }}
            pathType: {{ .pathType }}
            backend: {service: {name: {{ $.root.Release.Name }}-{{ .service }}, port: {name: {{ $.port }}}}}
          {{- end }}
{{- end }}
