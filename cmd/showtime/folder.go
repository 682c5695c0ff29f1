package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"showtime/internal/adminsock"
	"showtime/internal/doctor"
	"showtime/internal/store/boltfile"
	"showtime/internal/store/boltstore"
	"showtime/lifecycle"
)

// openFolder opens the store of a data folder that nobody owns, for reading.
func openFolder(dir string) (*boltstore.Store, error) {
	store, err := boltstore.OpenReadOnly(dir, time.Now)
	switch {
	case errors.Is(err, boltfile.ErrLocked):
		return nil, fmt.Errorf("%w, which does not answer on %s", err, adminsock.FileName)
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no data in %s; is SHOWTIME_DATA right? %w", dir, fs.ErrNotExist)
	}
	return store, err
}

// folderVitals asks the owner of a data folder, or reads the folder when nobody owns it.
func folderVitals(ctx context.Context, dir, cluster string) (v lifecycle.Vitals, owned bool, err error) {
	v, err = adminsock.Vitals(ctx, dir, cluster)
	if !errors.Is(err, adminsock.ErrNoOwner) {
		return v, true, err
	}
	store, err := openFolder(dir)
	if err != nil {
		return v, false, err
	}
	v, err = lifecycle.ReadVitals(ctx, store, cluster)
	return v, false, errors.Join(err, store.Close())
}

// recordIn reads the vitals in a folder; there are none where there is no data yet.
func recordIn(dir, cluster string) doctor.Vitals {
	return func(ctx context.Context) (lifecycle.Vitals, error) {
		v, _, err := folderVitals(ctx, dir, cluster)
		if errors.Is(err, fs.ErrNotExist) {
			return v, nil
		}
		return v, err
	}
}

// folderCheck tells who owns a data folder, and whether its record can be read.
func folderCheck(dir, cluster string) doctor.Check {
	const name = "data folder"
	return doctor.Check{Name: name, Run: func(ctx context.Context) []doctor.Finding {
		_, owned, err := folderVitals(ctx, dir, cluster)
		f := doctor.Finding{Check: name, Status: doctor.OK, What: dir + " belongs to a running process, which answers"}
		switch {
		case err == nil && !owned:
			f.What = dir + " can be read; no process has it open"
		case errors.Is(err, fs.ErrNotExist):
			f.Status, f.What, f.Do = doctor.Warning, dir+" has no data yet", "Nothing, before the first start. Else correct SHOWTIME_DATA."
		case errors.Is(err, boltfile.ErrLocked):
			f.Status, f.What, f.Do = doctor.Error, err.Error(), "Restart the process that has it open. If that is another Showtime, give this one a folder of its own in SHOWTIME_DATA."
		case err != nil:
			f.Status, f.What, f.Do = doctor.Error, err.Error(), "See that this user may read the folder, and that it is the one of this cluster's process."
		}
		return []doctor.Finding{f}
	}}
}
