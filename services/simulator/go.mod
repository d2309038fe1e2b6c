module atlasstream/services/simulator

go 1.26.0

require (
	atlasstream/pkg v0.0.0
	github.com/tidwall/gjson v1.20.1
	golang.org/x/net v0.60.0
)

require (
	github.com/go-json-experiment/json v1.27.2 // indirect
	github.com/tidwall/match v1.1.1 // indirect
	github.com/tidwall/pretty v1.2.0 // indirect
)

replace (
	atlasstream/pkg => ../../pkg
	atlasstream/proto => ../../proto
)
