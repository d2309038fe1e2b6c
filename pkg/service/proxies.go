package service

import (
	"errors"

	"atlasstream/pkg/clientip"
)

// Proxies are the settings of programs whose clients may come through proxies; commands embed it.
type Proxies struct {
	TrustedProxies []string `help:"Ranges of addresses, such as 10.0.0.0/8, of proxies that tell the address of a client; none unless given." placeholder:"CIDR"`
	AddressHeader  string   `help:"Header in which trusted proxies tell the address of a client."`
}

// CheckProxies joins the faults of both settings.
func CheckProxies(trusted []string, header string) error {
	_, rangesErr := clientip.NewProxies(trusted, "")
	_, headerErr := clientip.NewProxies(nil, header)
	return errors.Join(Setting("trusted-proxies", rangesErr), Setting("address-header", headerErr))
}
