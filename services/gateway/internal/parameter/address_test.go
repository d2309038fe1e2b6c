package parameter

import (
	"testing"

	"github.com/tidwall/gjson"
)

func valueOf(text string) Value { return Value{"a", gjson.Result{Type: gjson.String, Str: text}} }

func TestPrefix(t *testing.T) {
	for text, want := range map[string]string{
		"200/8": "200.0.0.0/8", "193.0/16": "193.0.0.0/16", "193.0.0.1/16": "193.0.0.0/16", "0/0": "0.0.0.0/0", "1.2.3.4/32": "1.2.3.4/32",
		"2001:db8::/32": "2001:db8::/32", "2001:db8/32": "2001:db8::/32", "2001:DB8::1/127": "2001:db8::/127", "::/0": "::/0",
		"1:2:3:4:5:6:7:8/128": "1:2:3:4:5:6:7:8/128", "::ffff:1.2.3.4/112": "1.2.0.0/16", "::ffff:1.2.3.4/90": "::ffc0:0:0/90",
		"": "", "/": "", "/8": "", "193": "", "193/": "", "193/+8": "", "193/08": "", "193/33": "", "1.2.3.4.5/8": "", "193./8": "", "2001:db8::/129": "", "fe80::%e/10": "", "a.b/8": "",
		"1/8/8": "", " 1/8": "", "01/8": "",
	} {
		got, err := valueOf(text).Prefix()
		if (err == nil) != (want != "") || err == nil && got.String() != want {
			t.Errorf("%q: got %s, %v, want %s", text, got, err, want)
		}
	}
}
