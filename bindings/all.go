package bindings

import (
	"context"
	"sync"
	"time"

	"neap/lua/bind"
	"neap/runtime/image"
)

// doors are all doorways to one runtime. Their classes refer to each other.
type doors struct {
	Runtime
	ready     func() error // opens the runtime
	container *bind.Class[*box]
	spawned   *bind.Class[Exec]
	image     *bind.Class[Image]
	removal   *bind.Class[image.Removal]
	volume    *bind.Class[Volume]
	network   *bind.Class[Network]
	port      *bind.Class[Port]
	plan      *bind.Class[Plan]
	change    *bind.Class[Change]
}

// Surface is what scripts see of a runtime.
type Surface struct {
	Modules []*bind.Module  // in the order people should read them
	Classes []bind.AnyClass // likewise

	// Arguments makes values of script arguments, by their declared type.
	Arguments map[string]func(ctx context.Context, text string) (any, error)

	// Names lists the live names of a noun, for completion. It is cheap and
	// asks no container.
	Names map[string]func(ctx context.Context) ([]string, error)

	// PlanText is a plan as a table.
	PlanText func(Plan) string
}

// All declares everything that scripts see of a runtime. Of the zero Runtime
// it can be documented, and not run.
func All(r Runtime) *Surface {
	if r.Now == nil {
		r.Now = time.Now
	}
	d := &doors{
		Runtime:   r,
		container: bind.NewClass[*box]("Container", "A root file system, its walls, and at most one main process."),
		spawned:   bind.NewClass[Exec]("Exec", "A program that runs in a container beside the script."),
		image:     bind.NewClass[Image]("Image", "What containers are made from: layers of files, and what to run."),
		removal:   bind.NewClass[image.Removal]("Removal", "What the removal of an image did."),
		volume:    bind.NewClass[Volume]("Volume", "A directory of data that outlives containers."),
		network:   bind.NewClass[Network]("Network", "What connects containers with each other and the host."),
		port:      bind.NewClass[Port]("Port", "A port of the host that leads to a container."),
		plan:      bind.NewClass[Plan]("Plan", "What was recorded instead of being done."),
		change:    bind.NewClass[Change]("Change", "One step of a plan."),
	}
	d.ready = sync.OnceValue(d.open)
	d.container.Fill, d.spawned.Fill, d.image.Fill, d.removal.Fill = d.fillContainer, d.fillExec, d.fillImage, d.fillRemoval
	d.volume.Fill, d.network.Fill, d.port.Fill = d.fillVolume, d.fillNetwork, d.fillPort
	d.plan.Fill, d.change.Fill = d.fillPlan, d.fillChange
	module := func(name, doc string, funcs func() []*bind.Func) *bind.Module {
		return &bind.Module{Name: name, Doc: doc, Make: funcs, Ready: d.ready}
	}
	return &Surface{
		Modules: []*bind.Module{
			module("containers", "Make containers, and find those there are.", d.containersFuncs),
			module("images", "Get images, and find those that are here.", d.imagesFuncs),
			module("volumes", "Make volumes, and find those there are.", d.volumesFuncs),
			module("networks", "Make networks, and find those there are.", d.networksFuncs),
			module("ports", "The ports of the host that lead to containers.", d.portsFuncs),
			module("system", "The root and the host.", d.systemFuncs),
			{Doc: "What was made, and goes again.", Globals: []string{"scope", "keep"}, Make: d.globals},
		},
		Classes:   []bind.AnyClass{d.container, d.spawned, d.image, d.removal, d.volume, d.network, d.port, d.plan, d.change},
		Arguments: d.arguments(),
		Names:     d.names(),
		PlanText:  d.planText,
	}
}

func (d *doors) open() (err error) {
	if d.Open != nil {
		d.Nouns, err = d.Open()
	}
	return err
}

func (d *doors) arguments() map[string]func(context.Context, string) (any, error) {
	return map[string]func(context.Context, string) (any, error){
		"container": argument(d, d.container),
		"image":     argument(d, d.image),
		"volume":    argument(d, d.volume),
		"network":   argument(d, d.network),
	}
}

// argument makes an object of its name.
func argument[S any](d *doors, k *bind.Class[S]) func(context.Context, string) (any, error) {
	return func(ctx context.Context, text string) (any, error) {
		if err := d.ready(); err != nil {
			return nil, err
		}
		s, err := k.Named(ctx, text)
		if err != nil {
			return nil, err
		}
		return k.Box(s), nil
	}
}

func (d *doors) names() map[string]func(context.Context) ([]string, error) {
	after := func(names func(context.Context) ([]string, error)) func(context.Context) ([]string, error) {
		return func(ctx context.Context) ([]string, error) {
			if err := d.ready(); err != nil {
				return nil, err
			}
			return names(ctx)
		}
	}
	return map[string]func(context.Context) ([]string, error){
		"container": after(func(ctx context.Context) ([]string, error) { return d.Containers.Names(ctx) }),
		"image":     after(d.imageNames),
		"volume": after(func(ctx context.Context) ([]string, error) {
			all, err := d.Volumes.List(ctx)
			return namesOf(all, Volume.Name), err
		}),
		"network": after(func(ctx context.Context) ([]string, error) {
			all, err := d.Networks.List(ctx)
			return namesOf(all, Network.Name), err
		}),
	}
}

func namesOf[S any](all []S, name func(S) string) []string {
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = name(s)
	}
	return names
}

func (d *doors) imageNames(ctx context.Context) (names []string, err error) {
	all, err := d.Images.List(ctx)
	for _, i := range all {
		if img, err := i.Look(ctx); err == nil {
			names = append(names, img.Tags...)
		}
	}
	return names, err
}
