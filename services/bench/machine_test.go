package main

import (
	"os"
	"os/exec"
	"testing"
	"time"
)

func TestSince(t *testing.T) {
	before := machine{cpu: 5 * time.Second, resident: 10, busy: 100, idle: 200}
	after := machine{cpu: 6 * time.Second, resident: 20, busy: 103, idle: 201}
	if got, want := after.since(before), (usage{cpu: time.Second, resident: 20, busy: 0.75}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got, want := after.since(after), (usage{resident: 20}); got != want {
		t.Errorf("without time between: got %+v, want %+v", got, want)
	}
}

// TestReadMachineCountsWork measures this process while it works.
func TestReadMachineCountsWork(t *testing.T) {
	before, err := readMachine(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(10 * time.Second)
	for {
		after, err := readMachine(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		if used := after.since(before); used.cpu > 0 && used.busy > 0 && used.resident > 1<<20 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("work for 10 s was not counted: %+v, then %+v", before, after)
		}
	}
}

// TestReadMachineOfAnEndedProcess expects an error even while its parent has not taken note of the end.
func TestReadMachineOfAnEndedProcess(t *testing.T) {
	ended := exec.CommandContext(t.Context(), "true")
	out, err := ended.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := ended.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = out.Read(make([]byte, 1)) // nothing comes before it ends
	deadline := time.Now().Add(10 * time.Second)
	for _, err = readMachine(ended.Process.Pid); err == nil; _, err = readMachine(ended.Process.Pid) {
		if time.Now().After(deadline) {
			t.Fatal("got no error for a process that has ended")
		}
	}
	_ = ended.Wait()
	if _, err := readMachine(ended.Process.Pid); err == nil {
		t.Error("got no error for a process that is gone")
	}
}
