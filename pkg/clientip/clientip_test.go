package clientip_test

import (
	"net/netip"
	"slices"
	"testing"

	"atlasstream/pkg/clientip"
)

func TestNetworksOfAnAddress(t *testing.T) {
	for remote, want := range map[string][]string{
		"192.0.2.1:1000":              {"192.0.2.1/32"},
		"[::ffff:192.0.2.1]:1000":     {"192.0.2.1/32"},
		"[2001:db8:1:2:3:4:5:6]:1":    {"2001:db8:1:2::/64", "2001:db8:1::/48"},
		"[fe80::1%eth0]:1":            {"fe80::/64", "fe80::/48"},
		"[2001:db8:1:ffff::1]:1":      {"2001:db8:1:ffff::/64", "2001:db8:1::/48"},
		"@":                           {"invalid Prefix"},
		"localhost:80":                {"invalid Prefix"},
		"192.0.2.1":                   {"invalid Prefix"},
		"[::ffff:192.0.2.1%eth0]:443": {"192.0.2.1/32"},
	} {
		var got []string
		for i, network := range clientip.Networks(clientip.Of(remote)) {
			got = append(got, network.String())
			if factor := []int{1, clientip.SiteFactor}[i]; network.Factor != factor {
				t.Errorf("%s: %s may use %d times an address's, want %d", remote, network, network.Factor, factor)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: counted in %q, want %q", remote, got, want)
		}
		if site := clientip.Site(clientip.Of(remote)).String(); site != want[len(want)-1] {
			t.Errorf("%s: got the site %s, want %s", remote, site, want[len(want)-1])
		}
	}
}

// Every address has a network to count in, and is in all of its networks.
func FuzzNetworks(f *testing.F) {
	for _, seed := range []string{"192.0.2.1:1000", "[2001:db8::1%eth0]:1", "[::ffff:192.0.2.1]:1", "@", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, remote string) {
		address := clientip.Of(remote)
		networks := clientip.Networks(address)
		if len(networks) == 0 {
			t.Fatalf("%q is counted in no network", remote)
		}
		for _, network := range networks {
			if network.Factor < 1 || address != (netip.Addr{}) && !network.Contains(address) {
				t.Errorf("%q: %s is not in %+v", remote, address, network)
			}
		}
	})
}
