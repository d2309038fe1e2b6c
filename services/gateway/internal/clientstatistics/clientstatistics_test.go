package clientstatistics

import (
	"fmt"
	"testing"
)

func TestNamesInMetricsAreBounded(t *testing.T) {
	statistics := New()
	for i := range 3 * maxNames {
		statistics.Connect(&Client{}, fmt.Sprint(i))
	}
	first, _ := statistics.of("0").sum()
	others, _ := statistics.of(otherNames).sum()
	if len(statistics.byName) != maxNames+1 || first != 1 || others != 2*maxNames {
		t.Errorf("got %d names, %d of them others", len(statistics.byName), others)
	}
}
