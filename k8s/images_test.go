package k8s

import (
	"os"
	"regexp"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// Images that were loaded on a node are used: without a tag, or with "latest", they would be pulled each time.
func TestOwnImagesHaveTheTagThatIsBuilt(t *testing.T) {
	tag := builtTag(t)
	if tag == "latest" {
		t.Error("the tag of builds is latest")
	}
	for _, folder := range rendered {
		for _, workload := range render(t, folder).workloads {
			container := workload.template.Spec.Containers[0]
			if !strings.HasPrefix(container.Image, imagePrefix) {
				continue
			}
			if want := imagePrefix + programOf(container.Image) + ":" + tag; container.Image != want {
				t.Errorf("%s: %s has the image %s, want %s", folder, workload.name, container.Image, want)
			}
			if container.ImagePullPolicy != corev1.PullIfNotPresent {
				t.Errorf("%s: %s has the pull policy %q", folder, workload.name, container.ImagePullPolicy)
			}
		}
	}
	for name, service := range composeServices(t) {
		if strings.HasPrefix(service.Image, imagePrefix) && service.Image != imagePrefix+programOf(service.Image)+":"+tag {
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
