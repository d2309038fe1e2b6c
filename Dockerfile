# Both programs, each an image of its own with nothing else in it: docker build --target gateway . (or: collector).
# It takes BuildKit: `make image` says how to come by it. VERSION and REVISION are what --version, the log and atlas_build_info tell.
# The stages that build are arguments, so that a registry's mirror, or an image made by hand, can stand in for them.
ARG GO_IMAGE=golang:1.26
ARG NODE_IMAGE=node:24

FROM ${NODE_IMAGE} AS web
WORKDIR /web
COPY services/gateway/web/package.json services/gateway/web/package-lock.json ./
RUN npm ci --ignore-scripts --no-progress
COPY services/gateway/web ./
COPY examples/snippets /examples/snippets
RUN npm run build

FROM ${GO_IMAGE} AS build
WORKDIR /src
COPY . .
COPY --from=web /web/dist services/gateway/web/dist/
ENV CGO_ENABLED=0
ARG VERSION
ARG REVISION
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    go build -trimpath -ldflags="-s -w -X atlasstream/pkg/service.version=$VERSION -X atlasstream/pkg/service.revision=$REVISION" \
    -o /programs/ ./services/gateway/cmd/gateway ./services/collector/cmd/collector

FROM scratch AS base
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.version="$VERSION" org.opencontainers.image.revision="$REVISION"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
USER 65532:65532

FROM base AS collector
COPY --from=build /programs/collector /
EXPOSE 8081 8082 9091
ENTRYPOINT ["/collector"]

FROM base AS gateway
COPY --from=build /programs/gateway /
EXPOSE 8080 9090
ENTRYPOINT ["/gateway"]
