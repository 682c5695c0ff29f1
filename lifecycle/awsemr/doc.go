// Package awsemr is EMR behind lifecycle.EMR: the few operations Showtime uses, by the AWS SDK. It is
// also the only reader of a cluster file's run_job_flow, which it decodes strictly into the SDK's own
// request and checks for what EMR would find only minutes later, or never.
package awsemr
