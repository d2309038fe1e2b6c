//go:build compose

package compose

import (
	"debug/elf"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"atlasstream/services/e2e/internal/connection"
	"atlasstream/services/e2e/internal/testcluster"
)

// images are ours.
var images = []string{"atlas-stream/gateway:dev", "atlas-stream/collector:dev", "atlas-stream/devkeys:dev"}

// version is what the images are built as.
const version = "v0.0.0-compose"

// The compose file comes up with both profiles, and serves clients at one address. A gateway's process is killed and a broker is restarted under load: clients
// with cursors receive every result once and in order.
func TestCompose(t *testing.T) {
	d, r := startDocker(t), &report{}
	defer r.print(t)
	d.useStandIns(t)
	began := time.Now()
	d.run(t, "docker-compose", "--file", root+"/docker-compose.yml", "build", "--build-arg", "VERSION="+version)
	r.add("docker-compose build", "%s, %s", time.Since(began).Round(time.Second), d.run(t, "docker-compose", "version", "--short"))
	for _, image := range images {
		d.checkImage(t, r, image, elf.EM_X86_64)
	}
	for _, image := range images[:2] {
		told := d.run(t, "docker", "run", "--rm", "--network", "none", image, "--version")
		if !strings.Contains(told, version) {
			t.Errorf("%s tells the version %s, want %s", image, told, version)
		}
		r.add(image+" --version", "%s", told)
	}
	for _, profile := range []string{"one", "three"} {
		t.Run(profile, func(t *testing.T) { d.tryProfile(t, r, profile) })
	}
}

func (d *docker) tryProfile(t *testing.T, r *report, profile string) {
	began := time.Now()
	s := d.up(t, profile)
	r.add("profile "+profile, "")
	eventually(t, "there is a page", func() bool { return testcluster.AnswersOK(s.cluster.Public, "/") })
	r.add("  first page through the balancer", "%s after docker-compose up began", time.Since(began).Round(time.Second))
	s.awaitHealthy(t)
	r.add("  all services are healthy", "%s after it began, %d gateways", time.Since(began).Round(time.Second), len(s.containers(t, "gateway", "{{.ID}}")))
	s.expectSimulatedResult(t)
	load := startLoad(t, s.cluster)
	load.awaitProgress(t, "clients receive results")
	killed := s.killOne(t, "gateway")
	r.add("  after the death of a gateway's process", "all clients receive new results within %s", load.awaitProgress(t, "clients receive results of another gateway").Round(time.Second))
	eventually(t, "the gateway is started again", func() bool {
		return s.run(t, "docker", "inspect", "--format", "{{.RestartCount}} {{.State.Health.Status}}", killed) == "1 healthy"
	})
	restarted := time.Now()
	s.run(t, "docker", "restart", "--time", "60", s.containers(t, "kafka", "{{.ID}}")[0])
	load.awaitProgress(t, "clients receive results after the broker was restarted")
	r.add("  after docker restart of a broker", "all clients receive new results within %s", time.Since(restarted).Round(time.Second))
	s.scale(t, r, load)
	load.finish(t, r)
	s.expectNoSecrets(t, r)
}

// expectSimulatedResult receives a result of the simulated network.
func (s *stack) expectSimulatedResult(t *testing.T) {
	t.Helper()
	options := connection.Options{Gateway: s.cluster.Public, Parameters: json.RawMessage(`{"msm":1001}`)}
	conn := connection.MustSubscribe(t, connection.WebSocket, options)
	defer conn.Close()
	conn.MustExpect(t, `["atlas_result",{`)
}

// Images are compiled for another platform without emulation. They are not run.
func TestImagesForARM64(t *testing.T) {
	d, r := startDocker(t), &report{}
	defer r.print(t)
	d.useStandIns(t)
	for _, image := range images[:2] {
		program := strings.TrimSuffix(strings.TrimPrefix(image, "atlas-stream/"), ":dev")
		name := "atlas-stream/" + program + ":arm64"
		d.run(t, "docker", "build", "--quiet", "--platform", "linux/arm64", "--target", program, "--tag", name, root)
		d.checkImage(t, r, name, elf.EM_AARCH64)
	}
}
