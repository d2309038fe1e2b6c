package eventlog

import (
	"context"
	"fmt"
)

// Budget bounds what some of the records may take while they wait for Kafka, such as those of one source. It is asked before the Writer's own bound.
type Budget interface {
	// Take returns what frees so many bytes again. It may wait for them; its error wraps ErrBusy or ErrAppendTooLarge.
	Take(ctx context.Context, bytes int64) (free func(), err error)
}

type budgetKey struct{}

// WithBudget returns a context whose Appends count for a budget, until Kafka is done with every record, also if the Append has given up before.
func WithBudget(ctx context.Context, budget Budget) context.Context {
	return context.WithValue(ctx, budgetKey{}, budget)
}

// BudgetOf is the budget of a context's Appends, or nil.
func BudgetOf(ctx context.Context) Budget {
	budget, _ := ctx.Value(budgetKey{}).(Budget)
	return budget
}

// WaitingBytes is the memory that records with values of that many bytes take while they wait for Kafka.
func WaitingBytes(records, values int) int64 {
	return int64(records)*waitingOverhead + int64(min(records, chargedBatches))*batchOverhead + int64(values)
}

// reserve takes memory for an Append, and returns what frees it.
func (w *Writer) reserve(ctx context.Context, size int64) (free func(), err error) {
	if size > w.config.WaitingBytes {
		return nil, fmt.Errorf("%w: got %d, want at most %d", ErrAppendTooLarge, size, w.config.WaitingBytes)
	}
	freeBudget := func() {}
	if budget := BudgetOf(ctx); budget != nil {
		if freeBudget, err = budget.Take(ctx, size); err != nil {
			return nil, err
		}
	}
	if !w.memory.TryAcquire(size) {
		freeBudget()
		return nil, ErrBusy
	}
	w.log.metrics.waitingBytes.Add(float64(size))
	return func() {
		w.memory.Release(size)
		w.log.metrics.waitingBytes.Sub(float64(size))
		freeBudget()
	}, nil
}
