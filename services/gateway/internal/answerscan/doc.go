// Package answerscan reads parts of the log for answers. One scan runs at a time, and none scans more than MaxRecords and MaxBytes. So the results do not
// depend on the speed of the machine, and live delivery waits for one scan at most.
package answerscan
