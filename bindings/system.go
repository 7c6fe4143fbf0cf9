package bindings

import (
	"context"

	"neap/lua/bind"
)

func (d *doors) systemFuncs() []*bind.Func {
	return append(d.plans(), []*bind.Func{
		bind.Func0("info", "What the root and the host are.", bind.Returns(bind.Any, "{ root, run, version, kernel, cgroup, notice, keeper, containers, images, volumes }"), d.info).
			With(`assert(system.info().cgroup:match("v%d") or system.info().cgroup == "hybrid")`),
		bind.Func0("version", "The version of neap.", bind.Returns(bind.String, "the version"),
			func(ctx context.Context) (string, error) {
				i, err := d.System.Info(ctx)
				return i.Version, err
			}).With(`print(system.version())`),
	}...)
}

func (d *doors) info(ctx context.Context) (any, error) {
	i, err := d.System.Info(ctx)
	if err != nil {
		return nil, err
	}
	states := map[string]any{}
	for state, n := range i.Containers {
		states[string(state)] = n
	}
	shown := map[string]any{
		"root": i.Root, "run": i.Run, "version": i.Version, "kernel": i.Kernel, "cgroup": i.Cgroup, "keeper": i.Keeper,
		"containers": states, "images": i.Images, "volumes": i.Volumes,
	}
	if i.Notice != "" {
		shown["notice"] = i.Notice
	}
	return shown, nil
}
