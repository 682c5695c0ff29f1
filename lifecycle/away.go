package lifecycle

import "errors"

// ErrAway says that a Manager elsewhere could not be asked or did not answer: what became of the request is
// unknown, and asking again with the same operation id is safe.
var ErrAway = errors.New("the lifecycle manager does not answer")

// ErrForbidden says that a Manager elsewhere does not let its caller do this. Nothing was done.
var ErrForbidden = errors.New("the lifecycle manager does not allow it")
