package engine

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"neap/runtime/firewall"
)

// settleAfter is how long a rule may wait for its removal.
const settleAfter = 200 * time.Millisecond

// ruleQueue has packet rules changed by many in few transactions: one costs a
// process, and a removal alone 16 ms.
type ruleQueue struct {
	to  *firewall.Firewall
	log func(format string, args ...any)

	commits sync.Mutex // held by the transaction that is under way

	mu    sync.Mutex
	next  *ruleBatch      // that will be the next transaction
	soon  int             // starts under way that will add rules
	came  chan struct{}   // closed and replaced when soon falls; nil if nobody waits
	gone  []firewall.Rule // to be withdrawn
	timer *time.Timer
}

// ruleBatch is what several add in one transaction.
type ruleBatch struct {
	rules []firewall.Rule
	parts int
	done  chan struct{}
	err   error
}

// gather is how long a transaction waits for rules that are announced.
const gather = 50 * time.Millisecond

// announce says that somebody will soon call apply, or renounce.
func (q *ruleQueue) announce() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.soon++
}

// renounce takes an announcement back.
func (q *ruleQueue) renounce() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.arrive()
}

// arrive fulfils an announcement. Preconditions: mu is held.
func (q *ruleQueue) arrive() {
	q.soon--
	if q.came != nil {
		close(q.came)
		q.came = nil
	}
}

// await waits until all that was announced is there, or gather has passed.
func (q *ruleQueue) await() {
	late := time.NewTimer(gather)
	defer late.Stop()
	for {
		q.mu.Lock()
		if q.soon <= 0 {
			q.mu.Unlock()
			return
		}
		if q.came == nil {
			q.came = make(chan struct{})
		}
		came := q.came
		q.mu.Unlock()
		select {
		case <-came:
		case <-late.C:
			return
		}
	}
}

// apply adds rules that were announced, together with those of all who come while a transaction is
// under way. Of what waits for removal it takes along what leads to an address
// that is used again; the rest can wait. What a batch cannot do is tried part by
// part, so that nobody fails by another's rules.
func (q *ruleQueue) apply(ctx context.Context, rules []firewall.Rule) error {
	q.mu.Lock()
	b := q.next
	if b == nil {
		b = &ruleBatch{done: make(chan struct{})}
		q.next = b
		go q.commit(context.WithoutCancel(ctx), b)
	}
	b.rules = append(b.rules, rules...)
	b.parts++
	q.arrive()
	q.mu.Unlock()
	<-b.done
	if b.err != nil && b.parts > 1 {
		return q.to.Apply(ctx, firewall.Change{Add: rules})
	}
	return b.err
}

func (q *ruleQueue) commit(ctx context.Context, b *ruleBatch) {
	q.commits.Lock()
	defer q.commits.Unlock()
	q.await()
	q.mu.Lock()
	q.next = nil
	del := q.due(b.rules)
	c := firewall.Change{Add: b.rules, Del: del, Stay: slices.Clone(q.gone)}
	q.mu.Unlock()
	if b.err = q.to.Apply(ctx, c); b.err != nil {
		q.withdraw(del)
	}
	close(b.done)
}

// due takes from what waits for removal what cannot wait when add comes: rules
// that lead to the same addresses. One that is itself added again stays.
// Preconditions: mu is held.
func (q *ruleQueue) due(add []firewall.Rule) (del []firewall.Rule) {
	again := map[firewall.Rule]bool{}
	reused := map[netip.Addr]bool{}
	for _, r := range add {
		again[r], reused[r.ContainerIP] = true, true
	}
	q.gone = slices.DeleteFunc(q.gone, func(r firewall.Rule) bool {
		if !again[r] && reused[r.ContainerIP] {
			del = append(del, r)
		}
		return again[r] || reused[r.ContainerIP]
	})
	return del
}

// take gives what waits for removal. Preconditions: mu is held.
func (q *ruleQueue) take() []firewall.Rule {
	gone := q.gone
	q.gone = nil
	if q.timer != nil {
		q.timer.Stop()
		q.timer = nil
	}
	return gone
}

// withdraw has rules removed soon, together with others.
func (q *ruleQueue) withdraw(rules []firewall.Rule) {
	if len(rules) == 0 {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.gone = append(q.gone, rules...)
	if q.timer == nil {
		q.timer = time.AfterFunc(settleAfter, func() {
			if err := q.settle(context.Background()); err != nil {
				q.log("withdraw rules: %v", err)
			}
		})
	}
}

// settle withdraws what waits.
func (q *ruleQueue) settle(ctx context.Context) error {
	q.commits.Lock()
	defer q.commits.Unlock()
	q.mu.Lock()
	gone := q.take()
	q.mu.Unlock()
	if len(gone) == 0 {
		return nil
	}
	if err := q.to.Withdraw(ctx, gone); err != nil {
		q.mu.Lock()
		q.gone = append(gone, q.gone...)
		q.mu.Unlock()
		return err
	}
	return nil
}
