package api

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/services/gateway/internal/ratelimit"
)

func TestConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := serve(t, Settings{}, ratelimit.Limits{})
		if answer := server.ask("/api/connections"); answer.Code != 503 || !strings.HasPrefix(answer.Body.String(), `{"error":"[unavailable] `) {
			t.Errorf("before the events are known: got %d %s", answer.Code, answer.Body)
		}
		began := time.Now().Add(-time.Hour)
		server.knowOutage(began)
		got := get[connectionsAnswer](t, server, "/api/connections?step=60&country=NL,DE")
		if got.To-got.From != 86400 || got.To != time.Now().Unix()+60 || got.Step != 60 || got.AsOf != 129 || len(got.Countries) != 2 || len(got.World.Connected) != 1440 {
			t.Errorf("got from %d to %d, step %d, offset %d, %d countries, %d steps", got.From, got.To, got.Step, got.AsOf, len(got.Countries), len(got.World.Connected))
		}
		at := (began.Unix() - got.From) / 60
		for name, test := range map[string]struct {
			series []*int64
			step   int64
			want   int64
		}{
			"connected before":               {got.World.Connected, at - 1, 80},
			"connected afterwards":           {got.World.Connected, at, 50},
			"connected now":                  {got.World.Connected, 1439, 60},
			"disconnects":                    {got.World.Disconnects, at, 30},
			"disconnects in the Netherlands": {got.Countries["NL"].Disconnects, at, 30},
			"Dutch ones connected now":       {got.Countries["NL"].Connected, 1439, 20},
			"connects":                       {got.World.Connects, at + 30, 10},
			"German ones":                    {got.Countries["DE"].Connected, at, 0},
		} {
			if one := test.series[test.step]; one == nil || *one != test.want {
				t.Errorf("%s: got %v, want %d", name, one, test.want)
			}
		}
		if all := get[connectionsAnswer](t, server, "/api/connections?step=600&country=all"); len(all.Countries) != 2 || len(all.World.Connects) != 144 {
			t.Errorf("all countries: got %d, %d steps", len(all.Countries), len(all.World.Connects))
		}
		for query, want := range map[string]string{
			"step=61": "step: got", "step=420": "step: got", "country=all": "country: got", "country=nl": "country: got", "country=": "country: got",
			"country=" + strings.Repeat("NL,", 20) + "NL": "country: got",
		} {
			if answer := server.ask("/api/connections?" + query); !strings.HasPrefix(answer.Body.String(), `{"error":"[invalid_parameter] `+want) {
				t.Errorf("%.40s: got %d %s", query, answer.Code, answer.Body)
			}
		}
	})
}
