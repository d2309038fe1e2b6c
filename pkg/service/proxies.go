package service

import (
	"errors"

	"atlasstream/pkg/clientip"
)

// Proxies are the settings of a program whose clients may come through proxies; its configuration embeds them.
type Proxies struct {
	TrustedProxies []string `help:"Address ranges, such as 10.0.0.0/8, of the proxies whose --address-header is believed; by default, none." placeholder:"CIDR"`
	AddressHeader  string   `help:"Header in which a trusted proxy gives the address of a client." default:"X-Forwarded-For"`
}

// Check joins the faults of both settings.
func (p Proxies) Check() error {
	_, rangesErr := clientip.NewProxies(p.TrustedProxies, "")
	_, headerErr := clientip.NewProxies(nil, p.AddressHeader)
	return errors.Join(Setting("trusted-proxies", rangesErr), Setting("address-header", headerErr))
}
