package simulator

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

const realData = "../../pkg/atlas/testdata/"

type object = map[string]any

func realRows(t *testing.T, name string) []object {
	t.Helper()
	file, err := os.Open(realData + name + ".jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var rows []object
	lines := bufio.NewScanner(unzipped)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		rows = append(rows, decoded(t, lines.Bytes()))
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return rows
}

func decoded(t *testing.T, line []byte) object {
	t.Helper()
	var row object
	if err := json.Unmarshal(line, &row); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	return row
}

// simulated gives every result of a type over an hour with an outage.
func simulated(t *testing.T, name string) []object {
	t.Helper()
	var rows []object
	for event := range during(newNetwork(t, Config{Seed: 1, Rate: 4}), start.Truncate(time.Hour), time.Hour) {
		if typeOf(event) == name {
			rows = append(rows, decoded(t, event.JSON))
		}
	}
	return rows
}

func pick(t *testing.T, rows []object, what string, wanted func(object) bool) object {
	t.Helper()
	i := slices.IndexFunc(rows, wanted)
	if i < 0 {
		t.Fatalf("no row: %s", what)
	}
	return rows[i]
}

func firmware(row object) float64 { number, _ := row["fw"].(float64); return number }

// compare checks that an object has the members of a real one, of the same JSON types, but for those that are listed: group_id is of users' measurements
// only, as the real rows of built-in ones show.
func compare(t *testing.T, what string, got, real object, except ...string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if value, known := real[name]; (!known || kindOf(value) != kindOf(got[name])) && !slices.Contains(except, name) {
			t.Errorf("%s: %s is %s, in real rows %s", what, name, kindOf(got[name]), kindOf(value))
		}
	}
	for name := range real {
		if _, has := got[name]; !has && !slices.Contains(except, name) {
			t.Errorf("%s: %s is missing", what, name)
		}
	}
}

func kindOf(value any) string {
	switch value.(type) {
	case string:
		return "a string"
	case float64:
		return "a number"
	case bool:
		return "a boolean"
	case []any:
		return "an array"
	case object:
		return "an object"
	default:
		return "null or missing"
	}
}

func TestPingsHaveTheMembersOfRealOnes(t *testing.T) {
	answered := func(row object) bool { return firmware(row) >= 5020 && row["rcvd"].(float64) > 0 }
	lost := func(row object) bool { return firmware(row) >= 5100 && row["msm_id"] == 1001.0 && row["rcvd"] == 0.0 }
	real, made := realRows(t, "ping"), simulated(t, "ping")
	compare(t, "answered", pick(t, made, "answered", answered), pick(t, real, "answered", answered), "group_id")
	lostOne := pick(t, made, "lost", func(row object) bool { return row["rcvd"] == 0.0 })
	compare(t, "lost", lostOne, pick(t, real, "lost, of 1001", lost))
	for _, row := range made {
		for _, packet := range row["result"].([]any) {
			if rtt, has := packet.(object)["rtt"]; len(packet.(object)) != 1 || !has && packet.(object)["x"] != "*" || has && rtt.(float64) <= 0 {
				t.Fatalf("packet %v", packet)
			}
		}
	}
}

func TestTraceroutesHaveTheMembersOfRealOnes(t *testing.T) {
	real, made := realRows(t, "traceroute"), simulated(t, "traceroute")
	modern := pick(t, real, "modern", func(row object) bool { return firmware(row) >= 5080 && row["destination_ip_responded"] == true })
	realPacket := modern["result"].([]any)[0].(object)["result"].([]any)[0].(object)
	packets := 0
	for _, row := range made {
		compare(t, "traceroute", row, modern, "group_id", "ttr") // ttr is of targets whose name the probe resolves
		for _, hop := range row["result"].([]any) {
			compare(t, "hop", hop.(object), object{"hop": 1.0, "result": []any{}})
			for _, packet := range hop.(object)["result"].([]any) {
				if packet.(object)["x"] != "*" {
					compare(t, "packet", packet.(object), realPacket)
					packets++
				}
			}
		}
	}
	if packets == 0 {
		t.Error("no packet was answered")
	}
}

func TestDNSResultsHaveTheMembersOfRealOnes(t *testing.T) {
	real, made := realRows(t, "dns"), simulated(t, "dns")
	newest := pick(t, real, "firmware 4910", func(row object) bool { return firmware(row) == 4910 })
	withAnswers := pick(t, real, "answers in an array", func(row object) bool {
		result, _ := row["result"].(object)
		answers, _ := result["answers"].([]any)
		return len(answers) > 0 && kindOf(answers[0].(object)["RDATA"]) == "an array"
	})["result"].(object)
	timeouts := 0
	for _, row := range made {
		compare(t, "dns", row, newest, "mver", "group_id", "error", "result") // mver came with firmware 5020, newer than real DNS rows
		if row["error"] != nil {
			timeouts++
			compare(t, "error", row["error"].(object), object{"timeout": 5000.0})
			continue
		}
		result := row["result"].(object)
		compare(t, "result", result, withAnswers)
		compare(t, "answer", result["answers"].([]any)[0].(object), withAnswers["answers"].([]any)[0].(object))
	}
	if timeouts == 0 || timeouts == len(made) {
		t.Errorf("%d of %d queries timed out", timeouts, len(made))
	}
}

func TestAnswersAreRealDNSMessages(t *testing.T) {
	identities := map[string]string{} // to the root server
	for event := range during(newNetwork(t, Config{Seed: 1, Rate: 20}), start, 10*time.Minute) {
		var row struct {
			Type    string
			DstAddr string `json:"dst_addr"`
			Result  json.RawMessage
		}
		if err := json.Unmarshal(event.JSON, &row); err != nil {
			t.Fatal(err)
		}
		if row.Type != "dns" || row.Result == nil {
			continue
		}
		var result struct {
			Abuf    []byte
			ID      uint16
			Size    int
			Answers []struct{ RDATA []string }
		}
		if err := json.Unmarshal(row.Result, &result); err != nil {
			t.Fatal(err)
		}
		var message dnsmessage.Message
		if err := message.Unpack(result.Abuf); err != nil {
			t.Fatal(err)
		}
		said := message.Answers[0].Body.(*dnsmessage.TXTResource).TXT[0]
		question := message.Questions[0]
		if !message.Response || message.ID != result.ID || len(result.Abuf) != result.Size || said != result.Answers[0].RDATA[0] ||
			question.Name.String() != "hostname.bind." || question.Class != dnsmessage.ClassCHAOS || question.Type != dnsmessage.TypeTXT {
			t.Fatalf("%s\nis %s", event.JSON, message.GoString())
		}
		if other, known := identities[said]; known && other != row.DstAddr {
			t.Fatalf("%s answers for %s and for %s", said, other, row.DstAddr)
		}
		identities[said] = row.DstAddr
	}
	if len(identities) < 100 {
		t.Errorf("only %d instances answered", len(identities))
	}
}

func TestProbeObjectsHaveTheMembersOfRealOnes(t *testing.T) {
	n := newNetwork(t, Config{Seed: 1, Rate: 50})
	objects, err := n.ProbeObjects(time.Unix(1790000000, 0))
	if err != nil {
		t.Fatal(err)
	}
	real := pick(t, realRows(t, "probes"), "with IPv6", func(row object) bool { return row["asn_v6"] != nil })
	beyond := []string{"prefix_v4", "prefix_v6", "address_v4", "address_v6", "description", "is_anchor", "is_public", "tags",
		"status", "status_since", "first_connected", "last_connected", "total_uptime"}
	ids := map[any]bool{}
	for _, line := range objects {
		probe := decoded(t, line)
		ids[probe["id"]] = true
		compare(t, "probe", probe, real, append(beyond, "asn_v6")...)
		compare(t, "geometry", probe["geometry"].(object), real["geometry"].(object))
	}
	if len(ids) != DefaultProbes {
		t.Errorf("got %d probe IDs, want %d", len(ids), DefaultProbes)
	}
}
