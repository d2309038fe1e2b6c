package simulator

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/net/dns/dnsmessage"
)

const (
	hostnameQuestion = "hostname.bind"
	dnsTimeout       = 5000 // ms
)

// hostnameAnswer is the DNS message with the identity of an instance: a CHAOS TXT record (RFC 4892).
func hostnameAnswer(identity string) ([]byte, error) {
	name, err := dnsmessage.NewName(hostnameQuestion + ".")
	if err != nil {
		return nil, err
	}
	message := dnsmessage.Message{
		Header:    dnsmessage.Header{Response: true, Authoritative: true},
		Questions: []dnsmessage.Question{{Name: name, Type: dnsmessage.TypeTXT, Class: dnsmessage.ClassCHAOS}},
		Answers: []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: name, Type: dnsmessage.TypeTXT, Class: dnsmessage.ClassCHAOS},
			Body:   &dnsmessage.TXTResource{TXT: []string{identity}},
		}},
	}
	packed, err := message.Pack()
	if err != nil {
		return nil, fmt.Errorf("identity %q: %w", identity, err)
	}
	return packed, nil
}

// dns writes a query for hostname.bind as firmware from 4910 on does.
func (g *generator) dns(t measurementRun) {
	l := &g.line
	l.address("dst_addr", g.server(t).address)
	l.text("dst_port", "53")
	l.integer("af", 4)
	l.address("src_addr", t.probe.source)
	l.text("proto", "UDP")
	if t.unanswered {
		l.name("error")
		l.open('{')
		l.integer("timeout", dnsTimeout)
		l.close('}')
	} else {
		g.dnsAnswer(t)
	}
}

func (g *generator) dnsAnswer(t measurementRun) {
	id := queryID(t)
	g.message = append(g.message[:0], t.route.instance.answer...)
	binary.BigEndian.PutUint16(g.message, id)
	l := &g.line
	l.name("result")
	l.open('{')
	l.decimal("rt", rounded(g.roundTrip(t, 1), 3))
	l.integer("size", int64(len(g.message)))
	l.base64("abuf", g.message)
	l.integer("ID", int64(id))
	l.integer("ANCOUNT", 1)
	l.integer("QDCOUNT", 1)
	l.integer("NSCOUNT", 0)
	l.integer("ARCOUNT", 0)
	g.dnsAnswers(t.route.instance.identity)
	l.close('}')
}

func (g *generator) dnsAnswers(identity string) {
	l := &g.line
	l.name("answers")
	l.open('[')
	l.open('{')
	l.text("TYPE", "TXT")
	l.text("NAME", hostnameQuestion)
	l.name("RDATA")
	l.open('[')
	l.quote(identity)
	l.close(']')
	l.close('}')
	l.close(']')
}

// queryID returns IDs that look random and do not recur within 65,536 queries of a probe, so no two of a second are equal.
func queryID(t measurementRun) uint16 {
	const odd = 40503
	return uint16(int64(mix(t.measurement.seed, aboutQuery, int64(t.measurement.id), t.probe.index)) + t.round()*odd)
}
