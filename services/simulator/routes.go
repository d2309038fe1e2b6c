package simulator

import (
	"cmp"
	"slices"
)

// route is the path from a probe to an instance of a root server.
type route struct {
	site     *site
	instance *instance
	hops     int
	delay    float64 // ms, there and back from the probe's provider, without what jitter adds
}

// routes are the usual route to a root server, and the one in use while the usual site is not announced.
type routes struct{ usual, fallback route }

// fibreSpeed is how far light goes in glass, two thirds of its speed in a vacuum: 200 km in a millisecond.
const fibreSpeed = 200

// roundTripFloor is the least time in ms that a packet takes there and back over km of fibre laid straight.
func roundTripFloor(km float64) float64 { return 2 * km / fibreSpeed }

func findRoutes(d *dice, p *probe, servers []rootServer) []routes {
	all := make([]routes, len(servers))
	for i := range servers {
		nearest := sitesByDistance(p, servers[i].sites)
		usual := nearest[catchment(d, len(nearest))]
		fallback := usual
		for _, other := range nearest {
			if other.site.city.region != usual.site.city.region {
				fallback = other
				break
			}
		}
		all[i] = routes{usual: newRoute(d, usual), fallback: newRoute(d, fallback)}
	}
	return all
}

type distantSite struct {
	site *site
	km   float64
}

func sitesByDistance(p *probe, sites []site) []distantSite {
	all := make([]distantSite, len(sites))
	for i := range sites {
		at := sites[i].city
		all[i] = distantSite{&sites[i], greatCircle(p.lat, p.lon, at.lat, at.lon)}
	}
	slices.SortFunc(all, func(a, b distantSite) int { return cmp.Compare(a.km, b.km) })
	return all
}

// catchment chooses one of the sites, which are sorted by distance: mostly the nearest, but routing does not know distance.
func catchment(d *dice, sites int) int {
	rank := 0
	switch share := d.Float64(); {
	case share < 0.80:
	case share < 0.93:
		rank = 1
	case share < 0.98:
		rank = 2
	default:
		rank = d.IntN(sites)
	}
	return min(rank, sites-1)
}

func newRoute(d *dice, to distantSite) route {
	const fewestHops, kmPerHop, mostHopsByDistance = 6, 1500, 5
	detour := d.between(1.2, 2)
	return route{
		site:     to.site,
		instance: &to.site.instances[d.IntN(instancesPerSite)],
		hops:     fewestHops + d.IntN(3) + min(int(to.km/kmPerHop), mostHopsByDistance),
		delay:    d.between(0.1, 0.5) + roundTripFloor(to.km*detour),
	}
}
