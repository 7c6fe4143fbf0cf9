package bindings_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"neap/bindings"
	"neap/lua/bind"
	"neap/runtime/engine"
	"neap/runtime/image"
	"neap/runtime/network"
	"neap/runtime/port"
	"neap/runtime/volume"
)

// bound says under which name scripts find each exported method of the nouns,
// or after "no: " why they do not.
func bound() map[reflect.Type]map[string]string {
	return map[reflect.Type]map[string]string{
		reflect.TypeFor[*engine.Container](): {
			"ID": "Container.id", "Name": "Container.name", "Look": "Container.created", "Size": "no: plans tell what a removal frees", "State": "Container.state", "Cgroup": "Container.cgroup",
			"UsedBy": "Container.used_by", "Published": "Container.ports",
			"Start": "Container:start", "StartAttached": "Container:start", "Attach": "Container:attach", "Stop": "Container:stop",
			"Kill": "Container:kill", "Restart": "Container:restart", "Pause": "Container:pause", "Unpause": "Container:unpause",
			"WhilePaused": "Container:while_paused", "Wait": "Container:wait", "WaitFor": "Container:wait", "Rename": "Container:rename",
			"Update": "Container:update", "Protect": "Container:protect", "Remove": "Container:remove",
			"Exec": "Container:exec", "ExecTerminal": "Container:exec", "Spawn": "Container:spawn",
			"Logs": "Container:logs", "Lines": "Container:lines", "Inspect": "Container:inspect", "Format": "Container:format",
			"Top": "Container:top", "Freezer": "Container:freezer",
		},
		reflect.TypeFor[*engine.Exec](): {
			"Pid": "Exec.pid", "Read": "Exec:read", "Write": "Exec:write", "CloseInput": "Exec:close", "Kill": "Exec:kill", "Wait": "Exec:wait",
			"Close": "no: the end of the script's scope does it",
		},
		reflect.TypeFor[*engine.Engine](): {
			"Create": "containers.create", "Run": "containers.run", "Once": "containers.once", "Find": "containers.find",
			"Get": "containers.get", "Briefs": "containers.list", "List": "no: Briefs with a handle each", "RemoveImage": "images.remove", "ImageUsers": "Image.used_by", "RemoveVolume": "Volume:remove",
			"InspectNetwork": "Network:inspect", "PublishedPorts": "ports.list", "Info": "system.info",
			"OpenScope": "scope", "KeepContainer": "keep", "KeepVolume": "keep", "KeepNetwork": "keep", "KeepImage": "keep",
			"Names": "no: it completes names", "With": "no: it makes handles", "Close": "no: whoever opened it closes it",
		},
		reflect.TypeFor[*image.Images](): {
			"Pull": "images.pull", "Load": "images.load", "Import": "images.import", "Find": "images.find", "Get": "images.get",
			"List": "images.list", "Remove": "images.remove", "RemoveMade": "no: the engine's, at the end of a scope", "Tag": "Image:tag", "Untag": "Image:untag", "Inspect": "Image:inspect",
			"Save": "images.save", "Push": "images.push",
			"Hold": "no: the engine's, while it makes a container", "Lower": "no: the engine's, for the root file system",
			"Sweep": "no: the keeper's", "Close": "no: the engine's",
		},
		reflect.TypeFor[*volume.Volumes](): {
			"Create": "volumes.create", "Find": "volumes.find", "Get": "volumes.get", "List": "volumes.list", "Remove": "Volume:remove",
			"Rename": "Volume:rename", "Protect": "Volume:protect", "Inspect": "Volume:inspect", "Size": "Volume.size", "UsedBy": "Volume.used_by",
			"RemoveMade": "no: the engine's, at the end of a scope",
			"Prune":      "no: volumes.prune asks with filters, one by one",
			"Data":       "no: the engine's, for mounts", "Fill": "no: the engine's, at the first use", "Use": "no: the engine's count of users",
			"Drop": "no: the engine's count of users", "Sweep": "no: the keeper's",
		},
		reflect.TypeFor[*network.Networks](): {
			"Create": "networks.create", "Find": "networks.find", "Get": "networks.get", "List": "networks.list", "Remove": "Network:remove",
			"Inspect": "Network:inspect", "UsedBy": "Network.used_by",
			"Attach": "no: the keeper's, at a start", "Detach": "no: the keeper's, at an end", "Disconnect": "no: the network issue brings disconnect",
			"Bridges": "no: the firewall's", "Links": "no: for sweeping", "Sweep": "no: the keeper's", "Purge": "no: for a root that goes away",
			"Close": "no: the engine's",
		},
		reflect.TypeFor[*port.Ports](): {
			"List": "ports.list", "Pick": "ports.pick", "Owner": "ports.owner",
			"Take": "no: the keeper's, at a start", "Give": "no: the keeper's, at an end", "Hold": "no: the keeper's, for lost sockets",
			"Sweep": "no: the keeper's", "Close": "no: the engine's",
		},
	}
}

// titles are all names of the surface as scripts write them.
func titles(s *bindings.Surface) (all []string) {
	for _, f := range everything(s) {
		all = append(all, f.title)
	}
	for _, k := range s.Classes {
		d := bind.Describe(k)
		for _, f := range d.Fields {
			all = append(all, d.Name+"."+f.Name)
		}
	}
	return all
}

func TestEveryMethodIsBoundOrExcused(t *testing.T) {
	known := titles(bindings.All(bindings.Runtime{}))
	for typ, names := range bound() {
		for i := range typ.NumMethod() {
			method := typ.Method(i).Name
			where := names[method]
			delete(names, method)
			switch {
			case where == "":
				t.Errorf("%s.%s is neither bound nor excused", typ, method)
			case !strings.HasPrefix(where, "no: ") && !slices.Contains(known, where):
				t.Errorf("%s.%s should be %s, which does not exist", typ, method, where)
			}
		}
		for method := range names {
			t.Errorf("%s.%s does not exist", typ, method)
		}
	}
}
