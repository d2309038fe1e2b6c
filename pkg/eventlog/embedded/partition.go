package embedded

import (
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"strconv"
	"strings"

	"go.uber.org/zap"
)

const segmentSuffix = ".dat"

// segmentBase returns the offset of a segment's first record, which names its file.
func segmentBase(name string) (offset int64, ok bool) {
	offset, err := strconv.ParseInt(strings.TrimSuffix(path.Base(name), segmentSuffix), 10, 64)
	return offset, err == nil
}

// partition is one partition's directory: TOPIC-NUMBER, the topic escaped as in a URL's path.
type partition struct {
	path     string
	segments []int64
}

func (p *partition) inspect(files fs.FS, topics map[string]topic, logger *zap.Logger) error {
	topic, known := p.topic(topics)
	if !known {
		return fmt.Errorf("%w: %s holds records, but %s does not list it", ErrDamaged, p.path, topicsFile)
	}
	next := int64(-1)
	for i, base := range p.segments {
		if next >= 0 && base != next && !topic.compacted() {
			return fmt.Errorf("%w: %s: offsets %d to %d are missing", ErrDamaged, p.path, next, base-1)
		}
		segment := segment{path: p.path, base: base, gaps: topic.compacted(), last: i == len(p.segments)-1}
		end, err := segment.inspect(files, logger)
		if err != nil {
			return err
		}
		next = end
	}
	return nil
}

func (p *partition) topic(topics map[string]topic) (topic, bool) {
	name := path.Base(p.path)
	dash := strings.LastIndexByte(name, '-')
	number, err := strconv.Atoi(name[dash+1:])
	if err != nil || dash < 0 {
		return topic{}, false
	}
	name, err = url.PathUnescape(name[:dash])
	found, ok := topics[name]
	return found, err == nil && ok && number < found.Partitions
}

// compacted reports that offsets have gaps and segments shrink, as compaction deletes records.
func (t topic) compacted() bool { return strings.Contains(t.Configs["cleanup.policy"], "compact") }
