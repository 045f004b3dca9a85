package folder

import (
	"cmp"
	"context"
	"path/filepath"
	"sync"

	"greenshield/redline"
)

// Publish makes the temporary folder the target, in one step: there is no moment
// without a whole target, and after a power cut it is the old run or the new one. It
// releases the lock. After an error [Folder.Abort] is still due; the target is
// then the old run unless the message says otherwise.
//
// When ctx is done before that step, Publish returns [context.Cause] of it. Once the step is made, ctx is not looked at
// any more: the rest is done.
func (f *Folder) Publish(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lock == nil {
		return redline.Faultf(redline.Output, "%s: the run was already published or given up", f.given)
	}
	if err := f.syncAll(); err != nil {
		return err
	}
	exists, err := f.examine() // hours may have passed since Begin looked
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	parent := filepath.Dir(f.target)
	if !exists {
		if err := f.disk.rename(f.tmp, f.target); err != nil {
			return f.fault("", "be renamed", err)
		}
	} else if err := f.disk.exchange(f.tmp, f.target); err != nil {
		return f.faultExchange(err)
	}
	f.published = true
	err = f.disk.sync(parent) // before the old run goes: a power cut must not find neither
	if err == nil && exists {
		if err = f.disk.removeAll(f.tmp); err == nil {
			err = f.disk.sync(parent)
		}
	}
	if err != nil {
		return redline.Faultf(redline.Output,
			"%s: the new run is in place, but not everything after that worked: %w; check the disk", f.given, err)
	}
	f.release()
	return nil
}

// Published reports whether the target is the new run. While [Folder.Publish] is at work it waits for the end of that.
func (f *Folder) Published() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.published
}

// syncAll brings every file of the run, and the folder, to the disk.
func (f *Folder) syncAll() error {
	entries, err := f.disk.list(f.tmp)
	if err != nil {
		return f.Fault("", err)
	}
	errs := make([]error, len(entries))
	var wg sync.WaitGroup
	for i, e := range entries { // few; the disk can take them all in one go
		wg.Go(func() { errs[i] = f.Sync(e.Name()) })
	}
	wg.Wait()
	if err := cmp.Or(errs...); err != nil {
		return err
	}
	return f.Fault("", f.disk.sync(f.tmp))
}

// Sync brings a file of the run to the disk.
func (f *Folder) Sync(name string) error {
	return f.Fault(name, f.disk.sync(f.Path(name)))
}

// Abort removes the temporary folder and releases the lock. After Publish, or
// called again, it does nothing.
func (f *Folder) Abort() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lock == nil {
		return
	}
	if f.tmp != "" {
		_ = f.disk.removeAll(f.tmp) // what stays is removed by the next run
	}
	f.release()
}

func (f *Folder) release() {
	for _, file := range f.open {
		_ = file.Close() // only files whose writer was given up are still open
	}
	f.open = nil
	f.lock.giveBack()
	f.lock = nil
}

// giveBack removes a lock file and lets go of the lock, in this order: see takeLock.
func (h *handle) giveBack() {
	_ = h.disk.remove(h.file.Name())
	_ = h.Close()
}
