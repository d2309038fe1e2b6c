package outbox

import (
	"errors"
	"testing"
)

func TestRoomIsThereAgainWhenAQuarterIsLeft(t *testing.T) {
	o := NewDetached(&Limits{Bytes: 1000, Messages: 8}, &Stats{}, func() {})
	message := Text([]byte("x"))
	offer := func(times int) {
		t.Helper()
		for range times {
			if err := o.Offer(message); err != nil {
				t.Fatal(err)
			}
		}
	}
	offer(4)
	if room, err := o.Room(); room != nil || err != nil {
		t.Fatalf("at half: got %v, %v, want room", room, err)
	}
	offer(1)
	room, err := o.Room()
	if room == nil || err != nil {
		t.Fatalf("beyond half: got %v, %v, want none", room, err)
	}
	o.Take(2)
	if isClosed(room) {
		t.Fatal("there is room with more than a quarter left")
	}
	o.Take(1)
	if !isClosed(room) {
		t.Fatal("there is no room with a quarter left")
	}
}

func TestRoomIsBoundedInBytes(t *testing.T) {
	long := Text(make([]byte, 300))
	o := NewDetached(&Limits{Bytes: 1000, Messages: 100}, &Stats{}, func() {})
	_, _ = o.Offer(long), o.Offer(long)
	room, err := o.Room()
	if room == nil || err != nil {
		t.Fatalf("beyond half: got %v, %v, want none", room, err)
	}
	if o.Take(1); isClosed(room) {
		t.Fatal("there is room with more than a quarter left")
	}
	if o.Take(1); !isClosed(room) {
		t.Fatal("there is no room with nothing left")
	}
}

func TestWhoWaitsForRoomLearnsOfTheEnd(t *testing.T) {
	for name, end := range map[string]func(*Outbox){
		"finish": func(o *Outbox) { o.Finish() }, "abort": func(o *Outbox) { o.Abort() }, "close": (*Outbox).Close,
	} {
		t.Run(name, func(t *testing.T) {
			o := NewDetached(&Limits{Bytes: 1000, Messages: 1}, &Stats{}, func() {})
			_ = o.Offer(Text(nil))
			room, _ := o.Room()
			end(o)
			if !isClosed(room) {
				t.Error("who waits is not told")
			}
			if _, err := o.Room(); !errors.Is(err, ErrClosed) {
				t.Errorf("got %v, want ErrClosed", err)
			}
		})
	}
}

func isClosed(room <-chan struct{}) bool {
	select {
	case <-room:
		return true
	default:
		return false
	}
}
