// Package resume tracks the places of clients that return with nothing but a cursor, and checks their cursors. Package session has the subscriptions resume.
//
//   - tracker.go: a Tracker tracks where a client is with each of its subscriptions, for the cursors that it is sent.
//   - savedcursor.go: a cursor that is sent stands for all subscriptions of the client.
//   - live.go: where a live subscription goes on behind a cursor.
//   - since.go: where one begins that names a time.
package resume
