// Package httpapi is the lifecycle manager as others see it: what travels over HTTP, the problems it answers
// with, and a Client that is a lifecycle.Manager. The routes are in its folder server, who may use them in grant.
package httpapi
