// Package compose brings docker-compose.yml up on a Docker of its own, with images built from this tree, and tries what may happen to it. Where there is no
// registry to pull from, stand-ins take the place of other people's images. It takes root, and tens of minutes: make compose.
//
//	compose_test.go  the tests
//	load_test.go     results that are posted, and clients that must receive each once
//	stack_test.go    what compose has started
//	images_test.go   the images: stand-ins, and what is in our own
//	docker_test.go   a Docker daemon, and the machine's network as it was before
//	standins         of which the stand-ins are made
package compose

import (
	"testing"
	"time"

	"atlasstream/services/e2e/internal/testcluster"
)

func TestMain(m *testing.M) {
	testcluster.Lifetime = 20 * time.Minute
	testcluster.Main(m)
}
