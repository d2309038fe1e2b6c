module atlasstream/docs

go 1.26.0
