package simulator

import "net/netip"

// provider is an Internet provider of a country, with a prefix of each kind that it announces.
type provider struct {
	asn    int
	v4, v6 netip.Prefix
}

func newProvider(asn int, v4, v6 string) provider {
	return provider{asn: asn, v4: netip.MustParsePrefix(v4), v6: netip.MustParsePrefix(v6)}
}

// randomHost returns an address in prefix.
func randomHost(d *dice, prefix netip.Prefix) netip.Addr {
	address := prefix.Masked().Addr().AsSlice()
	for i := prefix.Bits() / 8; i < len(address); i++ {
		hostBits := 8 - max(prefix.Bits()-8*i, 0)
		address[i] |= byte(d.IntN(1 << hostBits))
	}
	address[len(address)-1] = byte(1 + d.IntN(254)) // neither a network's address nor a broadcast
	host, _ := netip.AddrFromSlice(address)
	return host
}

// transits are the backbones that carry packets between countries.
var transits = []netip.Prefix{
	netip.MustParsePrefix("62.115.0.0/16"),   // Arelion
	netip.MustParsePrefix("4.69.128.0/17"),   // Lumen
	netip.MustParsePrefix("129.250.0.0/16"),  // NTT
	netip.MustParsePrefix("154.54.0.0/16"),   // Cogent
	netip.MustParsePrefix("89.149.128.0/18"), // GTT
	netip.MustParsePrefix("184.105.0.0/16"),  // Hurricane Electric
	netip.MustParsePrefix("80.231.0.0/16"),   // Tata
	netip.MustParsePrefix("63.218.0.0/16"),   // PCCW
}

var providers = map[string][]provider{
	"AE": {newProvider(5384, "94.200.0.0/14", "2001:8f8::/32"), newProvider(15802, "91.72.0.0/14", "2a00:f28::/29")},
	"AR": {newProvider(7303, "181.0.0.0/12", "2800:810::/32"), newProvider(22927, "190.48.0.0/14", "2803:9800::/32")},
	"AT": {newProvider(8447, "80.120.0.0/14", "2001:850::/29"), newProvider(8412, "62.178.0.0/16", "2a02:8388::/32")},
	"AU": {newProvider(1221, "101.160.0.0/11", "2001:8000::/20"), newProvider(4764, "180.150.0.0/17", "2403:5800::/27")},
	"BE": {newProvider(5432, "81.240.0.0/13", "2a02:a000::/26"), newProvider(6848, "81.82.0.0/15", "2a02:1810::/32")},
	"BG": {newProvider(8866, "87.126.0.0/16", "2001:1ae8::/32"), newProvider(43561, "78.90.0.0/16", "2a01:5a8::/32")},
	"BR": {newProvider(28573, "177.32.0.0/14", "2804:14c::/31"), newProvider(27699, "187.56.0.0/14", "2804:7f0::/30")},
	"CA": {newProvider(577, "70.48.0.0/13", "2607:f2c0::/32"), newProvider(812, "99.224.0.0/11", "2607:fea8::/32")},
	"CH": {newProvider(3303, "85.0.0.0/13", "2a02:1200::/27"), newProvider(13030, "213.144.128.0/19", "2001:1620::/32")},
	"CL": {newProvider(7418, "181.160.0.0/14", "2800:300::/32"), newProvider(22047, "190.160.0.0/14", "2800:2f0::/32")},
	"CN": {newProvider(4134, "113.64.0.0/11", "240e::/20"), newProvider(4538, "59.64.0.0/13", "2001:da8::/32")},
	"CO": {newProvider(10620, "186.80.0.0/14", "2800:480::/29"), newProvider(3816, "186.112.0.0/14", "2800:e0::/29")},
	"CZ": {newProvider(5610, "88.100.0.0/14", "2a00:1028::/32"), newProvider(6830, "86.49.0.0/16", "2a02:8308::/32")},
	"DE": {
		newProvider(3320, "91.0.0.0/10", "2003::/19"),
		newProvider(3209, "88.64.0.0/12", "2a02:8100::/27"),
		newProvider(24940, "88.198.0.0/16", "2a01:4f8::/32"),
	},
	"DK": {newProvider(3292, "80.160.0.0/13", "2001:6c8::/32"), newProvider(39554, "188.120.64.0/18", "2a05:f6c0::/29")},
	"EE": {newProvider(3249, "90.190.0.0/15", "2001:7d0::/32"), newProvider(3327, "213.35.128.0/17", "2001:1530::/32")},
	"EG": {newProvider(8452, "41.32.0.0/12", "2c0f:fc88::/32"), newProvider(36992, "197.192.0.0/13", "2c0f:f0a0::/32")},
	"ES": {newProvider(3352, "83.32.0.0/11", "2a02:9000::/23"), newProvider(12479, "90.160.0.0/12", "2a01:c50::/31")},
	"FI": {newProvider(1759, "91.152.0.0/13", "2001:2060::/32"), newProvider(719, "84.248.0.0/14", "2001:998::/32")},
	"FR": {
		newProvider(12322, "82.64.0.0/14", "2a01:e00::/26"),
		newProvider(3215, "90.0.0.0/9", "2a01:c000::/19"),
		newProvider(16276, "51.68.0.0/16", "2001:41d0::/32"),
	},
	"GB": {
		newProvider(2856, "86.128.0.0/10", "2a00:2380::/25"),
		newProvider(5089, "82.0.0.0/11", "2a02:8800::/23"),
		newProvider(20712, "81.187.0.0/16", "2001:8b0::/32"),
	},
	"GH": {newProvider(29614, "41.66.192.0/18", "2c0f:f8b8::/32"), newProvider(30986, "197.251.128.0/17", "2c0f:2a80::/32")},
	"GR": {newProvider(6799, "79.128.0.0/15", "2a02:580::/29"), newProvider(5408, "83.212.0.0/16", "2001:648::/32")},
	"HK": {newProvider(4760, "219.76.0.0/14", "2001:218:3000::/36"), newProvider(9269, "14.0.128.0/17", "2403:3200::/32")},
	"HU": {newProvider(5483, "84.0.0.0/14", "2001:4c48::/29"), newProvider(1955, "193.224.0.0/16", "2001:738::/32")},
	"ID": {newProvider(7713, "36.64.0.0/11", "2001:448a::/32"), newProvider(58369, "103.28.112.0/22", "2400:9900::/32")},
	"IE": {newProvider(5466, "86.40.0.0/13", "2001:bb0::/29"), newProvider(1213, "193.1.0.0/16", "2001:770::/32")},
	"IL": {newProvider(8551, "79.176.0.0/13", "2a0d:6fc0::/29"), newProvider(12849, "84.228.0.0/15", "2a06:c700::/29")},
	"IN": {newProvider(24560, "122.160.0.0/12", "2401:4900::/32"), newProvider(17488, "202.88.128.0/17", "2405:201::/32")},
	"IS": {newProvider(44735, "194.144.0.0/16", "2a02:6180::/32"), newProvider(6677, "85.220.0.0/17", "2a01:8280::/29")},
	"IT": {newProvider(3269, "79.0.0.0/10", "2a01:2000::/20"), newProvider(12874, "93.32.0.0/11", "2001:b07::/32")},
	"JP": {newProvider(2516, "106.128.0.0/10", "2001:268::/32"), newProvider(4713, "114.144.0.0/12", "2400:4000::/22")},
	"KE": {newProvider(15399, "41.203.208.0/20", "2c0f:fe38::/32"), newProvider(33771, "105.160.0.0/13", "2c0f:2d00::/32")},
	"KR": {newProvider(4766, "121.128.0.0/10", "2400:0:1::/48"), newProvider(9318, "1.224.0.0/11", "2001:290::/32")},
	"LT": {newProvider(8764, "78.56.0.0/13", "2a00:1f00::/29"), newProvider(2847, "193.219.0.0/16", "2001:778::/32")},
	"LU": {newProvider(6661, "85.93.192.0/19", "2001:7e8::/32"), newProvider(2602, "158.64.0.0/16", "2001:a18::/32")},
	"LV": {newProvider(12578, "87.110.0.0/16", "2a03:ec00::/32"), newProvider(20910, "81.198.0.0/16", "2a02:610::/32")},
	"MX": {newProvider(8151, "187.128.0.0/10", "2806:100::/28"), newProvider(13999, "189.192.0.0/12", "2806:260::/28")},
	"MY": {newProvider(4788, "175.136.0.0/13", "2001:e68::/32"), newProvider(9534, "113.210.0.0/15", "2404:160::/32")},
	"NG": {newProvider(29465, "105.112.0.0/12", "2c0f:2a00::/32"), newProvider(37282, "197.210.0.0/16", "2c0f:f3c0::/32")},
	"NL": {
		newProvider(1136, "86.80.0.0/12", "2a02:a400::/25"),
		newProvider(33915, "84.24.0.0/13", "2001:1c00::/23"),
		newProvider(3265, "80.100.0.0/15", "2001:980::/29"),
	},
	"NO": {newProvider(2119, "84.208.0.0/13", "2a01:798::/29"), newProvider(224, "158.36.0.0/14", "2001:700::/32")},
	"NP": {newProvider(17501, "202.166.192.0/19", "2400:1a00::/32"), newProvider(45650, "27.34.0.0/17", "2404:7c00::/32")},
	"NZ": {newProvider(4771, "122.56.0.0/14", "2406:e000::/32"), newProvider(9790, "121.98.0.0/16", "2404:4400::/27")},
	"PA": {newProvider(11556, "190.32.0.0/14", "2800:490::/32"), newProvider(18809, "181.197.0.0/16", "2803:1400::/32")},
	"PH": {newProvider(9299, "112.198.0.0/16", "2001:4450::/32"), newProvider(4775, "120.28.0.0/15", "2405:8d40::/32")},
	"PL": {newProvider(5617, "83.0.0.0/11", "2a01:1100::/24"), newProvider(8374, "178.180.0.0/14", "2a00:f40::/29")},
	"PT": {newProvider(3243, "85.240.0.0/13", "2001:8a0::/32"), newProvider(2860, "89.152.0.0/14", "2001:818::/32")},
	"RO": {newProvider(8708, "86.120.0.0/13", "2a02:2f00::/24"), newProvider(2614, "141.85.0.0/16", "2001:b30::/32")},
	"RS": {newProvider(8400, "109.92.0.0/15", "2a00:e90::/29"), newProvider(31042, "89.216.0.0/16", "2a06:5b00::/29")},
	"RU": {
		newProvider(12389, "95.24.0.0/13", "2a01:620::/29"),
		newProvider(8359, "91.76.0.0/14", "2a00:1370::/32"),
		newProvider(3216, "83.220.32.0/19", "2a02:2168::/32"),
	},
	"RW": {newProvider(37228, "41.186.0.0/16", "2c0f:eb00::/32"), newProvider(36890, "41.74.160.0/20", "2c0f:fe30::/32")},
	"SE": {newProvider(3301, "81.224.0.0/12", "2001:2000::/20"), newProvider(8473, "155.4.0.0/16", "2001:9b0::/32")},
	"SG": {newProvider(4773, "116.86.0.0/15", "2406:3003::/32"), newProvider(9506, "121.6.0.0/15", "2001:c20::/32")},
	"SI": {newProvider(5603, "84.255.192.0/18", "2a00:ee0::/32"), newProvider(2107, "193.2.0.0/16", "2001:1470::/32")},
	"SK": {newProvider(6855, "88.212.0.0/18", "2a01:c846::/32"), newProvider(2607, "147.175.0.0/16", "2001:4118::/32")},
	"TH": {newProvider(7470, "171.96.0.0/13", "2001:fb0::/32"), newProvider(45758, "49.228.0.0/14", "2403:6200::/32")},
	"TN": {newProvider(37492, "102.152.0.0/13", "2c0f:f698::/32"), newProvider(37693, "197.0.0.0/11", "2c0f:f290::/32")},
	"TR": {newProvider(9121, "78.160.0.0/11", "2a02:ff80::/29"), newProvider(34984, "176.232.0.0/13", "2a02:e0::/32")},
	"TW": {newProvider(3462, "114.32.0.0/12", "2001:b000::/20"), newProvider(1659, "140.112.0.0/12", "2001:288::/32")},
	"UA": {newProvider(15895, "94.152.0.0/13", "2a02:2378::/32"), newProvider(3255, "193.200.32.0/22", "2a01:d0::/32")},
	"US": {
		newProvider(7922, "73.0.0.0/8", "2601::/20"),
		newProvider(7018, "99.0.0.0/11", "2600:1700::/28"),
		newProvider(701, "108.0.0.0/11", "2600:4040::/29"),
		newProvider(20115, "71.80.0.0/12", "2600:6c00::/24"),
		newProvider(6939, "65.19.128.0/18", "2001:470::/32"),
	},
	"ZA": {
		newProvider(3741, "41.0.0.0/13", "2c0f:f6d0::/32"),
		newProvider(37105, "196.60.0.0/16", "2c0f:ed00::/32"),
		newProvider(2018, "155.232.0.0/16", "2001:4200::/32"),
	},
}
