package embedded

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.uber.org/zap"
)

const (
	metaFile   = "meta.json" // the first that kfake writes into a new directory
	topicsFile = "topics.json"
)

// inspect refuses directories that kfake would read only in part: it cuts a segment at the first damaged batch, whatever follows, and takes a directory
// without its list of topics for an empty one. Only a last batch that a kill cut off is accepted, as it was not acknowledged.
func inspect(files fs.FS, logger *zap.Logger) error {
	if _, err := fs.Stat(files, metaFile); errors.Is(err, fs.ErrNotExist) {
		return expectEmpty(files)
	} else if err != nil {
		return err
	}
	topics, err := readTopics(files)
	if err != nil {
		return err
	}
	partitions, err := listPartitions(files)
	if err != nil {
		return err
	}
	var faults []error
	for _, partition := range partitions {
		faults = append(faults, partition.inspect(files, topics, logger))
	}
	return errors.Join(faults...)
}

func expectEmpty(files fs.FS) error {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return err
	}
	var names []string
	for _, entry := range entries {
		if name := entry.Name(); name != lockFile && name != "lost+found" && !strings.HasSuffix(name, ".tmp") {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return fmt.Errorf("%w: it has no %s, but holds %s; choose an empty or a new one", ErrDamaged, metaFile, listed(names))
}

// listed names the first few.
func listed(names []string) string {
	const most = 5
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// topic is an entry of kfake's list of topics.
type topic struct {
	Name       string            `json:"name"`
	Partitions int               `json:"partitions"`
	Configs    map[string]string `json:"configs"`
}

// readTopics returns the topics by name.
func readTopics(files fs.FS) (map[string]topic, error) {
	var list struct {
		Topics []topic `json:"topics"`
	}
	if err := readJSON(files, topicsFile, &list); err != nil {
		return nil, err
	}
	topics := make(map[string]topic, len(list.Topics))
	for _, topic := range list.Topics {
		topics[topic.Name] = topic
	}
	return topics, nil
}

// readJSON leaves into unchanged if there is no such file.
func readJSON(files fs.FS, name string, into any) error {
	raw, err := fs.ReadFile(files, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%w: %s is not what the broker wrote: %w", ErrDamaged, name, err)
	}
	return nil
}

// listPartitions lists the partitions that have records, each with its segments in order.
func listPartitions(files fs.FS) ([]*partition, error) {
	names, err := fs.Glob(files, "partitions/*/*"+segmentSuffix)
	if err != nil {
		return nil, err
	}
	byPath := make(map[string]*partition)
	var partitions []*partition
	for _, name := range names {
		found, ok := byPath[path.Dir(name)]
		if !ok {
			found = &partition{path: path.Dir(name)}
			byPath[found.path] = found
			partitions = append(partitions, found)
		}
		if base, ok := segmentBase(name); ok {
			found.segments = append(found.segments, base)
		}
	}
	for _, partition := range partitions {
		slices.Sort(partition.segments)
	}
	return partitions, nil
}
