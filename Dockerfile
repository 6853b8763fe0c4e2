# What docker-compose.yaml runs. Each image is a target:
#
#   s3         a real S3 server over a folder, for trying out
#   generator  delivers realistic audit logs and goes on delivering
#   grafana    stock Grafana with the plugin, data source, dashboard and alert rules
#
# The plugin is static, so it runs on Grafana's Alpine image as on any other.
ARG GRAFANA_VERSION=13.1.1
ARG GO_VERSION=1.26
ARG NODE_VERSION=22
ARG ALPINE_VERSION=3.22

FROM --platform=$BUILDPLATFORM node:${NODE_VERSION}-alpine AS frontend
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json webpack.config.ts LICENSE CHANGELOG.md ./
COPY .config .config
COPY provisioning/dashboards provisioning/dashboards
COPY src src
RUN npm run build

FROM --platform=$BUILDPLATFORM golang:${GO_VERSION}-alpine AS backend
ARG TARGETOS
ARG TARGETARCH
ENV CGO_ENABLED=0
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY Magefile*.go package.json ./
COPY src/plugin.json src/plugin.json
COPY cmd cmd
COPY internal internal
COPY pkg pkg

FROM backend AS plugin
RUN go tool mage build:custom ${TARGETOS} ${TARGETARCH}

FROM backend AS auditlake
RUN GOOS=${TARGETOS} GOARCH=${TARGETARCH} go build -trimpath -ldflags '-s -w' -o /out/auditlake ./cmd/auditlake

FROM backend AS s3server
COPY integration integration
RUN GOOS=${TARGETOS} GOARCH=${TARGETARCH} go build -C integration -trimpath -ldflags '-s -w' -o /out/s3server ./cmd/s3server

FROM alpine:${ALPINE_VERSION} AS s3
RUN mkdir /data && chown nobody:nobody /data
COPY --from=s3server /out/s3server /usr/local/bin/s3server
USER nobody
EXPOSE 9000
ENTRYPOINT ["s3server", "-listen", "0.0.0.0:9000", "/data"]
CMD ["logs", "lake"]

FROM alpine:${ALPINE_VERSION} AS generator
COPY --from=auditlake /out/auditlake /usr/local/bin/auditlake
USER nobody
ENTRYPOINT ["auditlake", "generate", "--follow"]

FROM grafana/grafana:${GRAFANA_VERSION} AS grafana
# Not below /var/lib/grafana: a volume there would keep an old plugin.
ENV GF_PATHS_PLUGINS=/opt/grafana/plugins
COPY --from=frontend /src/dist /opt/grafana/plugins/auditlake-databricks-datasource/
COPY --from=plugin /src/dist /opt/grafana/plugins/auditlake-databricks-datasource/
COPY provisioning /etc/grafana/provisioning
