package split

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

var ample = Limits{Value: 1 << 10, Batch: 64 << 10}

// cut returns the values of a body as "line: text" or "line! reason".
func cut(t testing.TB, body io.Reader, limits Limits) ([]string, error) {
	t.Helper()
	splitter := New(body, limits)
	var values []string
	for {
		batch, err := splitter.Next()
		for _, value := range batch {
			values = append(values, describe(value))
		}
		if errors.Is(err, io.EOF) {
			return values, nil
		}
		if err != nil {
			return values, err
		}
		if len(batch) == 0 {
			t.Fatal("neither values nor an error")
		}
	}
}

func describe(value Value) string {
	if value.Err != nil {
		return fmt.Sprintf("%d! %v", value.Line, value.Err)
	}
	return fmt.Sprintf("%d: %s", value.Line, value.Raw)
}

func TestBodies(t *testing.T) {
	for _, test := range []struct {
		name, body string
		want       []string
	}{
		{"nothing", "", nil},
		{"white space", " \r\n\t\n", nil},
		{"one object", `{"a":1}`, []string{`1: {"a":1}`}},
		{"lines", "{\"a\":1}\n{\"a\":2}\n", []string{`1: {"a":1}`, `2: {"a":2}`}},
		{"no newline at the end", "{\"a\":1}\n{\"a\":2}", []string{`1: {"a":1}`, `2: {"a":2}`}},
		{"CRLF", "{\"a\":1}\r\n{\"a\":2}\r\n", []string{`1: {"a":1}`, `2: {"a":2}`}},
		{"blank lines", "\n\n{\"a\":1}\n  \n\r\n {\"a\":2} \n\n", []string{`3: {"a":1}`, `6: {"a":2}`}},
		{"byte order mark", "\ufeff{\"a\":1}\n{\"a\":2}", []string{`1: {"a":1}`, `2: {"a":2}`}},
		{"byte order mark before an array", "\ufeff\n[{}]", []string{`1: {}`}},
		{"garbage lines", "x\n{\"a\":1}\n}{\n\"a\n{\"a\":2}", []string{`1: x`, `2: {"a":1}`, `3: }{`, `4: "a`, `5: {"a":2}`}},
		{"last line cut off", "{\"a\":1}\n{\"a\":", []string{`1: {"a":1}`, `2: {"a":`}},
		{"first line cut off", "{\"a\":\n{\"a\":2}\n{\"a\":3}\n", []string{`1: {"a":`, `2: {"a":2}`, `3: {"a":3}`}},
		{"line cut off in a string", "{\"a\":\"\n{\"a\":2}\n{\"a\":3}\n", []string{`1: {"a":"`, `2: {"a":2}`, `3: {"a":3}`}},
		{"line cut off before an indented one", "{\"a\":[\n  {\"a\":2}\n{\"a\":3}\n", []string{`1: {"a":[`, `2: {"a":2}`, `3: {"a":3}`}},
		{"more behind an object", "{\"a\":1} x\n{\"a\":2}\n", []string{`1: {"a":1} x`, `2: {"a":2}`}},
		{"objects on a line", "{\"a\":1}{\"a\":2}\n{\"a\":3}", []string{`1: {"a":1}{"a":2}`, `2: {"a":3}`}},
		{"spread object", "{\n  \"a\": [\n    {\"b\": 1}\n  ]\n}\n", []string{"1: {\n  \"a\": [\n    {\"b\": 1}\n  ]\n}"}},
		{"spread object without indents", "{\n\"a\":[\n{\n\"b\":1\n}\n]\n}", []string{"1: {\n\"a\":[\n{\n\"b\":1\n}\n]\n}"}},
		{"spread objects and lines", " {\r\n\"a\":1\r\n}\r\n{\"a\":2}\n{\n\"a\":3}\n{\"a\":4}", []string{"1: {\r\n\"a\":1\r\n}", `4: {"a":2}`, "5: {\n\"a\":3}", `7: {"a":4}`}},
		{"broken spread object", "{\n  \"a\": 1,\n}\n{\n  \"a\": 2\n}\n", []string{"1: {\n  \"a\": 1,\n}", "4: {\n  \"a\": 2\n}"}},
		{"spread object cut off", "{\n  \"a\": 1,\n", []string{"1: {\n  \"a\": 1,"}},
		{"brackets that do not match", "{\"a\":[}\n{\"a\":1}", []string{`1: {"a":[}`, `2: {"a":1}`}},
		{"array", `[{"a":1},{"a":[1,"],"]}]`, []string{`1: {"a":1}`, `2: {"a":[1,"],"]}`}},
		{"array over lines", "\n[\n{\"a\":1}\n,\n{\"a\":\n2} ]\n\n", []string{`1: {"a":1}`, "2: {\"a\":\n2}"}},
		{"empty array", " [ ] ", nil},
		{"array of anything", `[1,null,"a\"],",[[]],{}]`, []string{`1: 1`, `2: null`, `3: "a\"],"`, `4: [[]]`, `5: {}`}},
		{"bad element", `[{"a":1},{"b",},{"a":3}]`, []string{`1: {"a":1}`, `2: {"b",}`, `3: {"a":3}`}},
		{"commas too many", `[,{"a":2},,{"a":4},]`, []string{
			`1! empty element: there is one comma too many`, `2: {"a":2}`, `3! empty element: there is one comma too many`, `4: {"a":4}`,
			`5! empty element: there is one comma too many`}},
		{"array cut off", `[{"a":1},{"a":2`, []string{`1: {"a":1}`, `2! the array is broken: the body ends inside the array; nothing was read from element 2 on`}},
		{"array cut off behind a comma", `[{"a":1},`, []string{`1: {"a":1}`, `2! the array is broken: the body ends inside the array; nothing was read from element 2 on`}},
		{"array cut off behind an object", `[{"a":1},{"a":2} `, []string{
			`1: {"a":1}`, `2: {"a":2}`, `3! the array is broken: the body ends inside the array; nothing was read from element 3 on`}},
		{"array cut off behind a number", `[1,2`, []string{`1: 1`, `2! the array is broken: the body ends inside the array; nothing was read from element 2 on`}},
		{"array with wrong brackets", `[{"a":1},{"a":[2},{"a":3}]`, []string{`1: {"a":1}`, `2! the array is broken: got '}', want ']'; nothing was read from element 2 on`}},
		{"array with a bracket too many", `[{"a":1}},{"a":2}]`, []string{`1! the array is broken: '}' closes nothing; nothing was read from element 1 on`}},
		{"more behind an array", `[{"a":1}] {"a":2}`, []string{`1: {"a":1}`, `2! the array has ended, and '{', which follows, does not begin another; nothing was read from there on`}},
		{"array and more", `[{"a":1}]` + "\n[{\"a\":2},{\"a\":3}]\ufeff[][ ]\n\ufeff\n[{\"a\":4}]\n", []string{`1: {"a":1}`, `2: {"a":2}`, `3: {"a":3}`, `4: {"a":4}`}},
		{"array and a broken one", `[1][2`, []string{`1: 1`, `2! the array is broken: the body ends inside the array; nothing was read from element 2 on`}},
		{"by probe", ` {"6001": [{"a":1},{"a":2}], "6002":[],"6003" :[{"a":3}]` + "\n}\n", []string{`1: {"a":1}`, `2: {"a":2}`, `3: {"a":3}`}},
		{"by probe, over lines", "\ufeff{\n  \"6001\" : [\n {\"a\":\n1} ]\n ,\n \"6002\": [1]}", []string{"1: {\"a\":\n1}", `2: 1`}},
		{"by probe, twice, and an array", `{"1":[1]}{"2":[2]}` + "\n[3]", []string{`1: 1`, `2: 2`, `3: 3`}},
		{"by probe, cut off", `{"1":[1],"2"`, []string{`1: 1`, `2! the object of arrays by probe ends before its closing brace; nothing was read from there on`}},
		{"by probe, and an object", `{"1":[1],"2":{}}`, []string{
			`1: 1`, `2! the object of arrays by probe is broken: no array of a probe follows the comma; nothing was read from there on`}},
		{"by probe, without a comma", `{"1":[1]"2":[2]}`, []string{
			`1: 1`, `2! the object of arrays by probe is broken: got '"', want a comma or a closing brace; nothing was read from there on`}},
		{"by probe, behind lines", "{\"a\":1}\n{\"1\":[1]}", []string{`1: {"a":1}`, `2: {"1":[1]}`}},
		{"an object that begins like it", `{"1":{"a":[1]}}`, []string{`1: {"1":{"a":[1]}}`}},
		{"an object of a name", `{"1a":[1]}`, []string{`1: {"1a":[1]}`}},
		{"byte order marks", "\ufeff{\"a\":1}\r\n\ufeff{\"a\":2}\n\ufeff\n\n\ufeff{\n\"a\":3\n}\n", []string{`1: {"a":1}`, `2: {"a":2}`, "5: {\n\"a\":3\n}"}},
		{"a byte order mark behind a broken object", "{\"a\":[\n\ufeff{\"a\":2}\n", []string{`1: {"a":[`, `2: {"a":2}`}},
		{"files without a newline at their end", "{\"a\":\"}\"}\ufeff{\"a\":2}\ufeff{\n\"a\":3}\n", []string{`1: {"a":"}"}`, `1: {"a":2}`, "1: {\n\"a\":3}"}},
		{"a byte order mark in a string", "{\"a\":\"}\ufeff{\"}\n{}", []string{"1: {\"a\":\"}\ufeff{\"}", `2: {}`}},
		{"array too deep", "[" + strings.Repeat("[", maxDepth+1), []string{`1! the array is broken: brackets nest deeper than 10000; nothing was read from element 1 on`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, batch := range []int{1, 100, 64 << 10} {
				limits := Limits{Value: 32 << 10, Batch: batch}
				for name, reader := range map[string]io.Reader{
					"whole": strings.NewReader(test.body), "a byte at a time": iotest.OneByteReader(strings.NewReader(test.body)),
					"end with data": iotest.DataErrReader(strings.NewReader(test.body)),
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

// A value over the limit is refused, wherever it is and however long it is, and does not affect the others.
func TestTooLongValues(t *testing.T) {
	const limit = 64 << 10
	reason := TooLong(limit).Error()
	for _, size := range []int{limit + 1, 2 * limit, 10 * limit} {
		long := `{"a":"` + strings.Repeat("x", size-8) + `"}`
		spread := "{\n" + strings.Repeat(" \"a\": 1,\n", size/8) + " \"a\": 1\n}"
		lines := strings.Count(spread, "\n")
		for name, test := range map[string]struct {
			body string
			want []string
		}{
			"line":          {"{}\n" + long + "\n{}\n", []string{"1: {}", "2! " + reason, "3: {}"}},
			"first line":    {long + "\n{}", []string{"1! " + reason, "2: {}"}},
			"last line":     {"{}\n" + long, []string{"1: {}", "2! " + reason}},
			"no object":     {"{}\n" + strings.Repeat("x", size) + "\n{}", []string{"1: {}", "2! " + reason, "3: {}"}},
			"element":       {"[{}," + long + ",{}]", []string{"1: {}", "2! " + reason, "3: {}"}},
			"last element":  {"[{}," + long + "]", []string{"1: {}", "2! " + reason}},
			"spread object": {"{}\n" + spread + "\n{}\n", []string{"1: {}", "2! " + reason, fmt.Sprintf("%d: {}", lines+3)}},
		} {
			got, err := cut(t, strings.NewReader(test.body), Limits{Value: limit, Batch: 128 << 10})
			if err != nil || !slices.Equal(got, test.want) {
				t.Errorf("%s of %d bytes: got %.200q, %v, want %q", name, size, got, err, test.want)
			}
		}
	}
}

func TestValueAtTheLimit(t *testing.T) {
	value := `{"a":"` + strings.Repeat("x", 1016) + `"}`
	for _, body := range []string{value, value + "\n", "[" + value + "]"} {
		if got, err := cut(t, strings.NewReader(body), ample); err != nil || !slices.Equal(got, []string{"1: " + value}) {
			t.Errorf("got %.60q, %v", got, err)
		}
	}
}

// Values that are complete before the reader fails are returned; an incomplete one is not.
func TestReaderFails(t *testing.T) {
	broken := errors.New("broken")
	for body, want := range map[string]string{
		"{\"a\":1}\n{\"a\":2}": `1: {"a":1}`,
		`[{"a":1},{"a":2}`:     `1: {"a":1}`,
	} {
		got, err := cut(t, io.MultiReader(strings.NewReader(body), iotest.ErrReader(broken)), ample)
		if !errors.Is(err, broken) || !slices.Equal(got, []string{want}) {
			t.Errorf("%s: got %q, %v", body, got, err)
		}
	}
	if _, err := cut(t, idleReader{}, ample); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a reader that gives nothing: got error %v", err)
	}
}

type idleReader struct{}

func (idleReader) Read([]byte) (int, error) { return 0, nil }

func TestEmpty(t *testing.T) {
	for body, want := range map[string]bool{"": true, " \n": true, "[]": false, "{}": false} {
		splitter := New(strings.NewReader(body), ample)
		for {
			if _, err := splitter.Next(); err != nil {
				break
			}
		}
		if got := splitter.Empty(); got != want {
			t.Errorf("%q: got %t", body, got)
		}
	}
}

// Later batches do not overwrite values, so callers need not copy them.
func TestValuesStay(t *testing.T) {
	var body strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&body, "{\"a\":%d}\n", i)
	}
	splitter := New(strings.NewReader(body.String()), Limits{Value: 1 << 10, Batch: 8 << 10})
	var all []Value
	for {
		values, err := splitter.Next()
		if err != nil {
			break
		}
		all = append(all, values...)
	}
	for i, value := range all {
		if want := fmt.Sprintf(`{"a":%d}`, i); string(value.Raw) != want || value.Line != i+1 {
			t.Fatalf("got %s on line %d, want %s", value.Raw, value.Line, want)
		}
	}
	if len(all) != 20_000 {
		t.Fatalf("got %d values", len(all))
	}
}

// Bodies that are built to be searched many times take no longer than others of their size; quadratic work would take hours.
func TestHostileBodies(t *testing.T) {
	const size = 4 << 20
	for _, line := range []string{"{\"a\":[\n", "{\n\"x\",\n", "{\"a\":\n {\n", "[", "{", "\n", "{\"", " {\n"} {
		began := time.Now()
		if _, err := cut(t, strings.NewReader(strings.Repeat(line, size/len(line))), Limits{Value: 512 << 10, Batch: 1 << 20}); err != nil {
			t.Errorf("%q: %v", line, err)
		}
		if took := time.Since(began); took > 3*time.Minute {
			t.Errorf("%q: took %s", line, took)
		}
	}
}

// An element that was refused as too long is not refused again when the array breaks off in it.
func TestArrayBreaksOffInATooLongElement(t *testing.T) {
	const limit = 1 << 10
	got, err := cut(t, strings.NewReader(`[{},"`+strings.Repeat("x", 10*limit)), Limits{Value: limit, Batch: limit})
	want := []string{"1: {}", "2! " + TooLong(limit).Error(), "3! the array is broken: the body ends inside the array; nothing was read from element 3 on"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

// Each value takes memory, however short it is.
func TestBatchesHaveFewValues(t *testing.T) {
	const values = 3 * BatchValues
	for name, body := range map[string]string{
		"lines": strings.Repeat("1\n", values), "array": "[" + strings.Repeat("1,", values-1) + "1]",
	} {
		splitter := New(strings.NewReader(body), Limits{Value: 100, Batch: 1 << 20})
		count := 0
		for {
			batch, err := splitter.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil || len(batch) > BatchValues {
				t.Fatalf("%s: a batch of %d values, %v", name, len(batch), err)
			}
			count += len(batch)
		}
		if count != values {
			t.Errorf("%s: got %d values, want %d", name, count, values)
		}
	}
}

// Empty arrays and pages have no values that count.
func TestAbuseManyEmptyArrays(t *testing.T) {
	const most, text = 100, 1 << 20
	for body, members := range map[string][]string{"[]": nil, "[ ]\n": nil, `{"1":[]}`: nil, `{"results":[]}`: {"results"}} {
		reader := strings.NewReader(strings.Repeat(body, text))
		got, err := cut(t, reader, Limits{Value: 1 << 10, Batch: 4 << 10, Arrays: most, Members: members})
		want := []string{"1! more than 100 arrays follow one another; nothing was read from there on"}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: got %q, %v", body, got, err)
		}
		if read := reader.Size() - int64(reader.Len()); read > 16<<10 {
			t.Errorf("%q: %d bytes were read", body, read)
		}
	}
}

// Memory for a body is requested as it arrives; a refusal ends the body after the values so far.
func TestAbuseMemoryIsAskedFor(t *testing.T) {
	none := errors.New("none left")
	asked := int64(0)
	limits := Limits{Value: 32 << 10, Batch: 1 << 20, Grow: func(bytes int64) error {
		if asked += bytes; asked > 100<<10 {
			return none
		}
		return nil
	}}
	if _, err := cut(t, strings.NewReader("{}\n"), limits); err != nil || asked > 8<<10 {
		t.Errorf("a short body asked for %d bytes, %v", asked, err)
	}
	asked = 0
	got, err := cut(t, strings.NewReader(strings.Repeat("{\"a\":1}\n", 100_000)), limits)
	if !errors.Is(err, none) || len(got) < 1000 || len(got) > 100<<10/8 {
		t.Errorf("got %d values, %v", len(got), err)
	}
}
