package simulator

import (
	"fmt"
	"math"
	"strings"
)

// city is a city with probes, servers or both.
type city struct {
	airport  string // IATA code of an airport, as some root servers name their sites
	locode   string // UN/LOCODE without the country, as others do
	name     string
	country  string
	region   string  // what an outage hits as a whole
	lat, lon float64 // degrees
	weight   int     // about how many connected Atlas probes are near it, by country in 2025, divided by ten
}

// nameStart returns the first letters of the city's name in lower case, which some root servers use to name their sites.
func (p *city) nameStart(letters int) string { return strings.ToLower(p.name[:letters]) }

const earthRadius = 6371 // km

// greatCircle is the length in km of the great circle between two points given in degrees.
func greatCircle(lat1, lon1, lat2, lon2 float64) float64 {
	const degree = math.Pi / 180
	sinLat, sinLon := math.Sin((lat2-lat1)*degree/2), math.Sin((lon2-lon1)*degree/2)
	h := sinLat*sinLat + math.Cos(lat1*degree)*math.Cos(lat2*degree)*sinLon*sinLon
	return 2 * earthRadius * math.Asin(math.Min(1, math.Sqrt(h)))
}

func cityOfAirport(code string) (*city, error) {
	for i := range cities {
		if cities[i].airport == code {
			return &cities[i], nil
		}
	}
	return nil, fmt.Errorf("no place has the airport %q", code)
}

var cities = []city{
	{"AMS", "ams", "Amsterdam", "NL", "Benelux", 52.37, 4.90, 38},
	{"RTM", "rtm", "Rotterdam", "NL", "Benelux", 51.92, 4.48, 14},
	{"BRU", "bru", "Brussels", "BE", "Benelux", 50.85, 4.35, 18},
	{"LUX", "lux", "Luxembourg", "LU", "Benelux", 49.61, 6.13, 4},
	{"FRA", "fra", "Frankfurt", "DE", "Southern Germany", 50.11, 8.68, 42},
	{"MUC", "muc", "Munich", "DE", "Southern Germany", 48.14, 11.58, 30},
	{"STR", "str", "Stuttgart", "DE", "Southern Germany", 48.78, 9.18, 18},
	{"NUE", "nue", "Nuremberg", "DE", "Southern Germany", 49.45, 11.08, 14},
	{"BER", "ber", "Berlin", "DE", "Northern Germany", 52.52, 13.41, 36},
	{"HAM", "ham", "Hamburg", "DE", "Northern Germany", 53.55, 9.99, 18},
	{"DUS", "dus", "Dusseldorf", "DE", "Northern Germany", 51.23, 6.78, 20},
	{"CDG", "par", "Paris", "FR", "France", 48.86, 2.35, 52},
	{"LYS", "lio", "Lyon", "FR", "France", 45.76, 4.84, 16},
	{"MRS", "mrs", "Marseille", "FR", "France", 43.30, 5.37, 12},
	{"TLS", "tls", "Toulouse", "FR", "France", 43.60, 1.44, 10},
	{"LHR", "lon", "London", "GB", "British Isles", 51.51, -0.13, 52},
	{"MAN", "mnc", "Manchester", "GB", "British Isles", 53.48, -2.24, 18},
	{"EDI", "edi", "Edinburgh", "GB", "British Isles", 55.95, -3.19, 8},
	{"DUB", "dub", "Dublin", "IE", "British Isles", 53.35, -6.26, 8},
	{"ZRH", "zrh", "Zurich", "CH", "Alps", 47.38, 8.54, 28},
	{"GVA", "gva", "Geneva", "CH", "Alps", 46.20, 6.14, 10},
	{"VIE", "vie", "Vienna", "AT", "Alps", 48.21, 16.37, 20},
	{"MAD", "mad", "Madrid", "ES", "Iberia", 40.42, -3.70, 18},
	{"BCN", "bcn", "Barcelona", "ES", "Iberia", 41.39, 2.17, 10},
	{"LIS", "lis", "Lisbon", "PT", "Iberia", 38.72, -9.14, 9},
	{"MXP", "mil", "Milan", "IT", "Italy", 45.46, 9.19, 20},
	{"FCO", "rom", "Rome", "IT", "Italy", 41.90, 12.50, 14},
	{"ARN", "sto", "Stockholm", "SE", "Nordic Countries", 59.33, 18.07, 18},
	{"CPH", "cph", "Copenhagen", "DK", "Nordic Countries", 55.68, 12.57, 12},
	{"OSL", "osl", "Oslo", "NO", "Nordic Countries", 59.91, 10.75, 10},
	{"HEL", "hel", "Helsinki", "FI", "Nordic Countries", 60.17, 24.94, 14},
	{"KEF", "rey", "Reykjavik", "IS", "Nordic Countries", 64.15, -21.94, 2},
	{"PRG", "prg", "Prague", "CZ", "Central Europe", 50.08, 14.44, 24},
	{"WAW", "waw", "Warsaw", "PL", "Central Europe", 52.23, 21.01, 20},
	{"BTS", "bts", "Bratislava", "SK", "Central Europe", 48.15, 17.11, 4},
	{"BUD", "bud", "Budapest", "HU", "Central Europe", 47.50, 19.04, 7},
	{"OTP", "buh", "Bucharest", "RO", "Balkans", 44.43, 26.10, 9},
	{"SOF", "sof", "Sofia", "BG", "Balkans", 42.70, 23.32, 7},
	{"ATH", "ath", "Athens", "GR", "Balkans", 37.98, 23.73, 10},
	{"BEG", "beg", "Belgrade", "RS", "Balkans", 44.79, 20.45, 5},
	{"LJU", "lju", "Ljubljana", "SI", "Balkans", 46.06, 14.51, 5},
	{"SVO", "mow", "Moscow", "RU", "Russia", 55.76, 37.62, 26},
	{"LED", "led", "Saint Petersburg", "RU", "Russia", 59.93, 30.34, 12},
	{"OVB", "ovb", "Novosibirsk", "RU", "Russia", 55.03, 82.92, 5},
	{"KBP", "iev", "Kyiv", "UA", "Eastern Europe", 50.45, 30.52, 16},
	{"RIX", "rix", "Riga", "LV", "Eastern Europe", 56.95, 24.11, 5},
	{"VNO", "vno", "Vilnius", "LT", "Eastern Europe", 54.69, 25.28, 4},
	{"TLL", "tll", "Tallinn", "EE", "Eastern Europe", 59.44, 24.75, 4},
	{"IST", "ist", "Istanbul", "TR", "Middle East", 41.01, 28.98, 8},
	{"TLV", "tlv", "Tel Aviv", "IL", "Middle East", 32.09, 34.78, 7},
	{"DXB", "dxb", "Dubai", "AE", "Middle East", 25.20, 55.27, 5},
	{"JFK", "nyc", "New York", "US", "Eastern United States", 40.71, -74.01, 26},
	{"IAD", "qas", "Ashburn", "US", "Eastern United States", 39.04, -77.49, 20},
	{"MIA", "mia", "Miami", "US", "Eastern United States", 25.76, -80.19, 8},
	{"ATL", "atl", "Atlanta", "US", "Eastern United States", 33.75, -84.39, 12},
	{"BOS", "bos", "Boston", "US", "Eastern United States", 42.36, -71.06, 12},
	{"ORD", "chi", "Chicago", "US", "Central United States", 41.88, -87.63, 16},
	{"DFW", "dfw", "Dallas", "US", "Central United States", 32.78, -96.80, 14},
	{"DEN", "den", "Denver", "US", "Central United States", 39.74, -104.99, 9},
	{"LAX", "lax", "Los Angeles", "US", "Western United States", 34.05, -118.24, 16},
	{"SJC", "sjc", "San Jose", "US", "Western United States", 37.34, -121.89, 22},
	{"SEA", "sea", "Seattle", "US", "Western United States", 47.61, -122.33, 14},
	{"HNL", "hnl", "Honolulu", "US", "Western United States", 21.31, -157.86, 2},
	{"YYZ", "tor", "Toronto", "CA", "Canada", 43.65, -79.38, 14},
	{"YUL", "mtr", "Montreal", "CA", "Canada", 45.50, -73.57, 7},
	{"YVR", "van", "Vancouver", "CA", "Canada", 49.28, -123.12, 7},
	{"MEX", "mex", "Mexico City", "MX", "Central America", 19.43, -99.13, 4},
	{"PTY", "pty", "Panama City", "PA", "Central America", 8.98, -79.52, 2},
	{"GRU", "sao", "Sao Paulo", "BR", "South America", -23.55, -46.63, 12},
	{"GIG", "rio", "Rio de Janeiro", "BR", "South America", -22.91, -43.17, 5},
	{"EZE", "bue", "Buenos Aires", "AR", "South America", -34.60, -58.38, 6},
	{"SCL", "scl", "Santiago", "CL", "South America", -33.45, -70.67, 5},
	{"BOG", "bog", "Bogota", "CO", "South America", 4.71, -74.07, 3},
	{"JNB", "jnb", "Johannesburg", "ZA", "Southern Africa", -26.20, 28.05, 10},
	{"CPT", "cpt", "Cape Town", "ZA", "Southern Africa", -33.92, 18.42, 6},
	{"NBO", "nbo", "Nairobi", "KE", "Eastern Africa", -1.29, 36.82, 5},
	{"KGL", "kgl", "Kigali", "RW", "Eastern Africa", -1.94, 30.06, 2},
	{"LOS", "los", "Lagos", "NG", "Western Africa", 6.52, 3.38, 3},
	{"ACC", "acc", "Accra", "GH", "Western Africa", 5.60, -0.19, 2},
	{"CAI", "cai", "Cairo", "EG", "Northern Africa", 30.04, 31.24, 2},
	{"TUN", "tun", "Tunis", "TN", "Northern Africa", 36.81, 10.18, 3},
	{"BOM", "bom", "Mumbai", "IN", "South Asia", 19.08, 72.88, 8},
	{"DEL", "del", "Delhi", "IN", "South Asia", 28.61, 77.21, 6},
	{"KTM", "ktm", "Kathmandu", "NP", "South Asia", 27.72, 85.32, 3},
	{"SIN", "sin", "Singapore", "SG", "Southeast Asia", 1.35, 103.82, 16},
	{"KUL", "kul", "Kuala Lumpur", "MY", "Southeast Asia", 3.14, 101.69, 4},
	{"BKK", "bkk", "Bangkok", "TH", "Southeast Asia", 13.76, 100.50, 4},
	{"CGK", "jkt", "Jakarta", "ID", "Southeast Asia", -6.21, 106.85, 6},
	{"MNL", "mnl", "Manila", "PH", "Southeast Asia", 14.60, 120.98, 4},
	{"NRT", "tyo", "Tokyo", "JP", "East Asia", 35.68, 139.69, 16},
	{"KIX", "osa", "Osaka", "JP", "East Asia", 34.69, 135.50, 6},
	{"ICN", "sel", "Seoul", "KR", "East Asia", 37.57, 126.98, 5},
	{"TPE", "tpe", "Taipei", "TW", "East Asia", 25.03, 121.57, 6},
	{"HKG", "hkg", "Hong Kong", "HK", "East Asia", 22.32, 114.17, 9},
	{"PEK", "bjs", "Beijing", "CN", "East Asia", 39.90, 116.41, 4},
	{"SYD", "syd", "Sydney", "AU", "Oceania", -33.87, 151.21, 12},
	{"MEL", "mel", "Melbourne", "AU", "Oceania", -37.81, 144.96, 8},
	{"PER", "per", "Perth", "AU", "Oceania", -31.95, 115.86, 4},
	{"AKL", "akl", "Auckland", "NZ", "Oceania", -36.85, 174.76, 8},
}
