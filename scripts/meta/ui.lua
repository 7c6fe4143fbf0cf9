---@meta

--- what Enter means
---@class ConfirmOptions
---@field default? boolean # what Enter means; no if left out

--- how
---@class AskOptions
---@field default? string # what Enter means; without it Enter asks again
---@field secret? boolean # the terminal does not show what is typed

--- how
---@class ChooseOptions
---@field default? string # what Enter means

--- how much
---@class ProgressOptions
---@field total number # how much there is to do
---@field unit? "bytes" # what is counted; things if left out

--- how it looks
---@class GridOptions
---@field head? string[] # what stands above the columns; their names if left out
---@field columns? string[] # which names of the rows, in that order; all, sorted, if left out
---@field style? "plain"|"box"|"markdown"|"csv"|"html" # its lines (default "plain")

--- Talk with who sits at the terminal.
---@class uilib
ui = {}

--- Ask for yes or no. Where nobody answers it raises unsupported, so that nothing is taken for granted.
--- ```lua
--- assert(select(2, try(ui.confirm, "Remove all?")).kind == "unsupported") -- nobody answers here
--- ```
---@param question string # what to ask
---@param options? ConfirmOptions # what Enter means
---@return boolean # the answer
function ui.confirm(question, options) end

--- Ask for a text.
--- ```lua
--- assert(select(2, try(ui.ask, "Your name?")).kind == "unsupported") -- nobody answers here
--- ```
---@param question string # what to ask
---@param options? AskOptions # how
---@return string # the answer
function ui.ask(question, options) end

--- Ask for one of several.
--- ```lua
--- assert(select(2, try(ui.choose, "Which?", { "web", "db" })).kind == "unsupported") -- nobody answers here
--- ```
---@param question string # what to ask
---@param items string[] # them
---@param options? ChooseOptions # how
---@return string item # the item and its number
---@return integer index
function ui.choose(question, items, options) end

--- Show how far something is: a bar on a terminal, lines on standard error elsewhere.
--- ```lua
--- local bar = ui.progress("copying", { total = 10 })
--- for i = 1, 10 do bar:add() end
--- bar:done()
--- ```
---@param title string # what is done
---@param options ProgressOptions # how much
---@return Progress # the bar
function ui.progress(title, options) end

--- Show that something goes on whose end nobody knows.
--- ```lua
--- local s = ui.spinner("waiting")
--- s:say("still waiting")
--- s:done("there it is")
--- ```
---@param title string # what is done
---@return Progress # the spinner
function ui.spinner(title) end

--- Rows as a table: a list of lists, or of tables with names. Numbers stand to the right.
--- ```lua
--- print(ui.table({ { "web", 80 }, { "db", 5432 } }, { head = { "name", "port" } }))
--- ```
---@param rows any # what to show
---@param options? GridOptions # how it looks
---@return string # the text
function ui.table(rows, options) end

--- A text in colours and shapes, if standard output is a terminal that wants them (NO_COLOR), else as it is.
--- ```lua
--- print(ui.style("failed", "red", "bold"))
--- ```
---@param text string # the text
---@param ... "black"|"blue"|"bold"|"cyan"|"faint"|"green"|"italic"|"magenta"|"red"|"reverse"|"underline"|"white"|"yellow" # how
---@return string # the text
function ui.style(text, ...) end
