package service

import (
	"fmt"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

func TestWarningsThatRepeatAreCounted(t *testing.T) {
	core, log := observer.New(zapcore.InfoLevel)
	counting := countRepeats(core)
	now := time.Unix(1, 0)
	write := func(level zapcore.Level, message string) {
		if checked := counting.Check(zapcore.Entry{Level: level, Message: message, Time: now}, nil); checked != nil {
			checked.Write(zap.String("attempt", "…"))
		}
	}
	for range 25 { // seconds
		for range 100 {
			write(zapcore.WarnLevel, "writing failed")
		}
		write(zapcore.ErrorLevel, "records are lost")
		write(zapcore.DebugLevel, "nothing")
		now = now.Add(time.Second)
	}
	write(zapcore.WarnLevel, "something else")
	var told []any
	for _, line := range log.FilterMessage("writing failed").All() {
		told = append(told, line.ContextMap()["repeated"])
	}
	if fmt.Sprint(told) != "[<nil> 999 999]" {
		t.Errorf("the lines tell of %v repeats", told)
	}
	if errors, others := log.FilterMessage("records are lost").Len(), log.FilterMessage("something else").Len(); errors != 25 || others != 1 {
		t.Errorf("%d errors and %d other warnings", errors, others)
	}
	for i := range 3 * maxWarnings {
		write(zapcore.WarnLevel, fmt.Sprint("of ", i))
	}
	if seen := len(counting.(*repeatCore).warnings.seen); seen > maxWarnings {
		t.Errorf("%d warnings are remembered", seen)
	}
}
