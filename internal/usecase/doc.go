// Package usecase does what people ask and what time demands: one file per intent. It is the only place
// where the rules of approval, the lifecycle of the cluster and Slack meet.
//
// Every job runs the same way: admit (known? too old? where? who?), decide and record in one transaction,
// then pay what that record owes: acts, words, drawings. Whatever is not paid at once is paid by the tick.
package usecase
