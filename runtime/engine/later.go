package engine

// later is something that is done beside what the caller does meanwhile.
type later struct {
	done chan struct{}
	err  *error
}

func begin(do func() error) later {
	l := later{make(chan struct{}), new(error)}
	go func() {
		defer close(l.done)
		*l.err = do()
	}()
	return l
}

// wait is the outcome. It may be called again.
func (l later) wait() error {
	<-l.done
	return *l.err
}
