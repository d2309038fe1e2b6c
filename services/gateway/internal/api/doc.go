// Package api answers what pages and tools ask beside the stream: GET /api/…, as openapi.yaml describes it.
package api
