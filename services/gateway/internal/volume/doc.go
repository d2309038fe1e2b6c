// Package volume tells how many records of a measurement there were when. Where there are few records they are counted, each by its own time. Where there are
// many, the log is asked where the records of each stretch of time stand, and a part of them is looked at: that gives an estimate, and how far it may be wrong.
package volume
