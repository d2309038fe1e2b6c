package endpoint

import (
	"context"
	"net/http"
	"sync/atomic"

	"atlasstream/services/gateway/internal/protocol"

	"go.uber.org/zap"

	"atlasstream/services/gateway/internal/fanout"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/socketio"
	"atlasstream/services/gateway/internal/socketio/engineio"
)

// SocketIO is the door that RIPE's older service has at /stream/socket.io. It is an http.Handler.
type SocketIO struct {
	*socketio.Server
	reception *Reception
	serving   context.Context // ends when Shutdown begins: a subscription that comes after the farewell is of no use
	stop      context.CancelFunc
	newID     func() string
}

// NewSocketIO makes the door. It sets by itself what the settings say of admission, and of handshakes without EIO. The error is one of the settings'.
func NewSocketIO(reception *Reception, settings socketio.Config) (*SocketIO, error) {
	door := &SocketIO{reception: reception, newID: settings.Engine.NewID}
	settings.Engine.Admit = door.admit
	settings.Engine.UnnamedRevision = engineio.Revision3 // as the reference servers have it
	server, err := socketio.NewServer(settings, door)
	if err != nil {
		return nil, err
	}
	door.Server = server
	door.serving, door.stop = context.WithCancel(context.Background())
	return door, nil
}

// Shutdown refuses newcomers, tells the clients that the gateway stops once they have what waits for them, and waits until all are gone. Those that
// are not gone when ctx ends are cut off.
func (d *SocketIO) Shutdown(ctx context.Context) {
	d.stop()
	if err := d.Server.Shutdown(ctx, fanout.ErrorMessage(socketIOEvents{}, refuseToServe())); err != nil {
		d.reception.logger.Warn("clients of Socket.IO were cut off", zap.Error(err))
	}
}

func (d *SocketIO) admit(r *http.Request) (engineio.Admission, error) {
	connection, err := d.reception.admit("socket.io", r)
	if err != nil {
		return nil, err // and no pointer to nothing
	}
	return connection, nil
}

// Connect implements socketio.Handler.
func (d *SocketIO) Connect(socket *socketio.Socket) error {
	connection := socket.Admission().(*connection)
	if refusal := d.reception.recognise(connection, socket.Auth()); refusal != nil {
		return refusal
	}
	session, err := d.reception.receive(connection, &socketIOClient{Socket: socket})
	if err != nil {
		return err
	}
	socket.Attachment = session
	d.recall(session, socket)
	return nil
}

// Event implements socketio.Handler.
func (d *SocketIO) Event(socket *socketio.Socket, event socketio.Event) {
	session := socket.Attachment.(*session)
	if event.Dropped > 0 {
		session.answer(refuseAttachments(event.Dropped))
	} else {
		session.receive(d.serving, event.Name, event.Argument)
	}
	if event.WantsAck {
		_ = socket.Ack(event.AckID) // a client that is gone or overflows needs none
	}
}

// Disconnect implements socketio.Handler.
func (d *SocketIO) Disconnect(socket *socketio.Socket, reason string) {
	socket.Attachment.(*session).leave(reason)
}

// socketIOClient is what others see of a client.
type socketIOClient struct {
	*socketio.Socket
	remembers atomic.Bool // the last argument of each event, if that is a string, as it may be a cursor
}

func (c *socketIOClient) Encoding() fanout.Encoding { return socketIOEvents{} }
func (c *socketIOClient) Overflow()                 { c.Abort(c.Complaint(tooSlow(c.MissingSince()))) }
func (c *socketIOClient) Expel(why *protocol.Error) { c.Abort(c.Complaint(why)) }

// BeginCursors implements fanout.Client.
func (c *socketIOClient) BeginCursors() (forAll bool) {
	if c.Revision() == engineio.Revision3 {
		return false
	}
	if c.remembers.CompareAndSwap(false, true) {
		c.SetShutdownMessage(c.Complaint(refuseToServe()))
	}
	return true
}

// Complaint implements fanout.Client. What is no string behind the words keeps the client from taking them for a cursor.
func (c *socketIOClient) Complaint(refusal *protocol.Error) *sendqueue.Message {
	if !c.remembers.Load() {
		return fanout.ErrorMessage(socketIOEvents{}, refusal)
	}
	return socketio.EncodeEvent("/", protocol.EventError, refusal.Payload(), []byte("null"))
}

// socketIOEvents writes an event as both revisions' clients of the main namespace read it.
type socketIOEvents struct{}

func (socketIOEvents) Event(name string, payload []byte) *sendqueue.Message {
	return socketio.EncodeEvent("/", name, payload)
}

func (socketIOEvents) EventAt(name string, payload []byte, cursor string) *sendqueue.Message {
	return socketio.EncodeEvent("/", name, payload, []byte(`"`+cursor+`"`))
}

// ReplayFinished implements fanout.ReplayEncoding: ripe.atlas.cousteau 1.5 has the event in its list.
func (socketIOEvents) ReplayFinished() string { return "atlas_replay_finished" }
