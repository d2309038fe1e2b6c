package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"atlasstream/services/gateway/internal/ratelimit"
)

func describedAPI(t testing.TB) *openapi3.T {
	t.Helper()
	document, err := openapi3.NewLoader().LoadFromData([]byte(description))
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func TestDescriptionIsValid(t *testing.T) {
	if err := describedAPI(t).Validate(t.Context()); err != nil {
		t.Error(err)
	}
}

// undescribed are paths that the description does not have: one of them serves the description.
var undescribed = []string{"/api/openapi.yaml"}

// The description has the paths that there are, and of each the parameters that it takes.
func TestDescriptionHasEveryPathAndParameter(t *testing.T) {
	served := serve(t, Settings{}, ratelimit.Limits{}).paths
	described := describedAPI(t).Paths.Map()
	for path := range served {
		if described[path] == nil && !slices.Contains(undescribed, path) {
			t.Errorf("%s is not described", path)
		}
	}
	for path, item := range described {
		parameters, is := served[path]
		if !is {
			t.Errorf("%s is described and not served", path)
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
	"/api/gateway":           {""},
	"/api/measurements":      {"", "?source=log"},
	"/api/measurements/{id}": {"?from=0", ""},
	"/api/probes":            {""},
	"/api/connections":       {"?country=NL", "?step=600&country=all"},
	"/api/outages":           {"", "?from=%d", "?at=%d"},
	"/api/volume":            {"?msm=1001&from=0", "?stream=probestatus&from=0&buckets=3"},
}

// An answer has the members that are described, of the types that are described, and no others.
func TestAnswersAreAsDescribed(t *testing.T) {
	server := serve(t, Settings{}, ratelimit.Limits{})
	server.knowProbes(time.Now())
	server.knowOutage(time.Now().Add(-time.Hour))
	defer server.watch(t)()
	server.knowMeasurements()
	server.log.objects = map[int64]string{0: `{"id":1001}`}
	server.log.add(liveResults, 1001, time.Now())
	server.log.add(liveResults, 5, time.Now())
	for path, item := range describedAPI(t).Paths.Map() {
		if len(asked[path]) == 0 {
			t.Errorf("%s is not asked for anything", path)
		}
		for _, query := range asked[path] {
			if strings.Contains(query, "%d") {
				query = fmt.Sprintf(query, time.Now().Add(-30*time.Hour).Unix())
			}
			response := server.ask(strings.Replace(path, "{id}", "1001", 1) + query)
			checkAnswer(t, item.Get, response.Code, response.Body.Bytes(), path+query)
		}
		response := server.ask(strings.Replace(path, "{id}", "1001", 1) + "?no=parameter")
		checkAnswer(t, item.Get, response.Code, response.Body.Bytes(), path+" refused")
	}
}

// A parameter may have the values that are described, and no others.
func TestParametersAreAsDescribed(t *testing.T) {
	server := serve(t, Settings{}, ratelimit.Limits{})
	server.knowMeasurements()
	server.knowOutage(time.Now().Add(-time.Hour))
	defer server.watch(t)()
	for path, item := range describedAPI(t).Paths.Map() {
		for _, parameter := range item.Get.Parameters {
			if parameter.Value.In != openapi3.ParameterInQuery {
				continue
			}
			name := parameter.Value.Name
			right, wrong := valuesOf(parameter.Value.Schema.Value)
			for _, value := range append(right, wrong...) {
				answer := server.ask(withValue(t, path, name, value))
				refused := strings.Contains(answer.Body.String(), "[invalid_parameter] "+name+": got")
				if refused != slices.Contains(wrong, value) {
					t.Errorf("%s: %s=%s: got %d %.200s", path, name, value, answer.Code, answer.Body)
				}
			}
		}
	}
}

// withValue is a request that is answered but for the value of one parameter.
func withValue(t *testing.T, path, name, value string) string {
	t.Helper()
	usual, err := url.ParseQuery(strings.TrimPrefix(asked[path][0], "?"))
	if err != nil {
		t.Fatal(err)
	}
	usual.Set(name, value)
	return strings.Replace(path, "{id}", "1001", 1) + "?" + usual.Encode()
}

// valuesOf gives values that a schema has, and some that it has not, if it leaves any out.
func valuesOf(schema *openapi3.Schema) (right, wrong []string) {
	for _, value := range schema.Enum {
		right = append(right, fmt.Sprint(value))
	}
	if len(right) > 0 {
		wrong = append(wrong, "", "other")
	}
	if schema.Type.Is("integer") {
		wrong = append(wrong, "", "x", "1.5", "99999999999999999999")
		for bound, by := range map[*float64]int64{schema.Min: -1, schema.Max: 1} {
			if bound != nil {
				right, wrong = append(right, fmt.Sprint(int64(*bound))), append(wrong, fmt.Sprint(int64(*bound)+by))
			}
		}
	}
	if schema.MaxLength != nil {
		right, wrong = append(right, strings.Repeat("x", int(*schema.MaxLength))), append(wrong, strings.Repeat("x", int(*schema.MaxLength)+1))
	}
	if schema.Example == "2015-03-27T00:08:00Z" {
		right, wrong = append(right, "2015-03-27T00:08:00Z", "1426633200.5"), append(wrong, "", "yesterday", "-1")
	}
	return right, wrong
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
	response := serve(t, Settings{}, ratelimit.Limits{}).ask("/api/openapi.yaml")
	if response.Code != http.StatusOK || response.Body.String() != description || response.Header().Get("Content-Type") != "application/yaml" {
		t.Errorf("got %d, %v, %.100s", response.Code, response.Header(), response.Body)
	}
}
