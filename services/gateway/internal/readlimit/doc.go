// Package readlimit bounds what clients have a gateway read of the log: an Account is charged for it in messages of the address, and a Pool shares what can be
// done at once among addresses.
package readlimit
