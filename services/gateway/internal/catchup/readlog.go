package catchup

import (
	"errors"
	"io"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/readlimit"
)

const (
	// maxClientStall is how long a client may keep a reader of the log waiting.
	maxClientStall = time.Second
	// flushEvery is how many records are enqueued at most before they are written.
	flushEvery = 64
)

// readLog reads the log to its end or for a slice, when that is paid for and it is the target's turn.
func (p *pass) readLog() error {
	recipient := p.target.Recipient
	if err := recipient.Readers.Acquire(p.ctx); err != nil {
		return err
	}
	defer recipient.Readers.Release()
	//mutate:reading-is-free
	if err := recipient.Account.Pay(p.ctx, readlimit.StartReadingCost); err != nil {
		return err
	}
	reading, err := recipient.Account.Begin(p.ctx, p.worth)
	if err != nil {
		return err
	}
	p.turn, err = p.topic.hub.turns.Await(p.ctx, recipient.Account, reading)
	if err != nil {
		return err
	}
	defer p.turn.Close()
	reader, err := p.topic.log.Open(p.ctx, p.partition.Number, p.measurements, p.from, p.to, p.turn.Pay)
	if err != nil {
		return err
	}
	defer reader.Close()
	return p.deliverLog(reader)
}

// deliverLog delivers all that is read, in the log's order and as fast as the client takes it, and passes what the log has no records of.
func (p *pass) deliverLog(reader LogReader) error {
	defer p.settle()
	for enqueued := 1; ; enqueued++ {
		//mutate:catch-up-without-room
		if err := p.awaitRoom(); err != nil {
			return err
		}
		if enqueued%flushEvery == 0 || !reader.Ready() {
			p.settle()
		}
		record, err := reader.Next(p.ctx)
		if errors.Is(err, io.EOF) {
			p.skipRest(reader.Position())
			return nil
		}
		if err != nil {
			return err
		}
		if err := p.deliverRecord(record); err != nil {
			return err
		}
	}
}

// awaitRoom waits until the client can take more.
func (p *pass) awaitRoom() error {
	_, err := p.target.AwaitWritable(p.ctx, maxClientStall)
	return err
}

// deliverRecord waits for a client that cannot take a record at once.
func (p *pass) deliverRecord(record *atlas.Record) error {
	for {
		done, err := p.tryDeliver(record)
		if err != nil {
			return err
		}
		if done && p.turn.IsOver() {
			return errOthersTurn
		}
		if done {
			return nil
		}
		if err := p.awaitRoom(); err != nil {
			return err
		}
	}
}

func (p *pass) tryDeliver(record *atlas.Record) (done bool, err error) {
	p.target.Lock()
	defer p.target.Unlock()
	if p.isOver() {
		return false, errNewPass
	}
	if err := p.checkLag(record.Position.Offset); err != nil {
		return false, err
	}
	return p.deliverNext(p.deliverer, record), nil
}

// skipRest goes on behind the last record that the log has.
func (p *pass) skipRest(next int64) {
	p.target.Lock()
	defer p.target.Unlock()
	if !p.isOver() {
		p.advanceTo(next)
	}
}
