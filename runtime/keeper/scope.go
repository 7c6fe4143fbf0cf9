package keeper

import (
	"errors"
	"time"

	"neap/runtime/container"
	"neap/runtime/scope"
)

// serveScope looks after a scope until its maker hangs up: because it ended the
// scope, or because it is dead.
func (k *keeper) serveScope(c conn, id string) error {
	k.cancel("scope/" + id)
	err := reply(c, nil)
	if err == nil {
		<-hangup(c)
	}
	k.endScope(id)
	return err
}

// endScopes ends the scopes whose makers died while nobody looked.
func (k *keeper) endScopes() {
	if !k.enter() {
		return
	}
	defer k.exit()
	ids, err := k.Work.Scopes()
	if err != nil {
		k.Log("find scopes: %v", err)
	}
	for _, id := range ids {
		k.endScope(id)
	}
}

// endScope removes what a scope left if its maker is dead. One who lives asks
// this keeper to look after it, or dies before: so it is looked at again.
func (k *keeper) endScope(id string) {
	err := k.Work.EndScope(k.ctx, id)
	switch {
	case errors.Is(err, scope.ErrLives):
		k.after("scope/"+id, k.Clock().Add(time.Second), func() { k.endScope(id) })
	case err != nil:
		k.Log("end scope %s: %v", container.Short(id), err)
	}
}
