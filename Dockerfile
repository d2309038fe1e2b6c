# Both programs, each an image of its own with nothing else in it: docker build --target gateway . (or: collector; devkeys is for docker-compose.yml only).
# It takes BuildKit: `make image` says how to come by it. VERSION and REVISION are what --version, the log and atlas_build_info tell.
# With --platform linux/arm64 the programs are compiled for that on the machine's own architecture: nothing is emulated.
# The stages that build are arguments, so that a registry's mirror, or an image made by hand, can stand in for them.
ARG GO_IMAGE=golang:1.26
ARG NODE_IMAGE=node:24

FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS web
WORKDIR /web
COPY services/gateway/web/package.json services/gateway/web/package-lock.json ./
RUN npm ci --ignore-scripts --no-progress
COPY services/gateway/web ./
COPY examples/snippets /examples/snippets
# What an image needs not is 3 MB: source maps, and the plain form of what is there compressed, which a gateway unpacks for clients that do not.
RUN npm run build && find dist -name '*.map*' -delete && for file in dist/assets/*.gz; do rm "${file%.gz}"; done

FROM --platform=$BUILDPLATFORM ${GO_IMAGE} AS build
WORKDIR /src
COPY . .
COPY --from=web /web/dist services/gateway/web/dist/
ENV CGO_ENABLED=0
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=dev
ARG REVISION
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -ldflags="-s -w -X atlasstream/pkg/service.version=$VERSION -X atlasstream/pkg/service.revision=$REVISION" \
    -o /programs/ ./services/gateway/cmd/gateway ./services/collector/cmd/collector ./pkg/eventlog/devkeys

FROM scratch AS base
ARG VERSION=dev
ARG REVISION
LABEL org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY LICENSE /
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
USER 65532:65532

# Keys to throw away and the users of a Kafka to try with: no part of either program's image.
FROM base AS devkeys
LABEL org.opencontainers.image.title="atlas-stream devkeys"
COPY --from=build /programs/devkeys /
ENTRYPOINT ["/devkeys"]

FROM base AS collector
LABEL org.opencontainers.image.title="atlas-stream collector"
COPY --from=build /programs/collector /
EXPOSE 8081 8082 9091
HEALTHCHECK --interval=10s --timeout=6s --start-period=10s CMD ["/collector", "healthz"]
ENTRYPOINT ["/collector"]

FROM base AS gateway
LABEL org.opencontainers.image.title="atlas-stream gateway"
COPY --from=build /programs/gateway /
EXPOSE 8080 8090 9090
HEALTHCHECK --interval=10s --timeout=6s --start-period=10s CMD ["/gateway", "healthz"]
ENTRYPOINT ["/gateway"]
