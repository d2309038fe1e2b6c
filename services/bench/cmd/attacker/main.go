// Command attacker attacks a gateway or a collector from one address, within all limits. Its address is 127.0.0.2, that of the other clients is 127.0.0.1.
package main

import (
	"context"
	"fmt"
	"net"

	"atlasstream/pkg/service"
	"atlasstream/services/bench/internal/ipc"
)

// source is where the attacks come from: on Linux, all of 127.0.0.0/8 is the machine itself.
var source = &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}

type settings struct {
	Address string `help:"host:port of the gateway or the collector." required:""`
	Attack  string `help:"Name of the attack." required:""`
}

// attack is what the attacker does: first it prepares, then it sends, so many messages a second.
type attack struct {
	prepare   func(ctx context.Context, address string) (*sender, error)
	perSecond int // 0: nothing is sent, as what was prepared is the attack
}

var attacks = map[string]attack{
	"acceptedFields of one client's subscriptions": {prepare: subscribed(8, differentFields)},
	"acceptedFields of many clients":               {prepare: subscribed(200, manyFields)},
	"conditions that fail":                         {prepare: subscribed(9, failingConditions)},
	"clients that take everything":                 {prepare: subscribed(100, everything)},
	"long acknowledgements":                        {prepare: sending(socketIO4, longAck), perSecond: 50},
	"pings":                                        {prepare: sending(socketIO3, "2"), perSecond: 5000},
	"backlogs":                                     {prepare: sending(plain, backlogs...), perSecond: 100},
	"compressed empty records":                     {prepare: posting, perSecond: 5},
	"answers of the read API":                      {prepare: querying, perSecond: 20},
}

// Run attacks until the end of the window that the parent sends, and reports how much it sent within it.
func (s *settings) Run(ctx context.Context) error {
	attack, exists := attacks[s.Attack]
	if !exists {
		return fmt.Errorf("attack: got %q, which does not exist", s.Attack)
	}
	sender, err := attack.prepare(ctx, s.Address)
	if err != nil {
		return err
	}
	defer sender.close()
	parent := ipc.Parent()
	if err := parent.Send(ipc.Ready{}); err != nil {
		return err
	}
	var window ipc.Window
	if err := parent.Receive(&window); err != nil {
		return err
	}
	ctx, cancel := context.WithDeadline(ctx, window.End())
	defer cancel()
	if err := sender.run(ctx, attack.perSecond, &window); err != nil {
		return err
	}
	defer parent.AwaitEnd() // until then, connections stay open
	return parent.Send(sender.attacked())
}

func main() {
	service.Main("attacker", "Attacks a gateway or a collector from one address, within all limits.", &settings{})
}
