package embedded

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"testing"
)

func FuzzSegment(f *testing.F) {
	f.Add([]byte{})
	f.Add(make([]byte, 200))
	whole, err := os.ReadFile("testdata/segment.dat") // three batches, as the broker wrote them
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)-1])
	f.Fuzz(func(t *testing.T, raw []byte) {
		intact, err := segment{}.scan(bufio.NewReader(bytes.NewReader(raw)))
		if fault := (*batchError)(nil); err != nil && !errors.As(err, &fault) {
			t.Fatalf("a fault of the bytes is reported as one of reading them: %v", err)
		}
		if (err == nil) != (intact.bytes == int64(len(raw))) {
			t.Fatalf("%d of %d bytes are intact, and the error is %v", intact.bytes, len(raw), err)
		}
		again, err := segment{}.scan(bufio.NewReader(bytes.NewReader(raw[:intact.bytes])))
		if err != nil || again != intact {
			t.Fatalf("the intact part is %+v, and read alone %+v, %v", intact, again, err)
		}
	})
}
