package service

import (
	"errors"

	"atlasstream/pkg/clientip"
)

// Proxies are the settings of a program whose clients may come through proxies; its configuration embeds them.
type Proxies struct {
	TrustedProxies []string `help:"Ranges of addresses, such as 10.0.0.0/8, of proxies that tell the address of a client; none unless given." placeholder:"CIDR"`
	AddressHeader  string   `help:"Header in which trusted proxies tell the address of a client." default:"X-Forwarded-For"`
}

// Check joins the faults of both settings.
func (p Proxies) Check() error {
	_, rangesErr := clientip.NewProxies(p.TrustedProxies, "")
	_, headerErr := clientip.NewProxies(nil, p.AddressHeader)
	return errors.Join(Setting("trusted-proxies", rangesErr), Setting("address-header", headerErr))
}
