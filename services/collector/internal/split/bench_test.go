package split

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

func BenchmarkSplitter(b *testing.B) {
	record := `{"fw":4700,"msm_id":1001,"prb_id":7,"timestamp":1426633200,"type":"ping","result":[` + strings.Repeat(`{"rtt":12.345678},`, 48) + `{"x":"*"}]}`
	lines := []byte(strings.Repeat(record+"\n", 1000))
	array := []byte("[" + strings.Repeat(record+",", 999) + record + "]")
	for name, body := range map[string][]byte{"lines": lines, "array": array} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				splitter := New(bytes.NewReader(body), Limits{Value: 512 << 10, Batch: 1 << 20})
				for {
					if _, err := splitter.Next(); errors.Is(err, io.EOF) {
						break
					}
				}
			}
		})
	}
}
