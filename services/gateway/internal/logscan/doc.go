// Package logscan looks through the log for answers. One scan runs at a time, whoever asks, and none goes through more than MaxRecords and MaxBytes: so what is
// found does not depend on how quick the machine is, and what is delivered live meanwhile waits for one scan at most.
package logscan
