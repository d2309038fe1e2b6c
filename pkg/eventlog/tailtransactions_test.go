package eventlog

import (
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// An open transaction is logged once it has lasted, and once when it has ended; short ones in quick succession are not.
func TestLongTransactionsAreLogged(t *testing.T) {
	core, log := observer.New(zap.InfoLevel)
	held := openTransactionLog{logger: zap.New(core)}
	now := time.Now()
	for second := range 100 { // each a second long
		held.note(int64(second), 5, now.Add(time.Duration(second)*time.Second))
	}
	if told := log.Len(); told > 0 {
		t.Errorf("logged %v about short ones", log.All())
	}
	for second := 100; second < 160; second++ {
		held.note(100, int64(second), now.Add(time.Duration(second)*time.Second))
	}
	if log.Len() != 1 || log.All()[0].Level != zap.WarnLevel || log.All()[0].ContextMap()["offset"] != int64(100) {
		t.Errorf("logged %v", log.All())
	}
	for second := 160; second < 200; second++ {
		held.note(200, 0, now.Add(time.Duration(second)*time.Second))
	}
	if log.Len() != 2 || log.All()[1].ContextMap()["after"] != time.Minute {
		t.Errorf("logged %v", log.All())
	}
}
