package eventlog_test

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/kafkatest"
	"atlasstream/pkg/eventlog/security"
)

var (
	readers = []eventlog.Right{eventlog.RightRead}
	writers = []eventlog.Right{eventlog.RightRead, eventlog.RightWrite, eventlog.RightDescribeConfigs}
	makers  = append(slices.Clone(writers), eventlog.RightCreate)
)

const (
	writerWithoutCreate = "writer-without-Create"
	readerOfOneTopic    = "reader-of-one-topic" // and not of the registries
)

// TestRights has Kafka's own authorizer allow users exactly what is said to be enough, and all of that but one.
func TestRights(t *testing.T) {
	users := map[string]struct {
		needs, has []eventlog.Right
		want       eventlog.Right // that Check misses; none
	}{
		"reader":                          {readers, readers, ""},
		"reader-without-anything":         {readers, nil, eventlog.RightDescribe},
		"reader-without-Read":             {readers, []eventlog.Right{eventlog.RightDescribe}, eventlog.RightRead},
		readerOfOneTopic:                  {readers, readers, eventlog.RightDescribe},
		"writer":                          {writers, makers, ""},
		"writer-without-Read":             {writers, without(makers, eventlog.RightRead), eventlog.RightRead},
		"writer-without-Write":            {writers, without(makers, eventlog.RightWrite), eventlog.RightWrite},
		writerWithoutCreate:               {writers, writers, ""},
		"writer-without-DescribeConfigs":  {writers, without(makers, eventlog.RightDescribeConfigs), eventlog.RightDescribeConfigs},
		"writer-of-topics-that-are-there": {writers[:2], writers[:2], ""},
	}
	kafka := kafkatest.StartProtected(t, kafkatest.Config{Brokers: 1, Properties: kafkatest.Authorizer}, slices.Collect(maps.Keys(users))...)
	plain, admin := kafkatest.NewPlain(t, kafka.Addrs()), newFixture(t, kafka)
	topic := admin.newTopic(t, 1)
	measurement := atlas.MeasurementID(0)
	for user, test := range users {
		measurement++
		t.Run(user, func(t *testing.T) {
			prefix := "atlas."
			if user == readerOfOneTopic {
				prefix = topic
			}
			for _, right := range test.has {
				plain.Allow(t, user, prefix, string(right))
			}
			log := openLog(t, listener(kafka.ListenerAddrs("SASL_SSL")), eventlog.Config{
				Topics: []string{topic}, Rights: test.needs,
				Security: security.Config{TLS: true, CA: kafka.Authority.CA(), SASL: security.Plain, User: user, Password: kafkatest.Password},
			})
			awaitCheck(t, log, isMissing(test.want))
			f := fixture{log: log, foreign: admin.foreign}
			switch test.want {
			case "":
				f.exercise(t, topic, measurement, test.has)
			case eventlog.RightWrite:
				err := f.newWriter(t, eventlog.WriterConfig{}).Append(t.Context(), topic, pings(t, measurement, 0, 1))
				if !isMissing(eventlog.RightWrite)(err) {
					t.Errorf("got %v", err)
				}
			}
			if user == writerWithoutCreate {
				f.keepTopicsUntilAllowed(t, func() { plain.Allow(t, user, "atlas.", string(eventlog.RightCreate)) })
			}
		})
	}
}

// keepTopicsUntilAllowed wants the right that is missing to create a topic to be reported, and the topic to be created once it is granted.
func (f fixture) keepTopicsUntilAllowed(t *testing.T, allow func()) {
	t.Helper()
	told := keepTopics(t, f.log, unusedSpec(t))
	awaitTold(t, told, isMissing(eventlog.RightCreate))
	allow()
	awaitTold(t, told, isUsable)
}

func without(rights []eventlog.Right, right eventlog.Right) []eventlog.Right {
	return slices.DeleteFunc(slices.Clone(rights), func(other eventlog.Right) bool { return other == right })
}

func isMissing(right eventlog.Right) func(error) bool {
	return func(err error) bool {
		missing, ok := errors.AsType[*eventlog.MissingRightError](err)
		return ok && missing.Right == right || right == "" && err == nil
	}
}

// exercise does all that rights are for.
func (f fixture) exercise(t *testing.T, topic string, measurement atlas.MeasurementID, rights []eventlog.Right) {
	t.Helper()
	tails, recorder := f.newTails(t, topic, eventlog.TailConfig{})
	mustFollow(t, tails, measurement)
	if !slices.Contains(rights, eventlog.RightWrite) {
		return
	}
	events := pings(t, measurement, 0, 10)
	if slices.Contains(rights, eventlog.RightCreate) {
		f.newTopic(t, 2)
	}
	mustAppend(t, f.newWriter(t, eventlog.WriterConfig{}), topic, events)
	recorder.await(t, events[len(events)-1])
}
