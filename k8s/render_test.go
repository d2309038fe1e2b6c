package k8s

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// production is what the components are added to.
const production = "overlays/prod"

// builds are all that is rendered: folders, which are applied as they are, and components, each with what it is added to.
var builds = []string{
	"base", "overlays/dev", production, "examples/site", "examples/prometheus-adapter",
	"components/aws", "components/envoy", "components/gke", "components/import", "components/keda", "components/msk-iam", "components/msk-scram", "components/strimzi",
}

func TestEveryFolderIsBuilt(t *testing.T) {
	files, err := filepath.Glob("*/*/kustomization.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no folders: %v", err)
	}
	for _, file := range files {
		if folder := filepath.ToSlash(filepath.Dir(file)); !strings.Contains(strings.Join(builds, " "), folder) {
			t.Errorf("no test builds %s", folder)
		}
	}
}

// kubectl applies objects one after the other, and refuses those in a namespace that is not there.
func TestNamespacesComeFirst(t *testing.T) {
	for _, build := range builds {
		for i, object := range kustomize(t, build).Resources() {
			if object.GetKind() == "Namespace" && i > 0 {
				t.Errorf("%s: the namespace is at %d", build, i)
			}
		}
	}
}

// rendered has what render returned, by build: many tests look at the same.
var rendered = map[string]manifests{}

// render builds one of builds, as `kubectl apply -k` does, and decodes it.
func render(t *testing.T, build string) manifests {
	t.Helper()
	if _, already := rendered[build]; !already {
		rendered[build] = decode(t, build, kustomize(t, build))
	}
	return rendered[build]
}

func kustomize(t *testing.T, build string) resmap.ResMap {
	t.Helper()
	if strings.HasPrefix(build, "components/") {
		return kustomizeOverlay(t, production, "namespace: atlas-stream\ncomponents: [HERE/"+build+"]")
	}
	return kustomizeFolder(t, build)
}

// kustomizeOverlay builds an overlay of a folder, whose other fields are given; HERE in them is the folder of these tests.
func kustomizeOverlay(t *testing.T, of, fields string) resmap.ResMap {
	t.Helper()
	overlay, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	back, err := filepath.Rel(overlay, here)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll("resources: [HERE/"+of+"]\n"+fields+"\n", "HERE", back)
	if err := os.WriteFile(filepath.Join(overlay, "kustomization.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return kustomizeFolder(t, overlay)
}

func kustomizeFolder(t *testing.T, folder string) resmap.ResMap {
	t.Helper()
	objects, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// decode refuses what neither the types nor the schemas know.
func decode(t *testing.T, build string, objects resmap.ResMap) manifests {
	t.Helper()
	all := newManifests(build)
	decoder := strictDecoder(t)
	for _, object := range objects.Resources() {
		text, err := object.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		decoded, _, err := decoder.Decode(text, nil, nil)
		if runtime.IsNotRegisteredError(err) {
			decoded, err = decodeBySchema(t, text)
		}
		if err != nil {
			t.Fatalf("%s: %s: %v\n%s", build, object.CurId(), err, text)
		}
		all.add(t, decoded)
		all.objects = append(all.objects, parsed(t, text))
	}
	return all
}
