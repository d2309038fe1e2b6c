package simulator

import (
	"fmt"
	"net/netip"
	"strings"

	"atlasstream/pkg/atlas"
)

// rootServer is a server of the DNS root, which many sites announce by anycast.
type rootServer struct {
	letter      string
	measurement atlas.MeasurementID // of its hostname.bind
	address     netip.Addr
	sites       []site
}

// site is where a root server has instances.
type site struct {
	number    int64 // among the sites of its server, from 0
	city      *city
	instances []instance
}

// instance is one machine of a site.
type instance struct {
	identity string // what it answers to hostname.bind
	answer   []byte // the DNS message that says so, with the ID 0
}

const instancesPerSite = 2

// kRoot is the index of K-root, the target of ping 1001 and traceroute 5001.
const kRoot = 0

// rootServers are in the order of RIPE Atlas's built-in measurements of hostname.bind. The identities have the form of real
// answers of each letter; the sites are a selection.
var rootServers = []struct {
	letter      string
	measurement atlas.MeasurementID
	address     string
	identity    func(at *city, number int) string
	airports    string
}{
	{"K", 10301, "193.0.14.129", identityOfK,
		"AMS FRA LHR CDG MXP GVA VIE HEL ARN WAW BUD PRG BEG ATH MAD LED OVB RIX TLV DXB MIA JFK SEA DEN GRU EZE JNB KGL " +
			"NRT SIN BOM PER AKL"},
	{"F", 10304, "192.5.5.241", identityOfCF("f"),
		"AMS FRA LHR CDG DUB MAD OSL PRG OTP SVO TLV DXB IAD ORD ATL SJC LAX YYZ YUL MEX PTY GRU SCL EZE JNB NBO CAI HKG " +
			"PEK SIN KTM SYD AKL NRT"},
	{"I", 10305, "192.36.148.17", identityOfI,
		"ARN HEL OSL CPH LHR AMS FRA GVA MXP BRU WAW OTP IST IAD ORD SJC YYZ EZE JNB BOM SIN KUL BKK HKG NRT TPE PEK PER " +
			"AKL"},
	{"M", 10306, "202.12.27.33", identityOfM, "NRT KIX ICN HKG TPE SIN BKK CDG LAX SJC SYD BOM"},
	{"L", 10308, "199.7.83.42", identityOfL,
		"AMS BRU LUX FRA MUC BER CDG MRS LHR MAN EDI DUB ZRH VIE MAD LIS FCO CPH KEF PRG BTS SOF LJU SVO KBP VNO TLL IST " +
			"ATL BOS DFW LAX SEA YVR MEX GIG GRU SCL BOG CPT JNB NBO LOS ACC TUN DEL SIN CGK MNL ICN TPE PEK MEL AKL"},
	{"A", 10309, "198.41.0.4", identityOfA, "IAD JFK MIA LAX LHR FRA AMS NRT SIN HKG SYD"},
	{"B", 10310, "170.247.170.2", identityOfB, "LAX MIA IAD AMS SIN NRT"},
	{"C", 10311, "192.33.4.12", identityOfCF("c"), "IAD JFK ORD LAX FRA CDG MAD BTS SIN JNB"},
	{"D", 10312, "199.7.91.13", identityOfD,
		"IAD ATL DFW SJC AMS FRA LHR CDG ZRH VIE PRG LIS ATH KBP DXB GRU BOG JNB NBO BOM SIN HKG NRT SYD AKL YYZ"},
	{"E", 10313, "192.203.230.10", identityOfE,
		"IAD MIA SEA DEN SJC YUL AMS DUS LHR CDG MRS ZRH VIE ARN HEL WAW SOF OTP BEG RIX SCL EZE GIG CPT LOS CAI DEL SIN " +
			"MNL HKG ICN KIX MEL PER"},
	{"G", 10314, "192.112.36.4", identityOfG, "ORD IAD DFW HNL FRA NRT"},
	{"H", 10315, "198.97.190.53", identityOfH, "IAD SJC ATL AMS FRA LHR GRU JNB SIN HKG ICN SYD"},
	{"J", 10316, "192.58.128.30", identityOfJ,
		"IAD ATL ORD DFW SEA LAX YYZ YVR AMS BRU FRA LHR DUB CDG ZRH VIE ARN OSL CPH HEL PRG WAW VNO KBP SVO IST CAI JNB " +
			"CPT NBO BOM DEL KTM SIN KUL HKG PEK TPE ICN NRT SYD AKL GRU EZE PTY"},
}

func identityOfK(at *city, number int) string {
	return fmt.Sprintf("ns%d.%s-%s.k.ripe.net", number, strings.ToLower(at.country), at.locode)
}

// identityOfCF is how the operators of C and of F name their instances.
func identityOfCF(letter string) func(at *city, number int) string {
	return func(at *city, number int) string {
		return fmt.Sprintf("%s1%c.%s.root-servers.org", strings.ToLower(at.airport), 'a'+number-1, letter)
	}
}

func identityOfI(at *city, number int) string { return fmt.Sprintf("s%d.%s", number, at.nameStart(3)) }

func identityOfM(at *city, number int) string { return fmt.Sprintf("M-%s-%d", at.airport, number) }

func identityOfL(at *city, number int) string {
	return fmt.Sprintf("%s-%s-a%c", strings.ToLower(at.country), at.locode, 'a'+number-1)
}

func identityOfA(at *city, number int) string { return fmt.Sprintf("nnn%d-%s3", number, at.locode) }

func identityOfB(at *city, number int) string {
	return fmt.Sprintf("b%d-%s", number, strings.ToLower(at.airport))
}

func identityOfD(at *city, number int) string {
	return fmt.Sprintf("%s%s%d.droot.maxgigapop.net", at.nameStart(2), strings.ToLower(at.country), number)
}

func identityOfE(at *city, number int) string {
	return fmt.Sprintf("p%02d.%s.eroot", number, strings.ToLower(at.airport))
}

func identityOfG(at *city, number int) string {
	return fmt.Sprintf("g.root-servers-%s-%d.net", at.locode, number)
}

func identityOfH(at *city, number int) string {
	return fmt.Sprintf("%03d.%s.h.root-servers.org", number, strings.ToLower(at.airport))
}

func identityOfJ(at *city, number int) string {
	return fmt.Sprintf("rootns%d-el%s3", number, strings.ToLower(at.airport))
}

func newRootServers() ([]rootServer, error) {
	var servers []rootServer
	for _, described := range rootServers {
		server := rootServer{letter: described.letter, measurement: described.measurement, address: netip.MustParseAddr(described.address)}
		for airport := range strings.FieldsSeq(described.airports) {
			site, err := newSite(airport, int64(len(server.sites)), described.identity)
			if err != nil {
				return nil, fmt.Errorf("site of %s-root: %w", described.letter, err)
			}
			server.sites = append(server.sites, site)
		}
		servers = append(servers, server)
	}
	return servers, nil
}

func newSite(airport string, number int64, identity func(*city, int) string) (site, error) {
	at, err := cityOfAirport(airport)
	if err != nil {
		return site{}, err
	}
	made := site{number: number, city: at}
	for instanceNumber := 1; instanceNumber <= instancesPerSite; instanceNumber++ {
		name := identity(at, instanceNumber)
		answer, err := hostnameAnswer(name)
		if err != nil {
			return site{}, err
		}
		made.instances = append(made.instances, instance{identity: name, answer: answer})
	}
	return made, nil
}
