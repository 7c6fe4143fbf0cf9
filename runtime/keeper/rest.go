package keeper

import (
	"runtime/debug"
	"time"
)

// restAfter is how long after the last thing that was asked of it, or that
// ended, a keeper gives memory back.
const restAfter = 300 * time.Millisecond

// stir puts the rest off: something was done. Preconditions: mu is held.
func (k *keeper) stir() {
	if k.rest == nil {
		k.rest = time.AfterFunc(restAfter, k.relax)
		return
	}
	k.rest.Reset(restAfter)
}

// relax lets go of what a burst of work left behind. It happens once after it:
// a keeper that only keeps does not wake up.
func (k *keeper) relax() {
	k.mu.Lock()
	for _, l := range k.lives {
		l.c.Forget()
	}
	k.mu.Unlock()
	k.Rest()
	debug.FreeOSMemory()
}
