package api

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/admission"
	"atlasstream/services/gateway/internal/registry"
)

func described(t testing.TB) *openapi3.T {
	t.Helper()
	document, err := openapi3.NewLoader().LoadFromData([]byte(description))
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func TestDescriptionIsValid(t *testing.T) {
	if err := described(t).Validate(t.Context()); err != nil {
		t.Error(err)
	}
}

// undescribed are paths that the description does not have: it is what stands at one of them.
var undescribed = []string{"/api/openapi.yaml"}

// unserved are described for those who write clients of them already.
var unserved = []string{"/api/connections", "/api/measurements", "/api/measurements/{id}", "/api/outages", "/api/volume"}

// The description has the paths that there are, and of each the parameters that it takes.
func TestDescriptionHasEveryPathAndParameter(t *testing.T) {
	served := serve(t, Settings{}, admission.Limits{}).paths
	described := described(t).Paths.Map()
	for path := range served {
		if described[path] == nil && !slices.Contains(undescribed, path) {
			t.Errorf("%s is not described", path)
		}
	}
	for path, item := range described {
		parameters, is := served[path]
		if !is {
			if !slices.Contains(unserved, path) {
				t.Errorf("%s is described and not served", path)
			}
			continue
		}
		var names []string
		for _, parameter := range item.Get.Parameters {
			if parameter.Value.In == openapi3.ParameterInQuery {
				names = append(names, parameter.Value.Name)
			}
		}
		if slices.Sort(names); !slices.Equal(names, slices.Sorted(slices.Values(parameters))) {
			t.Errorf("%s: the parameters are %q, described are %q", path, parameters, names)
		}
	}
}

// asked are requests whose answers have every member of the description; what a path asks for comes with a query.
var asked = map[string][]string{
	"/api/gateway": {""},
	"/api/probes":  {""},
}

// An answer has the members that are described, of the types that are described, and no others.
func TestAnswersAreAsDescribed(t *testing.T) {
	server := serve(t, Settings{}, admission.Limits{})
	fill(server.registry)
	for path, item := range described(t).Paths.Map() {
		if slices.Contains(unserved, path) {
			continue
		}
		if len(asked[path]) == 0 {
			t.Errorf("%s is not asked for anything", path)
		}
		for _, query := range asked[path] {
			response := server.ask(strings.Replace(path, "{id}", "1001", 1) + query)
			checkAnswer(t, item.Get, response.Code, response.Body.Bytes(), path+query)
		}
		response := server.ask(strings.Replace(path, "{id}", "1001", 1) + "?no=parameter")
		checkAnswer(t, item.Get, response.Code, response.Body.Bytes(), path+" refused")
	}
}

// fill makes a registry that knows of everything something, and of everything something that lacks what can lack.
func fill(known *registry.Registry) {
	known.ApplyProbes([]atlas.Object{
		{ID: 12, Value: []byte(`{"id":12,"country_code":"NL","asn_v4":3333,"latitude":52.3751,"longitude":4.8955,"status":1,"status_since":1426633200}`)},
		{ID: 13, Value: []byte(`{"id":13}`)},
	})
}

func checkAnswer(t *testing.T, operation *openapi3.Operation, status int, body []byte, of string) {
	t.Helper()
	described := operation.Responses.Status(status)
	if described == nil {
		described = operation.Responses.Default()
	}
	var answer any
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatalf("%s: %v in %s", of, err, body)
	}
	schema := described.Value.Content.Get("application/json").Schema.Value
	if err := schema.VisitJSON(answer, openapi3.MultiErrors(), openapi3.VisitAsResponse()); err != nil {
		t.Errorf("%s: %v in %.1000s", of, err, body)
	}
}

func TestDescriptionIsServed(t *testing.T) {
	response := serve(t, Settings{}, admission.Limits{}).ask("/api/openapi.yaml")
	if response.Code != http.StatusOK || response.Body.String() != description || response.Header().Get("Content-Type") != "application/yaml" {
		t.Errorf("got %d, %v, %.100s", response.Code, response.Header(), response.Body)
	}
}
