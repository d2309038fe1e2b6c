package parameter

import (
	"net/url"
	"testing"
)

func TestQuery(t *testing.T) {
	for _, test := range []struct{ query, want string }{
		{"", `{}`},
		{"msm=1001&streamType=result&prb=7", `{"msm":"1001","prb":"7","streamType":"result"}`},
		{`equalsTo={"af":4}&equalsTo.prb_id=1+2&lessThan[result.rt]=5`, `{"equalsTo":"{\"af\":4}","equalsTo.prb_id":"1 2","lessThan[result.rt]":"5"}`},
		{"msm=1&msm=2", `{"msm":"1","msm":"2"}`},
		{"a=%22%3C%26%00%FF\u2028", `{"a":"\"<&\u0000\ufffd\u2028"}`},
	} {
		values, err := url.ParseQuery(test.query)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(FromQuery(values)); got != test.want {
			t.Errorf("%s\ngot  %s\nwant %s", test.query, got, test.want)
		}
	}
}
