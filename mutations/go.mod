module atlasstream/mutations

go 1.26.0

require github.com/quasilyte/gogrep v0.5.0

require (
	github.com/go-toolsmith/astequal v1.0.3 // indirect
	golang.org/x/exp/typeparams v0.0.0-20220428152302-39d4317da171 // indirect
)
