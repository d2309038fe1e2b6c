package registry

import (
	"fmt"

	"atlasstream/pkg/atlas"
)

func parseMeasurement(object *atlas.Object) (atlas.Measurement, error) {
	measurement, err := atlas.ParseMeasurement(object.Value)
	if err != nil {
		return atlas.Measurement{}, err
	}
	return measurement, sameID(int64(measurement.ID), object)
}

// notPublic stands in for a measurement of which there is an object that cannot be read.
func notPublic(id int64) atlas.Measurement {
	return atlas.Measurement{ID: atlas.MeasurementID(id), StatusID: atlas.StatusUnknown}
}

func sameID(id int64, object *atlas.Object) error {
	if id != object.ID {
		return fmt.Errorf("id: got %d, want %d, under which the object stands", id, object.ID)
	}
	return nil
}
