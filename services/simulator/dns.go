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

// hostnameAnswer is the DNS message in which an instance says its identity: a CHAOS TXT record, as RFC 4892 describes it.
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
func (r *run) dns(t turn) {
	l := &r.line
	l.address("dst_addr", r.server(t).address)
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
		r.dnsAnswer(t)
	}
}

func (r *run) dnsAnswer(t turn) {
	id := queryID(t)
	r.message = append(r.message[:0], t.route.instance.answer...)
	binary.BigEndian.PutUint16(r.message, id)
	l := &r.line
	l.name("result")
	l.open('{')
	l.decimal("rt", rounded(r.roundTrip(t, 1), 3))
	l.integer("size", int64(len(r.message)))
	l.base64("abuf", r.message)
	l.integer("ID", int64(id))
	l.integer("ANCOUNT", 1)
	l.integer("QDCOUNT", 1)
	l.integer("NSCOUNT", 0)
	l.integer("ARCOUNT", 0)
	r.dnsAnswers(t.route.instance.identity)
	l.close('}')
}

func (r *run) dnsAnswers(identity string) {
	l := &r.line
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

// queryID gives a probe's queries IDs that look random and do not recur within 65,536 of them, so that no two of a second are alike.
func queryID(t turn) uint16 {
	const odd = 40503
	return uint16(int64(mix(t.measurement.seed, aboutQuery, int64(t.measurement.id), t.probe.index)) + t.round()*odd)
}
