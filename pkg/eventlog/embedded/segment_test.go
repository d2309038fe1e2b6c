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
		sound, err := segment{}.scan(bufio.NewReader(bytes.NewReader(raw)))
		if fault := (*batchError)(nil); err != nil && !errors.As(err, &fault) {
			t.Fatalf("a fault of the bytes is told as one of reading them: %v", err)
		}
		if (err == nil) != (sound.bytes == int64(len(raw))) {
			t.Fatalf("%d of %d bytes are sound, and the error is %v", sound.bytes, len(raw), err)
		}
		again, err := segment{}.scan(bufio.NewReader(bytes.NewReader(raw[:sound.bytes])))
		if err != nil || again != sound {
			t.Fatalf("the sound part is %+v, and read alone %+v, %v", sound, again, err)
		}
	})
}
