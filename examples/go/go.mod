module atlasstream/examples/go

go 1.26.0
