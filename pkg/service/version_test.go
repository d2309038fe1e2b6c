package service

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestVersionSaysWhatTheBuildKnows(t *testing.T) {
	for _, test := range []struct {
		build build
		want  string
	}{
		{build{}, "unknown"},
		{build{version: "devel", goVersion: "go1.26.1"}, "devel, go1.26.1"},
		{build{version: "v1.2.3", revision: "69fcc63", goVersion: "go1.26.1"}, "v1.2.3, revision 69fcc63, go1.26.1"},
		{build{version: "devel", revision: "69fcc63", modified: true, goVersion: "go1.26.1"}, "devel, revision 69fcc63, modified, go1.26.1"},
	} {
		if got := test.build.String(); got != test.want {
			t.Errorf("%+v: got %q, want %q", test.build, got, test.want)
		}
	}
}

func TestBuildInfoIsOneWithTheBuildInItsLabels(t *testing.T) {
	const want = `
		# HELP atlas_build_info Always 1; the labels say which version runs, of which revision, built with which Go.
		# TYPE atlas_build_info gauge
		atlas_build_info{goversion="go1.26.1",revision="69fcc63",version="v1.2.3"} 1
	`
	info := newBuildInfo(build{version: "v1.2.3", revision: "69fcc63", goVersion: "go1.26.1"})
	if err := testutil.CollectAndCompare(info, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}
