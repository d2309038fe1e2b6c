// Package subscription is the language in which clients say what they want: it reads a subscription, tells which records it matches and which of
// their members it wants, and finds the subscriptions that a record may concern. It is pure.
package subscription
