package main

import (
	"errors"
	"math"
	"net/http"
	"testing"

	"atlasstream/services/bench/internal/ipc"
)

func TestFailedRequestsAreRefused(t *testing.T) {
	s := &sender{answers: new(answers), window: &ipc.Window{To: math.MaxInt64}}
	s.countAnswer(http.StatusOK, nil)
	s.countAnswer(http.StatusTooManyRequests, nil)
	s.countAnswer(0, errors.New("connection refused"))
	s.countAnswer(http.StatusOK, errors.New("unexpected EOF"))
	if given, refused := s.answers.given.Load(), s.answers.refused.Load(); given != 1 || refused != 3 {
		t.Errorf("got %d answers and %d refusals, want 1 and 3", given, refused)
	}
}

func TestRequestsThatTheWindowEndsDoNotCount(t *testing.T) {
	s := &sender{answers: new(answers), window: &ipc.Window{To: 1}}
	s.countAnswer(0, errors.New("context deadline exceeded"))
	if refused := s.answers.refused.Load(); refused != 0 {
		t.Errorf("got %d refusals, want none", refused)
	}
}
