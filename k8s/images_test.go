package k8s

import (
	"os"
	"regexp"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// imageFaults: images that were loaded on a node are used; without a tag, or with "latest", they would be pulled each time. Only an example of an overlay has a tag
// other than that of builds.
func imageFaults(t *testing.T, in manifests) (faults []string) {
	t.Helper()
	for _, workload := range in.own() {
		container := workload.template.Spec.Containers[0]
		want := imagePrefix + programOf(container.Image) + ":" + builtTag(t)
		if in.build == "examples/site" {
			want = "images.example/" + imagePrefix + programOf(container.Image) + ":v1.0.0"
		}
		if container.Image != want || container.ImagePullPolicy != corev1.PullIfNotPresent {
			faultf(&faults, "%s has the image %s, pulled %s; want %s", workload.name, container.Image, container.ImagePullPolicy, want)
		}
	}
	return faults
}

func TestComposeImagesHaveTheTagThatIsBuilt(t *testing.T) {
	tag := builtTag(t)
	if tag == "latest" {
		t.Error("the tag of builds is latest")
	}
	for name, service := range composeServices(t) {
		if isOwn(service.Image) && service.Image != imagePrefix+programOf(service.Image)+":"+tag {
			t.Errorf("%s has the image %s, want the tag %s", name, service.Image, tag)
		}
	}
}

// builtTag is the tag that `make image` gives unless it is told another one.
func builtTag(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^TAG +\?= (\S+)$`).FindSubmatch(text)
	if found == nil {
		t.Fatal("the Makefile has no TAG")
	}
	return string(found[1])
}

// The licence is in the images, and docker build may read it.
func TestImagesHaveTheLicence(t *testing.T) {
	for file, want := range map[string]string{
		"../.dockerignore": "(?m)^!LICENSE$",
		"../Dockerfile":    "(?m)^COPY LICENSE /$",
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile(want).Match(text) {
			t.Errorf("%s has no line %s", file, want)
		}
	}
}
