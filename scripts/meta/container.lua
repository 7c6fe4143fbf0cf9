---@meta

--- how to join it
---@class StartOptions
---@field attach? boolean # hand over the terminal until it ends; no output is lost
---@field interactive? boolean # false: it reads nothing of what is typed
---@field detach_keys? string # what leaves it running and returns (default "ctrl-p,ctrl-q")

--- how to stop it
---@class StopOptions
---@field timeout? number|string # how long to wait before KILL; -1 for ever
---@field signal? string # what to send, instead of its stop signal

--- for how long
---@class PauseOptions
---@field lease? number|string # after which it goes on by itself, whoever lives; 0 for never

--- what to wait for; its end if nothing is said
---@class WaitOptions
---@field state? "creating"|"created"|"running"|"paused"|"restarting"|"exited"|"removing"|"dead"|"removed" # a state it is in
---@field port? string # a port of it that accepts connections, such as "80/tcp"
---@field log? string|Regexp # a text or re in a line of its output since it started
---@field file? string # a path in it that exists
---@field removed? boolean # that it is gone
---@field any? boolean # one of them is enough
---@field timeout? number|string # until it is an error; 0 waits for ever

--- what to change; the rest stays as it is
---@class UpdateOptions
---@field memory? number|string # the most memory
---@field memory_swap? number|string # the most memory and swap together
---@field memory_reservation? number|string # memory it keeps when the host runs short
---@field memory_swappiness? integer # how readily it is swapped: 0 to 100
---@field oom_kill_disable? boolean # stand still instead of being killed when memory is short; cgroup v1 only
---@field cpus? number|string # how many processors it may use: 1.5
---@field cpu_quota? integer # microseconds in each period
---@field cpu_period? integer # microseconds
---@field cpu_shares? integer # its share when processors are short; 1024 is usual
---@field cpuset_cpus? string # the processors it may use: 0-2,7
---@field cpuset_mems? string # the memory nodes it may use
---@field pids_limit? integer # the most processes; -1 for no limit
---@field blkio_weight? integer # its share of block devices: 10 to 1000
---@field restart? string|table # what follows its end

--- how to remove it
---@class RemoveContainerOptions
---@field force? boolean # kill it first
---@field volumes? boolean # its anonymous volumes too, unless others use them

--- what to run in it and how
---@class ContainerExecOptions
---@field [integer] string # the program and its arguments; no shell unless you name one
---@field env? table<string,string>|string[]|string # environment, besides the container's
---@field workdir? string # the directory it starts in
---@field user? string # as whom it runs
---@field privileged? boolean # nearly no walls; do not
---@field tty? boolean # hand over the terminal
---@field interactive? boolean # it reads the standard input of the script
---@field stdout? "capture"|"inherit" # where its output goes: into the result, or where the script's goes (default "capture")
---@field check? boolean # raise an error if it ends with another code than 0 (default true)
---@field timeout? number|string # until it is killed; 0 is none

--- what to run in it and how
---@class SpawnOptions
---@field [integer] string # the program and its arguments; no shell unless you name one
---@field env? table<string,string>|string[]|string # environment, besides the container's
---@field workdir? string # the directory it starts in
---@field user? string # as whom it runs
---@field privileged? boolean # nearly no walls; do not
---@field detach? boolean # it outlives the script

--- how to join it
---@class AttachOptions
---@field interactive? boolean # false: it reads nothing of what is typed
---@field detach_keys? string # what leaves it running and returns (default "ctrl-p,ctrl-q")

--- which lines
---@class LogOptions
---@field tail? integer # the last so many; -1 for all (default -1)
---@field since? string # not before
---@field before? string # not after
---@field timestamps? boolean # each with its time
---@field stdout? boolean # those of standard output (default true)
---@field stderr? boolean # those of standard error (default true)

--- which lines
---@class LineOptions
---@field tail? integer # the last so many; -1 for all (default -1)
---@field since? string # not before
---@field before? string # not after
---@field timestamps? boolean # each with its time
---@field stdout? boolean # those of standard output (default true)
---@field stderr? boolean # those of standard error (default true)
---@field follow? boolean # wait for more until it ends

--- A root file system, its walls, and at most one main process.
---@class Container
---@field id string # its full id: 64 hex digits
---@field short_id string # the first twelve digits
---@field name string # its name
---@field image string # the image it was made from, as it was asked for
---@field image_id string # the id of that image
---@field state "creating"|"created"|"running"|"paused"|"restarting"|"exited"|"removing"|"dead"|"removed" # what it does now
---@field exit_code integer # what it ended with; nil while it lives, before it ran, and if nobody saw it
---@field oom_killed boolean # whether it was killed for want of memory
---@field error string? # why it is dead or did not start
---@field pid integer? # the first process, on the host
---@field created string # when it was made
---@field started string # when it was last started
---@field finished string # when it last ended
---@field uptime number|string # for how long it has lived
---@field restart_count integer # how often its policy started it since a user did
---@field restart_policy string # what follows its end
---@field protected boolean # whether removing it is refused
---@field limits any # how much it may use; what has no limit is not there
---@field ip string? # its address, while it lives
---@field networks string[] # the networks it is on
---@field ports any # its published ports: { container_port, protocol, host_ip, host_port } each
---@field labels table<string,string> # its labels
---@field env table<string,string> # its environment
---@field command string[] # the arguments of its entrypoint, or the program if there is none
---@field entrypoint string[] # the program before its command
---@field user string? # as whom it runs; nil is root
---@field workdir string # the directory it starts in
---@field tty boolean # whether it has a terminal
---@field interactive boolean # whether its input stays open
---@field mounts any # what is mounted: { type, name, source, target, read_only, anonymous, from } each
---@field used_by string[] # containers that took volumes or namespaces from it
---@field log_path string # the file of its output
---@field cgroup string? # the directory of its cgroup, while it has one
local Container = {}

--- Start it; one that runs is left as it is.
--- ```lua
--- local c = containers.create{ "box", "echo", "hi" }
--- assert(c:start():wait().exit_code == 0)
--- ```
---@param options? StartOptions # how to join it
---@return Container # itself
function Container:start(options) end

--- Ask it to end, and kill it when time is up; one that does not run is left as it is.
--- ```lua
--- local web = containers.run{ "box", "sleep", "60", name = "web" }
--- web:stop{ timeout = "1s" }
--- assert(web.state == "exited")
--- ```
---@param options? StopOptions # how to stop it
---@return Container # itself
function Container:stop(options) end

--- Send it a signal.
--- ```lua
--- local web = containers.run{ "box", "sleep", "60", name = "web" }
--- assert(web:kill():wait().exit_code == 137)
--- ```
---@param signal? string # by name or number
---@return Container # itself
function Container:kill(signal) end

--- Stop it and start it again.
--- ```lua
--- local web = containers.run{ "box", "sleep", "60", name = "web" }
--- local before = web.pid
--- assert(web:restart{ timeout = 0 }.pid ~= before)
--- ```
---@param options? StopOptions # how to stop it
---@return Container # itself
function Container:restart(options) end

--- Stop every process where it is, until unpause; the pause outlives the script.
--- ```lua
--- local web = containers.run{ "box", "sleep", "60", name = "web" }
--- assert(web:pause{ lease = "30s" }.state == "paused")
--- web:unpause()
--- ```
---@param options? PauseOptions # for how long
---@return Container # itself
function Container:pause(options) end

--- Let it go on.
--- ```lua
--- local web = containers.run{ "box", "sleep", "60", name = "web" }
--- assert(web:pause():unpause().state == "running")
--- ```
---@return Container # itself
function Container:unpause() end

--- Pause it, call a function with it, and let it go on, whatever happens to the script. What the function returns comes back.
--- ```lua
--- local web = containers.run{ "box", "sleep", "60", name = "web" }
--- assert(web:while_paused(function(c) return c.state end) == "paused")
--- ```
---@param fn function # what to do meanwhile
---@return any ... # what fn returned
function Container:while_paused(fn) end

--- Wait for its end, or until conditions hold. If it ends before, that is an error of kind conflict.
--- ```lua
--- local web = containers.run{ "box", "sleep", "60", name = "web" }
--- web:wait{ state = "running", timeout = "10s" }
--- assert(web:kill():wait().exit_code == 137)
--- ```
---@param options? WaitOptions # what to wait for; its end if nothing is said
---@return Container # itself
function Container:wait(options) end

--- Give it another name.
--- ```lua
--- local web = containers.run{ "box", "sleep", "60", name = "web" }
--- assert(web:rename("shop").name == "shop")
--- ```
---@param name string # the new name
---@return Container # itself
function Container:rename(name) end

--- Change its limits or its restart policy, at once if it lives.
--- ```lua
--- local web = containers.run{ "box", "sleep", "60", name = "web" }
--- assert(web:update{ pids_limit = 100 }.limits.pids_limit == 100)
--- ```
---@param options? UpdateOptions # what to change; the rest stays as it is
---@return Container # itself
function Container:update(options) end

--- Remove it with all that it wrote; one that is gone is no error.
--- ```lua
--- local web = containers.run{ "box", "sleep", "60", name = "web" }
--- web:remove{ force = true }
--- assert(web.state == "removed" and web.name == "web")
--- ```
---@param options? RemoveContainerOptions # how to remove it
---@return Container # itself
function Container:remove(options) end

--- Refuse to remove it, until unprotect.
--- ```lua
--- local web = containers.run{ "box", "sleep", "60", name = "web" }
--- assert(web:protect().protected)
--- web:unprotect()
--- ```
---@return Container # itself
function Container:protect() end

--- Let it be removed again.
--- ```lua
--- local web = containers.run{ "box", "sleep", "60", name = "web" }
--- assert(not web:protect():unprotect().protected)
--- ```
---@return Container # itself
function Container:unprotect() end

--- Run a program in it and wait for its end. Another exit code than 0 is an error of kind failed, unless check = false.
--- ```lua
--- local web = containers.run{ "box", "sleep", "60", name = "web" }
--- assert(web:exec{ "echo", "hi" }.stdout == "hi\n")
--- assert(web:exec{ "false", check = false }.exit_code == 1)
--- ```
---@param options ContainerExecOptions # what to run in it and how
---@return Result # what came of it
function Container:exec(options) end

--- Start a program in it and go on. It ends with the script, unless detach = true.
--- ```lua
--- local cat = containers.run{ "box", "sleep", "60" }:spawn{ "cat" }
--- assert(cat:write("hi\n"):read() == "hi")
--- ```
---@param options SpawnOptions # what to run in it and how
---@return Exec # the program
function Container:spawn(options) end

--- Hand over the terminal to its program until that ends, or until ctrl-p ctrl-q is typed.
--- ```lua
--- containers.run{ "box", "sh", "-c", "sleep 1; echo bye" }:attach()
--- ```
---@param options? AttachOptions # how to join it
---@return Container # itself
function Container:attach(options) end

--- Its output as one text.
--- ```lua
--- local c = containers.run{ "box", "echo", "hi" }:wait()
--- assert(c:logs() == "hi\n")
--- ```
---@param options? LogOptions # which lines
---@return string # the text
function Container:logs(options) end

--- Its output, line by line.
--- ```lua
--- local c = containers.run{ "box", "sh", "-c", "echo one; echo two" }
--- for line in c:lines{ follow = true } do print(line) end
--- ```
---@param options? LineOptions # which lines
---@return fun():string iterator # a line
function Container:lines(options) end

--- Its processes, as ps -ef shows them.
--- ```lua
--- local web = containers.run{ "box", "sleep", "60", name = "web" }
--- assert(web:top()[1].cmd == "sleep 60")
--- ```
---@return any # a list of { uid, pid, ppid, c, stime, tty, time, cmd }
function Container:top() end

--- All about it, in Docker's form.
--- ```lua
--- local web = containers.run{ "box", "sleep", "60", name = "web" }
--- assert(web:inspect().State.Running)
--- ```
---@return table # the document
function Container:inspect() end

--- A Go template filled with what inspect gives.
--- ```lua
--- local web = containers.run{ "box", "sleep", "60", name = "web" }
--- assert(web:format("{{ .State.Status }}") == "running")
--- ```
---@param template string # as docker inspect -f takes it
---@return string # the text
function Container:format(template) end

--- Where a port of it is published; nil if it is not.
--- ```lua
--- local web = containers.run{ "box", "sleep", "60", name = "web" }
--- assert(web:port("80/tcp") == nil)
--- ```
---@param port string # of the container, such as "80/tcp"
---@return string # as "0.0.0.0:8888"
function Container:port(port) end

--- What the kernel says of its freezer.
--- ```lua
--- local web = containers.run{ "box", "sleep", "60", name = "web" }
--- assert(#web:freezer().tasks == 1)
--- ```
---@return any # { version, path, file, wanted, state, tasks }
function Container:freezer() end

--- Several of them: an array with methods.
---@class ContainerList: { [integer]: Container }
local ContainerList = {}

--- The items that a filter or a function keeps.
---@param filter table|function # which to keep
---@return ContainerList
function ContainerList:where(filter) end

--- What a function returns for each item.
---@param fn function # what to do with an item
---@return any[]
function ContainerList:map(fn) end

--- One fact of each item.
---@param field string # the name of a fact
---@return any[]
function ContainerList:pluck(field) end

--- The items in the order of a fact.
---@param by string|function # the name of a fact, or a function of the item
---@param order? "asc"|"desc" # which way
---@return ContainerList
function ContainerList:sort(by, order) end

--- The first item, or nil.
---@return Container?
function ContainerList:first() end

--- The items from one place to another; negative places count from the end.
---@param from integer # the first place
---@param to? integer # the last place
---@return ContainerList
function ContainerList:slice(from, to) end

--- The sum of a fact that is a number; what is nil counts nothing.
---@param by string|function # the name of a fact, or a function of the item
---@return number
function ContainerList:sum(by) end

--- Lists of the items by what a fact is.
---@param by string|function # the name of a fact, or a function of the item
---@return table<any,ContainerList>
function ContainerList:group_by(by) end

--- The list as a text table.
---@param ... string # the facts to show
---@return string
function ContainerList:table(...) end

--- Start it; one that runs is left as it is.
--- ```lua
--- local c = containers.create{ "box", "echo", "hi" }
--- assert(c:start():wait().exit_code == 0)
--- ```
---@param options? StartOptions # how to join it
---@return ContainerList # itself
function ContainerList:start(options) end

--- Ask it to end, and kill it when time is up; one that does not run is left as it is.
--- ```lua
--- local web = containers.run{ "box", "sleep", "60", name = "web" }
--- web:stop{ timeout = "1s" }
--- assert(web.state == "exited")
--- ```
---@param options? StopOptions # how to stop it
---@return ContainerList # itself
function ContainerList:stop(options) end

--- Stop it and start it again.
--- ```lua
--- local web = containers.run{ "box", "sleep", "60", name = "web" }
--- local before = web.pid
--- assert(web:restart{ timeout = 0 }.pid ~= before)
--- ```
---@param options? StopOptions # how to stop it
---@return ContainerList # itself
function ContainerList:restart(options) end

--- Send it a signal.
--- ```lua
--- local web = containers.run{ "box", "sleep", "60", name = "web" }
--- assert(web:kill():wait().exit_code == 137)
--- ```
---@param signal? string # by name or number
---@return ContainerList # itself
function ContainerList:kill(signal) end

--- Stop every process where it is, until unpause; the pause outlives the script.
--- ```lua
--- local web = containers.run{ "box", "sleep", "60", name = "web" }
--- assert(web:pause{ lease = "30s" }.state == "paused")
--- web:unpause()
--- ```
---@param options? PauseOptions # for how long
---@return ContainerList # itself
function ContainerList:pause(options) end

--- Let it go on.
--- ```lua
--- local web = containers.run{ "box", "sleep", "60", name = "web" }
--- assert(web:pause():unpause().state == "running")
--- ```
---@return ContainerList # itself
function ContainerList:unpause() end

--- Wait for its end, or until conditions hold. If it ends before, that is an error of kind conflict.
--- ```lua
--- local web = containers.run{ "box", "sleep", "60", name = "web" }
--- web:wait{ state = "running", timeout = "10s" }
--- assert(web:kill():wait().exit_code == 137)
--- ```
---@param options? WaitOptions # what to wait for; its end if nothing is said
---@return ContainerList # itself
function ContainerList:wait(options) end

--- Change its limits or its restart policy, at once if it lives.
--- ```lua
--- local web = containers.run{ "box", "sleep", "60", name = "web" }
--- assert(web:update{ pids_limit = 100 }.limits.pids_limit == 100)
--- ```
---@param options? UpdateOptions # what to change; the rest stays as it is
---@return ContainerList # itself
function ContainerList:update(options) end

--- Run a program in it and wait for its end. Another exit code than 0 is an error of kind failed, unless check = false.
--- ```lua
--- local web = containers.run{ "box", "sleep", "60", name = "web" }
--- assert(web:exec{ "echo", "hi" }.stdout == "hi\n")
--- assert(web:exec{ "false", check = false }.exit_code == 1)
--- ```
---@param options ContainerExecOptions # what to run in it and how
---@return ResultList # what came of it
function ContainerList:exec(options) end

--- Remove it with all that it wrote; one that is gone is no error.
--- ```lua
--- local web = containers.run{ "box", "sleep", "60", name = "web" }
--- web:remove{ force = true }
--- assert(web.state == "removed" and web.name == "web")
--- ```
---@param options? RemoveContainerOptions # how to remove it
---@return ContainerList # itself
function ContainerList:remove(options) end

--- Refuse to remove it, until unprotect.
--- ```lua
--- local web = containers.run{ "box", "sleep", "60", name = "web" }
--- assert(web:protect().protected)
--- web:unprotect()
--- ```
---@return ContainerList # itself
function ContainerList:protect() end

--- Let it be removed again.
--- ```lua
--- local web = containers.run{ "box", "sleep", "60", name = "web" }
--- assert(not web:protect():unprotect().protected)
--- ```
---@return ContainerList # itself
function ContainerList:unprotect() end
