package outage

import (
	"slices"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
)

func TestOutageOfACountryFromItsBeginningToItsEnd(t *testing.T) {
	l := newLab(t)
	dutch := l.of["NL"]
	l.lose(labDay, second, dutch[:4]...)
	l.none()
	l.lose(labDay+4*second, second, dutch[4])
	if o := l.one(); o.State != StateProvisional || o.Kind != KindOutage || o.Noticed != (labDay+4*second).seconds() {
		t.Errorf("at the fifth probe: got %s", inJSON(o))
	}
	l.lose(labDay+5*second, second, dutch[5:30]...)
	l.tick(labDay + 29*second + burstGap)
	o := l.one()
	if o.State != StateOn || o.Start != labDay.seconds() || len(o.Probes) != 30 || o.End != nil || o.ID != l.offsetOf(labDay) {
		t.Errorf("once the burst is over: got %s", inJSON(o))
	}
	if len(o.Probes) > 0 && (o.Lost != 30 || o.Of != 40 || o.Probes[0].Down != labDay.seconds() || o.Units[0].Start != labDay.seconds()) {
		t.Errorf("30 of 40 probes were lost: got %s", inJSON(o))
	}
	if names := unitNames(o); !slices.Equal(names, []string{"country NL"}) || o.Units[0].Lost != 30 || o.Units[0].Of != 40 {
		t.Errorf("got units %s, want 30 of 40 probes of NL", inJSON(o.Units))
	}
	l.findAgain(labDay+10*minute, second, dutch[:14]...)
	before := o.Revision
	if o = l.one(); o.State != StateOn || o.Recovered50 != nil || o.Probes[0].Back == nil || o.Probes[29].Back != nil || o.Revision <= before {
		t.Errorf("with 14 of 30 back: got %s", inJSON(o))
	}
	l.findAgain(labDay+11*minute, second, dutch[14:30]...)
	o = l.one()
	if half, most := secondsAfter(labDay, o.Recovered50), secondsAfter(labDay, o.Recovered90); half != 11*time.Minute || most != 11*time.Minute+12*time.Second {
		t.Errorf("half of them are back after %s, nine tenths after %s", half, most)
	}
	if o.State != StateOver || o.End == nil || *o.End != *o.Recovered50 || o.Flap {
		t.Errorf("at the end: got %s", inJSON(o))
	}
}

// offsetOf is that of the first disconnect of an outage at a time.
func (l *lab) offsetOf(at instant) int64 {
	for _, lost := range l.detector.outages[0].lost {
		if lost.at == at {
			return lost.offset
		}
	}
	return -1
}

// A unit with few probes cannot have an outage that is told from chance.
func TestFourProbesAreNoOutage(t *testing.T) {
	l := newLab(t)
	l.lose(labDay, 0, l.of["AD"]...)
	l.tick(labDay + burstGap + minute)
	l.none()
}

// What comes as often as it does anyway is no burst.
func TestBackgroundIsNoOutage(t *testing.T) {
	l := newLab(t)
	for i := range 120 { // an hour, with 30 times the usual rate of the country; but never five within 15 minutes
		if i%30 == 0 {
			l.take(labDay+instant(i)*30*second, false, l.of["DE"][i/2])
		}
		l.tick(labDay + instant(i)*30*second)
	}
	l.none()
}

func TestRegionIsOneOutageWithSeveralUnits(t *testing.T) {
	l := newLab(t)
	probes := slices.Concat(l.of["NL"], l.of["BE"], l.of["LU"])
	l.lose(labDay, 200, probes...)
	l.tick(labDay + 5*minute)
	o := l.one()
	if len(o.Probes) != len(probes) {
		t.Errorf("got %d probes of %d", len(o.Probes), len(probes))
	}
	if want := []Share{{"NL", 40}, {"BE", 20}, {"LU", 6}}; !slices.Equal(o.Countries, want) {
		t.Errorf("got %v, want %v", o.Countries, want)
	}
	if len(o.Networks) != 6 {
		t.Errorf("got networks %v, want two of each country", o.Networks)
	}
}

func TestProviderExplainsItsProbesBetterThanItsCountry(t *testing.T) {
	l := newLab(t)
	l.lose(labDay, second, l.of["DE"][:30]...) // of the 40 of AS3209
	l.tick(labDay + 5*minute)
	if names := unitNames(l.one()); !slices.Equal(names, []string{"asn AS3209"}) {
		t.Errorf("got %v, want the ASN", names)
	}
}

// The event's ASN counts from then on, whatever the registry says.
func TestASNOfTheEventCounts(t *testing.T) {
	l := newLab(t)
	for i, id := range l.of["US"][:30] {
		e := ConnectionEvent{Offset: l.offset + 1, Time: (labDay - hour).time(), Probe: id, Connected: true, ASN: 64500}
		if i%2 == 0 {
			l.offset++
			l.detector.take(&e, l.mark.at())
		}
	}
	for i := 0; i < 30; i += 2 {
		l.lose(labDay+instant(i)*second, 0, l.of["US"][i])
	}
	l.tick(labDay + 5*minute)
	if names := unitNames(l.one()); !slices.Equal(names, []string{"asn AS64500"}) {
		t.Errorf("got %v, want the ASN that the events named", names)
	}
}

func TestCellsSideBySideAreOneUnit(t *testing.T) {
	l := newLab(t, labCountry{"DE", 12, 3320, CellAt(48.1, 11.6)}, labCountry{"AT", 12, 8447, CellAt(47.9, 12.2)})
	munich, salzburg := l.of["DE"][80:], l.of["AT"]
	l.lose(labDay, second, slices.Concat(munich[:4], salzburg[:4], munich[6:10], salzburg[6:10])...) // of both ASNs each
	l.tick(labDay + 5*minute)
	o := l.one()
	if len(o.Probes) != 16 {
		t.Errorf("got %d probes of 16: %s", len(o.Probes), inJSON(o))
	}
}

func TestControllerIsNoOutageOfTheCountriesThatItServes(t *testing.T) {
	l := newLab(t)
	probes := l.onController("ctr-3")
	l.lose(labDay, 100, probes...)
	l.tick(labDay + 5*minute)
	o := l.one()
	if o.Kind != KindController || len(o.Probes) != len(probes) || !slices.Equal(unitNames(o), []string{"controller ctr-3"}) {
		t.Errorf("got %s", inJSON(o))
	}
}

func TestTroubleOfThePlatformIsNoOutageOfTheWorldsCountries(t *testing.T) {
	l := newLab(t)
	lost := 0
	for i := range 160 {
		for _, c := range labCountries {
			if i < c.probes && i%5 < 3 {
				l.lose(labDay+instant(i)*second, 0, l.of[c.name][i])
				lost++
			}
		}
	}
	l.tick(labDay + 10*minute)
	if o := l.one(); o.Kind != KindPlatform || len(o.Probes) != lost {
		t.Errorf("got %d probes of %d: %s", len(o.Probes), lost, inJSON(o))
	}
}

// The first report of a burst changes as more is known: the probes of one country may be the first of a controller to disconnect.
func TestProvisionalOutageTurnsOutToBeAController(t *testing.T) {
	l := newLab(t)
	probes := l.onController("ctr-3")
	var americans, others = probes[:0:0], probes[:0:0]
	for _, id := range probes {
		if l.probes[id].Country == "US" {
			americans = append(americans, id)
		} else {
			others = append(others, id)
		}
	}
	l.lose(labDay, second, americans...)
	first := l.one()
	if first.Kind != KindOutage || first.State != StateProvisional {
		t.Fatalf("got %s", inJSON(first))
	}
	l.lose(labDay+instant(len(americans))*second, second, others...)
	l.tick(labDay + 5*minute)
	if o := l.one(); o.Kind != KindController || o.ID != first.ID || o.Revision <= first.Revision || o.State != StateOn {
		t.Errorf("got %s after %s", inJSON(o), inJSON(first))
	}
}

// Two outages that begin as one burst are told apart, and what was told as one is one of them.
func TestControllerAndOutageAtOnce(t *testing.T) {
	l := newLab(t)
	l.lose(labDay, second, l.of["NL"]...)
	l.lose(labDay+40*second, 100, l.onController("ctr-5")...)
	l.tick(labDay + 5*minute)
	kinds := map[Kind]int{}
	for _, o := range l.told() {
		kinds[o.Kind] = len(o.Probes)
	}
	if kinds[KindOutage] != 40 || kinds[KindController] < 20 || len(kinds) != 2 {
		t.Errorf("got %v: %s", kinds, inJSON(l.told()))
	}
}

// A provisional outage that turns out to be part of another one is withdrawn.
func TestPartOfAControllerIsWithdrawn(t *testing.T) {
	l := newLab(t)
	of := func(country string) []atlas.ProbeID {
		return slices.DeleteFunc(l.onController("ctr-3"), func(id atlas.ProbeID) bool { return l.probes[id].Country != country })
	}
	l.lose(labDay, 10*second, of("DE")...)
	l.lose(labDay+130*second, second, of("US")[:10]...)
	if all := l.told(); len(all) != 2 || all[0].State != StateProvisional || all[1].State != StateProvisional {
		t.Fatalf("got %s, want two provisional ones", inJSON(all))
	}
	l.lose(labDay+140*second, second, slices.Concat(of("US")[10:], of("NL"))...)
	l.tick(labDay + 10*minute)
	o := l.one()
	withdrawn := slices.DeleteFunc(slices.Clone(l.detector.outages), func(o *outage) bool { return o.state != StateWithdrawn })
	if o.Kind != KindController || len(withdrawn) != 1 || withdrawn[0].id == o.ID || withdrawn[0].revision < withdrawn[0].id {
		t.Errorf("got %s, and %d withdrawn", inJSON(o), len(withdrawn))
	}
}

// lostDutch has an outage of the Netherlands that is settled.
func lostDutch(t *testing.T) *lab {
	l := newLab(t)
	l.lose(labDay, second, l.of["NL"]...)
	l.tick(labDay + 2*minute)
	l.one()
	return l
}

func TestFlapIsBackWithinAMinute(t *testing.T) {
	l := newLab(t)
	l.lose(labDay, 0, l.of["NL"]...)
	l.findAgain(labDay+40*second, 0, l.of["NL"][:31]...)
	l.tick(labDay + 3*minute)
	if o := l.one(); o.State != StateOver || o.Flap {
		t.Errorf("with less than four fifths: got %s", inJSON(o))
	}
	l = newLab(t)
	l.lose(labDay, 0, l.of["NL"]...)
	l.findAgain(labDay+40*second, 0, l.of["NL"][:32]...)
	l.tick(labDay + 3*minute)
	if o := l.one(); o.State != StateOver || !o.Flap {
		t.Errorf("with four fifths: got %s", inJSON(o))
	}
}

func TestRelapseIsTheSameOutage(t *testing.T) {
	for _, test := range []struct {
		after instant
		count int
	}{{9 * minute, 1}, {11 * minute, 2}} {
		l := lostDutch(t)
		l.tick(labDay + 30*minute - second)
		l.findAgain(labDay+30*minute, 0, l.of["NL"]...)
		first := l.one()
		l.tick(labDay + 30*minute + test.after - second)
		l.lose(labDay+30*minute+test.after, second, l.of["NL"][:25]...)
		l.tick(labDay + 30*minute + test.after + 5*minute)
		all := l.told()
		if len(all) != test.count || all[len(all)-1].State != StateOn {
			t.Errorf("after %s: got %s", test.after.duration(), inJSON(all))
		}
		if test.count == 1 && (all[0].ID != first.ID || all[0].Recovered50 != nil || all[0].End != nil) {
			t.Errorf("got %s after %s", inJSON(all), inJSON(first))
		}
	}
}

// What is lost after a burst is settled belongs to its outage if it is of the same unit and began soon.
func TestSlowOutageIsOne(t *testing.T) {
	l := newLab(t)
	l.lose(labDay, second, l.of["NL"][:10]...)
	l.tick(labDay + 4*minute)
	l.lose(labDay+5*minute, second, l.of["NL"][10:30]...)
	l.tick(labDay + 20*minute)
	if o := l.one(); len(o.Probes) != 30 || o.State != StateOn {
		t.Errorf("got %s", inJSON(o))
	}
}

func TestOutageThatDoesNotEndIsLost(t *testing.T) {
	l := lostDutch(t)
	l.tick(labDay + day - second)
	if o := l.one(); o.State != StateOn {
		t.Errorf("within the day: got %s", inJSON(o))
	}
	l.tick(labDay + day)
	if o := l.one(); o.State != StateLost || o.End != nil {
		t.Errorf("after the day: got %s", inJSON(o))
	}
	l.findAgain(labDay+day+minute, 0, l.of["NL"]...)
	if o := l.one(); o.State != StateLost {
		t.Errorf("after that: got %s", inJSON(o))
	}
}

// Whether an outage ended while no events came is unknown; but trouble of the platform may be why none came.
func TestSilenceEndsNoOutage(t *testing.T) {
	l := lostDutch(t)
	silent := max(minSilence, l.detector.events.maxSilence()) + minute
	l.jump(labDay + 2*minute + silent)
	l.findAgain(labDay+2*minute+silent+second, 0, l.of["NL"]...)
	if o := l.one(); o.State != StateLost || o.End != nil {
		t.Errorf("got %s", inJSON(o))
	}
	l = newLab(t)
	everybody := slices.Concat(l.of["NL"], l.of["DE"], l.of["US"], l.of["BE"])
	l.lose(labDay, 0, everybody...)
	l.tick(labDay + 2*minute)
	l.jump(labDay + 2*minute + silent)
	l.findAgain(labDay+2*minute+silent+second, 0, everybody...)
	if o := l.one(); o.Kind != KindPlatform || o.State != StateOver {
		t.Errorf("got %s", inJSON(o))
	}
}

// Events far behind the watermark come too late to be a burst; but the probes are not connected any more.
func TestLateEventsSayWhoIsConnectedAndNoMore(t *testing.T) {
	l := newLab(t)
	up := l.detector.world.up
	l.tick(labDay + 10*minute)
	l.lose(labDay+9*minute-second, 0, l.of["NL"]...)
	l.tick(labDay + 12*minute)
	l.none()
	if down := up - l.detector.world.up; down != 40 {
		t.Errorf("%d probes count as lost, want 40", down)
	}
	l = newLab(t)
	l.tick(labDay + 10*minute)
	l.lose(labDay+9*minute, 0, l.of["NL"]...)
	l.tick(labDay + 12*minute)
	l.one()
}

// One fast clock makes nothing late, and ends nothing.
func TestFastClock(t *testing.T) {
	l := newLab(t)
	for i := range instant(10) {
		l.take(labDay+10*minute+i, i%2 == 0, l.of["BE"][0])
	}
	l.lose(labDay, second, l.of["NL"]...)
	if o := l.one(); o.State != StateProvisional || len(o.Probes) < 20 {
		t.Errorf("got %s", inJSON(o))
	}
}

func TestEventsOutOfOrder(t *testing.T) {
	l := newLab(t)
	dutch := l.of["NL"]
	for i := range dutch { // pairs the wrong way round, and some half a minute late
		late := instant(i^1) * second
		l.take(labDay+late-instant(i%3/2)*30*second, false, dutch[i])
	}
	l.tick(labDay + 5*minute)
	if o := l.one(); len(o.Probes) < 38 {
		t.Errorf("got %d of 40 probes", len(o.Probes))
	}
}

// Probes that come and go all the time count twice an hour.
func TestFlappersCountTwiceAnHour(t *testing.T) {
	l := newLab(t)
	flapping := l.of["NL"][:5]
	before := l.detector.world.rate.disconnects[l.detector.world.rate.slot(hourOf(labDay))]
	for i := range instant(12) {
		for k, id := range flapping {
			at := labDay + i*5*minute + instant(k)*minute
			l.take(at, false, id)
			l.take(at+10*second, true, id)
		}
		l.tick(labDay + (i+1)*5*minute - second)
	}
	l.none()
	if counted := l.detector.world.rate.disconnects[l.detector.world.rate.slot(hourOf(labDay))] - before; counted != 10 {
		t.Errorf("%d disconnects were counted, want 10", counted)
	}
}

// Rates do not learn from what an outage explains: else the next one would be missed.
func TestOutagesDoNotTeachRates(t *testing.T) {
	l := newLab(t)
	for i := range instant(5) {
		l.lose(labDay+i*2*hour, second, l.of["NL"][:10]...)
		l.tick(labDay + i*2*hour + 5*minute)
		l.findAgain(labDay+i*2*hour+5*minute, 0, l.of["NL"][:10]...)
		l.tick(labDay + (i+1)*2*hour - minute)
	}
	all := l.told()
	if len(all) != 5 {
		t.Fatalf("got %d outages, want 5", len(all))
	}
	if first, last := all[0], all[4]; last.Score < first.Score-1 || len(last.Probes) != 10 {
		t.Errorf("the first has the score %v and the last %v", first.Score, last.Score)
	}
}

// A second disconnect without a connect is none.
func TestDisconnectedTwiceIsOnce(t *testing.T) {
	l := newLab(t)
	for i := range instant(10) {
		l.lose(labDay+i*second, 0, l.of["NL"][:3]...)
	}
	l.tick(labDay + 5*minute)
	l.none()
}
