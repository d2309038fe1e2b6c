package api

import (
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

func described(t *testing.T) *openapi3.T {
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
