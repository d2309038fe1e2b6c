package sources

import (
	"errors"
	"fmt"
	"slices"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/tokens"
)

// maxWeight is the greatest ratio of two shares.
const maxWeight = 1000

// entry is a source in the file.
type entry struct {
	tokens.Entry
	Certificate      string  `json:"certificate"`
	Rights           []right `json:"rights"`
	Measurements     []int64 `json:"measurements"`
	Probes           []int64 `json:"probes"`
	RecordsPerSecond int64   `json:"records_per_second"` // 0: any number
	BytesPerSecond   int64   `json:"bytes_per_second"`   // likewise
	Weight           int64   `json:"weight"`             // 0: 1
}

var format = tokens.Format{
	Entry: "source",
	Want: `[{"name":"…","token":"…","certificate":"…","rights":["results","probestatus","registries"],"measurements":[1001],"probes":[1],` +
		`"records_per_second":1000,"bytes_per_second":1000000,"weight":1},…]`,
}

// parse parses a file of sources.
func parse(content []byte, certificates bool) ([]*Source, error) {
	names, subjects, weights := map[string]bool{}, map[string]bool{"": false}, int64(0)
	sources, err := tokens.Parse(content, format, func(e entry) (*Source, error) {
		source, err := e.source(certificates)
		switch {
		case err != nil:
		case names[e.Name]:
			err = errors.New("name: the same as one before")
		case subjects[e.Certificate]:
			err = errors.New("certificate: the same as one before")
		}
		names[e.Name], subjects[e.Certificate] = true, e.Certificate != ""
		weights += e.weight()
		source.Share = float64(e.weight())
		return source, err
	})
	if err != nil {
		return nil, err
	}
	for _, source := range sources {
		source.Share /= float64(weights)
	}
	return sources, nil
}

func (e *entry) weight() int64 { return max(e.Weight, 1) }

// source also returns one, of no use, beside an error.
func (e *entry) source(certificates bool) (*Source, error) {
	source := &Source{
		Name: e.Name, certificate: e.Certificate, rights: e.Rights, measurements: idsOf(e.Measurements), probes: idsOf(e.Probes),
		rates: &rates{records: pace{perSecond: e.RecordsPerSecond}, bytes: pace{perSecond: e.BytesPerSecond}},
	}
	if e.Token != "" {
		source.token = tokens.DigestOf(e.Token)
	}
	return source, errors.Join(
		e.checkIdentity(certificates), e.checkRights(), checkIDs("measurements", e.Measurements), checkIDs("probes", e.Probes), e.checkNumbers(),
	)
}

func (e *entry) checkIdentity(certificates bool) error {
	if err := e.CheckName(); err != nil {
		return err
	}
	switch {
	case e.Token == "" && e.Certificate == "":
		return errors.New("want a token or a certificate, got neither")
	case e.Certificate != "" && !certificates:
		return errors.New("certificate: means nothing without --client-ca")
	case e.Token != "":
		return e.CheckToken()
	}
	return nil
}

func (e *entry) checkRights() error {
	if len(e.Rights) == 0 {
		return fmt.Errorf("rights: missing, want one or more of %s", list(allRights))
	}
	for i, right := range e.Rights {
		if !slices.Contains(allRights, right) {
			return fmt.Errorf("rights: right %d is unknown, want %s", i+1, list(allRights))
		}
	}
	if e.Measurements != nil && e.Probes == nil && slices.Contains(e.Rights, rightProbeStatus) {
		return errors.New("rights: probestatus of a source with measurements wants probes as well, as connection events are of no measurement")
	}
	return nil
}

func checkIDs(member string, ids []int64) error {
	if ids != nil && len(ids) == 0 {
		return fmt.Errorf("%s: empty, want at least one ID, or no such member for all", member)
	}
	for i, id := range ids {
		if id < 1 || id > atlas.MaxID {
			return fmt.Errorf("%s: ID %d of %d is %d, want 1 to %d", member, i+1, len(ids), id, int64(atlas.MaxID))
		}
	}
	return nil
}

func (e *entry) checkNumbers() error {
	switch {
	case e.RecordsPerSecond < 0:
		return fmt.Errorf("records_per_second: got %d, want more than 0, or no such member for any rate", e.RecordsPerSecond)
	case e.BytesPerSecond < 0:
		return fmt.Errorf("bytes_per_second: got %d, want more than 0, or no such member for any rate", e.BytesPerSecond)
	case e.Weight < 0 || e.Weight > maxWeight:
		return fmt.Errorf("weight: got %d, want 1 to %d", e.Weight, maxWeight)
	}
	return nil
}

func idsOf(list []int64) ids {
	if list == nil {
		return nil
	}
	set := make(ids, len(list))
	for _, id := range list {
		set[id] = struct{}{}
	}
	return set
}
