package split

import (
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func TestPages(t *testing.T) {
	const element = `{"id":1,"tags":["results",{"results":[7]}]}`
	for _, test := range []struct {
		name, body string
		want       []string
	}{
		{"as an API gives it", `{"count":2,"next":"https://x/?page=2","previous":null,"results":[{"id":1},{"id":2}]}`, []string{`1: {"id":1}`, `2: {"id":2}`}},
		{"with members behind", `{"results":[{"id":1}],"a":{"results":[{"id":9}]},"b":"]}"}`, []string{`1: {"id":1}`}},
		{"as an archive is", `{"meta":{"total_count":1,"x":[1]},"objects":[` + element + `]}` + "\n", []string{`1: ` + element}},
		{"over lines", "\ufeff{\n \"results\" : [\n  {\"id\":1},\n  {\n\"id\":2}\n ]\n}\n", []string{`1: {"id":1}`, "2: {\n\"id\":2}"}},
		{"an empty one", `{"results":[]}`, nil},
		{"several", `{"results":[1,2]}` + "\n" + `{"next":1,"results":[]} {"objects":[3]}`, []string{`1: 1`, `2: 2`, `3: 3`}},
		{"an object is none", `{"id":1,"results":{"objects":[]}}`, []string{`1: {"id":1,"results":{"objects":[]}}`}},
		{"lines are none", "{\"id\":1}\n{\"results\":[{}]}", []string{`1: {"id":1}`, `2: {"results":[{}]}`}},
		{"an object deeper down is none", `{"a":{"results":[1]}}`, []string{`1: {"a":{"results":[1]}}`}},
		{"a broken object is none", `{"a":nonsense,"results":[1]}`, []string{`1: {"a":nonsense,"results":[1]}`}},
		{"cut off before the array", `{"count":2,"resu`, []string{`1: {"count":2,"resu`}},
		{"cut off in the array", `{"results":[{"id":1},{"id"`, []string{
			`1: {"id":1}`, `2! the array is broken: the body ends inside the array; nothing was read from element 2 on`}},
		{"cut off behind the array", `{"results":[1],"a":[`, []string{`1: 1`, `2! the page ends before its closing brace; nothing was read from there on`}},
		{"a bracket too many", `{"results":[1]],"a":1}`, []string{`1: 1`, `2! the page is broken: ']' closes nothing; nothing was read from there on`}},
		{"lines behind", `{"results":[1]}` + "\n{\"id\":2}\n", []string{
			`1: 1`, `2! the array has ended, and '{', which follows, does not begin another; nothing was read from there on`}},
		{"garbage behind", `{"results":[1]}x`, []string{
			`1: 1`, `2! the array has ended, and 'x', which follows, does not begin another; nothing was read from there on`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, batch := range []int{1, 100, 64 << 10} {
				limits := Limits{Value: 32 << 10, Batch: batch, Members: []string{"results", "objects"}}
				for name, reader := range map[string]io.Reader{
					"whole": strings.NewReader(test.body), "a byte at a time": iotest.OneByteReader(strings.NewReader(test.body)),
				} {
					got, err := cut(t, reader, limits)
					if err != nil || !slices.Equal(got, test.want) {
						t.Errorf("%s, batches of %d: got %q, %v, want %q", name, batch, got, err, test.want)
					}
				}
			}
		})
	}
}

// Without Limits.Members, pages are lines.
func TestPagesAreLinesWithoutMembers(t *testing.T) {
	const body = `{"results":[1]}`
	if got, err := cut(t, strings.NewReader(body), ample); err != nil || !slices.Equal(got, []string{"1: " + body}) {
		t.Errorf("got %q, %v", got, err)
	}
}

// A page of many elements on one line takes no more memory than a batch.
func TestPagesAreStreamed(t *testing.T) {
	const elements, batch = 40_000, 1 << 20
	element := `{"id":1,"description":"` + strings.Repeat("x", 1500) + `"},`
	body := io.MultiReader(strings.NewReader(`{"objects":[`), &repeated{text: element, left: elements}, strings.NewReader(`{}],"meta":{}}`))
	values := New(body, Limits{Value: 512 << 10, Batch: batch, Members: []string{"objects"}})
	count, greatest := 0, uint64(0)
	for {
		some, err := values.Next()
		if err != nil {
			break
		}
		count += len(some)
		greatest = max(greatest, heap())
	}
	if count != elements+1 || values.Broken() {
		t.Errorf("got %d elements, want %d", count, elements+1)
	}
	if most := uint64(20 * batch); greatest > most {
		t.Errorf("the heap grew to %d bytes, want at most %d", greatest, most)
	}
}

func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// repeated is a reader that repeats its text.
type repeated struct {
	text string
	rest string
	left int
}

func (r *repeated) Read(into []byte) (int, error) {
	if r.rest == "" {
		if r.left == 0 {
			return 0, io.EOF
		}
		r.left--
		r.rest = r.text
	}
	n := copy(into, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}
