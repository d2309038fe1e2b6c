package k8s

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

// schemaModules have the CustomResourceDefinitions of kinds that are not Kubernetes' own. They are downloaded, not required: no program uses them, and what they
// require would raise the versions of what the programs use.
var schemaModules = []struct {
	module, sum string
	files       []string
}{
	{
		"sigs.k8s.io/gateway-api@v1.6.0", "h1:735YBRj5NXFrOGX0GoSjwzUIzbz8kiEOfADsqHFmHgE=",
		[]string{"config/crd/standard/gateway.networking.k8s.io_httproutes.yaml"},
	},
	{
		"github.com/prometheus-operator/prometheus-operator@v0.85.0", "h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=",
		[]string{
			"example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml",
			"example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml",
		},
	},
	{
		"github.com/kedacore/keda/v2@v2.21.0", "h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps=",
		[]string{"config/crd/bases/keda.sh_scaledobjects.yaml"},
	},
	{
		"github.com/envoyproxy/gateway@v1.9.1", "h1:vAVp6/AlBXJ1aOhp1mxL7fNEzVEfjADUguUhm2wzxQY=",
		[]string{"charts/gateway-crds-helm/templates/generated/gateway.envoyproxy.io_backendtrafficpolicies.yaml"},
	},
}

// definition is what is needed of a CustomResourceDefinition.
type definition struct {
	Spec struct {
		Group string `json:"group"`
		Names struct {
			Kind string `json:"kind"`
		} `json:"names"`
		Versions []struct {
			Name   string `json:"name"`
			Served bool   `json:"served"`
			Schema struct {
				OpenAPIV3Schema map[string]any `json:"openAPIV3Schema"`
			} `json:"schema"`
		} `json:"versions"`
	} `json:"spec"`
}

// schemas are those of all kinds of the modules, by API version and kind, such as keda.sh/v1alpha1 ScaledObject.
var schemas = sync.OnceValues(func() (map[string]map[string]any, error) {
	all := map[string]map[string]any{}
	for _, from := range schemaModules {
		folder, err := downloadModule(from.module, from.sum)
		if err != nil {
			return nil, err
		}
		for _, file := range from.files {
			if err := addSchemas(all, filepath.Join(folder, file)); err != nil {
				return nil, fmt.Errorf("%s: %w", from.module, err)
			}
		}
	}
	return all, nil
})

// downloadModule returns the folder of a module, path@version, whose hash is that of go.sum.
func downloadModule(module, sum string) (string, error) {
	download := exec.CommandContext(context.Background(), "go", "mod", "download", "-json", module)
	download.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	download.Dir = os.TempDir() // in no module
	output, err := download.Output()
	var result struct{ Dir, Sum, Error string }
	if wrong := json.Unmarshal(output, &result); wrong != nil {
		return "", fmt.Errorf("%v: %w", download, errors.Join(err, wrong))
	}
	if result.Sum != sum {
		return "", fmt.Errorf("%s has the hash %q, want %q: %s", module, result.Sum, sum, result.Error)
	}
	return result.Dir, nil
}

// inTemplates are lines of Helm around a definition.
var inTemplates = regexp.MustCompile(`(?m)^\{\{.*\}\}$`)

func addSchemas(to map[string]map[string]any, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	text = inTemplates.ReplaceAll(text, nil)
	for document := range bytes.SplitSeq(text, []byte("\n---\n")) {
		var parsed definition
		if err := yaml.Unmarshal(document, &parsed); err != nil {
			return err
		}
		for _, version := range parsed.Spec.Versions {
			if version.Served {
				to[parsed.Spec.Group+"/"+version.Name+" "+parsed.Spec.Names.Kind] = version.Schema.OpenAPIV3Schema
			}
		}
	}
	return nil
}

// decodeBySchema decodes an object of a kind that a module defines, and refuses what its schema does.
func decodeBySchema(t *testing.T, text []byte) (runtime.Object, error) {
	t.Helper()
	all, err := schemas()
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return nil, err
	}
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(asJSON); err != nil {
		return nil, err
	}
	kind := object.GetAPIVersion() + " " + object.GetKind()
	if into := fields[kind]; into != nil {
		return object, yaml.UnmarshalStrict(text, into())
	}
	if all[kind] == nil {
		return nil, fmt.Errorf("no module defines the kind %s", kind)
	}
	return object, validate(all[kind], asJSON)
}

// validate checks an object as the API server does, except for rules in CEL: its metadata by their type, and all else by the schema, which leaves no room for
// unknown fields.
func validate(schema map[string]any, asJSON []byte) error {
	const name = "schema.json"
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft4) // of which OpenAPI 3.0 is
	rest := closed(schema)
	rest["properties"].(map[string]any)["metadata"] = map[string]any{}
	if err := compiler.AddResource(name, rest); err != nil {
		return err
	}
	compiled, err := compiler.Compile(name)
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		return err
	}
	metadata, err := json.Marshal(value.(map[string]any)["metadata"])
	if err != nil {
		return err
	}
	if err := yaml.UnmarshalStrict(metadata, &metav1.ObjectMeta{}); err != nil {
		return err
	}
	return compiled.Validate(value)
}

// closed is a structural schema in which an object has no other fields than those that are named, unless it says otherwise.
func closed(schema map[string]any) map[string]any {
	result := maps.Clone(schema)
	for _, keyword := range []string{"items", "additionalProperties"} {
		if nested, has := schema[keyword].(map[string]any); has {
			result[keyword] = closed(nested)
		}
	}
	if properties, has := schema["properties"].(map[string]any); has {
		named := map[string]any{}
		for name, property := range properties {
			named[name] = closed(property.(map[string]any))
		}
		result["properties"] = named
	}
	isOpen := schema["additionalProperties"] != nil || schema["x-kubernetes-preserve-unknown-fields"] == true
	if schema["type"] == "object" && !isOpen {
		result["additionalProperties"] = false
	}
	return result
}

func TestSchemasRefuseWhatTheyDoNotKnow(t *testing.T) {
	const monitor = `{"apiVersion":"monitoring.coreos.com/v1","kind":"PodMonitor","metadata":{"name":"x"},
		"spec":{"selector":{},"podMetricsEndpoints":[{"port":"admin"}]}}`
	for name, change := range map[string]struct{ from, to, fault string }{
		"a valid one":               {"", "", ""},
		"an unknown field":          {`"port":"admin"`, `"port":"admin","interwal":"5s"`, "interwal"},
		"a wrong type":              {`"port":"admin"`, `"port":5`, "port"},
		"a wrong value":             {`"port":"admin"`, `"port":"admin","interval":"often"`, "interval"},
		"a missing field":           {`"selector":{},`, ``, "selector"},
		"an unknown kind":           {`"PodMonitor"`, `"PodMonitors"`, "no module defines"},
		"an unknown field of names": {`"name":"x"`, `"nane":"x"`, "nane"},
		"a field twice":             {`"name":"x"`, `"name":"x","name":"y"`, "name"},
	} {
		_, err := decodeBySchema(t, []byte(strings.Replace(monitor, change.from, change.to, 1)))
		if (err == nil) != (change.fault == "") || err != nil && !strings.Contains(err.Error(), change.fault) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestFieldsThatAreNotUsedAreRefused(t *testing.T) {
	for kind := range fields {
		version, name, _ := strings.Cut(kind, " ")
		for text, fault := range map[string]string{`"spec":{}`: "", `"spec":{"sprec":1}`: "sprec"} {
			_, err := decodeBySchema(t, fmt.Appendf(nil, `{"apiVersion":%q,"kind":%q,"metadata":{"name":"x"},%s}`, version, name, text))
			if (err == nil) != (fault == "") || err != nil && !strings.Contains(err.Error(), fault) {
				t.Errorf("%s: %s: got %v", kind, text, err)
			}
		}
	}
}
