package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"showtime/internal/clusterfile"
	"showtime/internal/config"
	"showtime/internal/doctor"
	"showtime/internal/metric"
	"showtime/internal/wiring"
	"showtime/lifecycle/httpapi/grant"
)

// lifecycle looks at what a lifecycle manager needs: a store, grants, and for each cluster file its tick and rights.
func (v *visit) lifecycle() []doctor.Check {
	s, problems := config.ReadLifecycle(v.lookup)
	checks := []doctor.Check{doctor.Variables("lifecycle", problems)}
	if s.Grants != "" {
		checks = append(checks, grantsCheck(s.Grants))
	}
	a := wiring.Heard(v.clocks, v.aws)
	if s.Table != "" {
		checks = append(checks, wiring.TableChecks(a, s.Table)...)
	}
	files, bad := readFolder(s.Clusters)
	if s.Clusters != "" {
		checks = append(checks, bad...)
	}
	var passed []string
	for i, f := range files {
		name := f.Config.Name
		record := recordIn(s.Data, name)
		if s.Table != "" {
			record = v.recordInTable(s.Table)(name)
		} else if i == 0 {
			checks = append(checks, folderCheck(s.Data, name))
		}
		emr := wiring.EMR(a, f, s.Installation, metric.Discard)
		cluster := []doctor.Check{doctor.Tick(record, time.Now), doctor.EMRLooking(emr, record), doctor.EMRCounting(emr, record)}
		checks = append(checks, doctor.Of(name, append(wiring.FileChecks(&f, time.Now), cluster...)...)...)
		passed = append(passed, f.Template.Roles()...)
	}
	if len(files) == 0 {
		return checks
	}
	slices.Sort(passed)
	return append(checks, doctor.EMRRights(wiring.EMR(a, files[0], s.Installation, metric.Discard), slices.Compact(passed)...)...)
}

func grantsCheck(path string) doctor.Check {
	set, err := grant.Load(path)
	right := ""
	if err == nil {
		right = fmt.Sprintf("%d grants", set.Len())
	}
	return doctor.Problems("grants", right, "Correct the file of SHOWTIME_GRANTS; showtime token new makes its rows.", err)
}

// readFolder gives the valid cluster files of a folder, and what is wrong with the others.
func readFolder(dir string) (files []clusterfile.File, bad []doctor.Check) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err == nil && len(paths) == 0 {
		err = fmt.Errorf("%s has no cluster file (*.json)", dir)
	}
	if err != nil {
		return nil, []doctor.Check{doctor.BadClusterFile(err)}
	}
	names := map[string]bool{}
	for _, path := range paths {
		f, err := clusterfile.Load(path)
		if err == nil && names[f.Config.Name] {
			err = fmt.Errorf("cluster %q is described by another file already", f.Config.Name)
		}
		if err != nil {
			bad = append(bad, doctor.Of(filepath.Base(path), doctor.BadClusterFile(err))...)
			continue
		}
		names[f.Config.Name] = true
		files = append(files, f)
	}
	return files, bad
}
