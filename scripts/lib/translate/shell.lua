-- Reads a shell line: commands, their words, and what joins them. It knows quotes,
-- $(…) and `…`, variables, pipes, && || ; and comments, and refuses the rest by name.
--
-- A word is a list of parts: { text = "a" }, { var = "HOME" }, { sub = commands }.
-- A command is { words = { … }, after = "|" or "&&" or "||" or ";" or nil }.
local shell = {}

local function refuse(what)
  error(("%s cannot be said in Lua this way"):format(what), 0)
end

local Reader = {}
Reader.__index = Reader

function Reader:peek(n) return self.line:sub(self.at, self.at + (n or 1) - 1) end

function Reader:take(pattern)
  local first, last = self.line:find("^" .. pattern, self.at)
  if not first then return nil end
  self.at = last + 1
  return self.line:sub(first, last)
end

local function text(word, said)
  local last = word[#word]
  if last and last.text then
    last.text = last.text .. said
  else
    table.insert(word, { text = said })
  end
end

-- What follows a $.
function Reader:dollar(word, quoted)
  if self:take("%(%(") then refuse("$((…))") end
  if self:take("%(") then
    table.insert(word, { sub = self:commands(")"), quoted = quoted })
    return
  end
  local name = self:take("[%a_][%w_]*") or self:take("{[%a_][%w_]*}")
  if name then
    table.insert(word, { var = name:gsub("[{}]", "") })
  elseif self:take("[{?@*#$!%d-]") then
    refuse("$" .. self.line:sub(self.at - 1):match("^%S*"))
  else
    text(word, "$")
  end
end

function Reader:backticks(word, quoted)
  local inner = self:take("[^`]*")
  if not self:take("`") then refuse("` without an end") end
  table.insert(word, { sub = shell.read(inner), quoted = quoted })
end

function Reader:double(word)
  text(word, "")
  while not self:take('"') do
    if self.at > #self.line then refuse('" without an end') end
    if self:take("\\\n") then
      text(word, "")
    elseif self:take("\\") then
      local c = self:take(".")
      text(word, c and c:match('[$`"\\]') or "\\" .. (c or ""))
    elseif self:take("%$") then
      self:dollar(word, true)
    elseif self:take("`") then
      self:backticks(word, true)
    else
      text(word, self:take(".[^\"$`\\]*"))
    end
  end
end

-- One word, or nil where there is none.
function Reader:word()
  local word = {}
  while self.at <= #self.line do
    if self:take("\\\n") then
      text(word, "")
    elseif self:take("\\") then
      text(word, self:take(".") or "")
    elseif self:take("'") then
      text(word, self:take("[^']*"))
      if not self:take("'") then refuse("' without an end") end
    elseif self:take('"') then
      self:double(word)
    elseif self:take("%$") then
      self:dollar(word)
    elseif self:take("`") then
      self:backticks(word)
    elseif #word == 0 and self:take("~/") then
      table.insert(word, { var = "HOME" })
      text(word, "/")
    else
      local said = self:take("[^%s\\'\"$`|&;()<>]+")
      if not said then break end
      text(word, said)
    end
  end
  return #word > 0 and word or nil
end

-- What joins two commands, or the end.
function Reader:join(close)
  self:take("[ \t]*")
  if self.at > #self.line then return nil, true end
  local op = self:take("&&") or self:take("||") or self:take("[|;\n]")
  if op then
    self:take("[ \t\n]*")
    return op == "\n" and ";" or op, self.at > #self.line
  end
  if close and self:take("%" .. close) then return nil, true end
  refuse(self:peek() == "&" and "&, which leaves a command in the background," or self.line:sub(self.at):match("^%S+"))
end

-- All commands up to the end, or to a closing bracket.
function Reader:commands(close)
  local all = {}
  while true do
    self:take("[%s;]*")
    local command = { words = {} }
    while true do
      self:take("[ \t]*")
      if self:peek() == "#" then self:take("[^\n]*") end
      if self:peek(2) == "\\\n" then
        self.at = self.at + 2
      else
        local word = self:word()
        if not word then break end
        table.insert(command.words, word)
      end
    end
    local over
    if close and #command.words == 0 and self:take("%" .. close) then return all end
    command.after, over = self:join(close)
    if #command.words > 0 then table.insert(all, command) end
    if over and close and self.line:sub(self.at - 1, self.at - 1) ~= close then refuse("( without an end") end
    if over then return all end
  end
end

-- The commands of a line, or of several.
function shell.read(line)
  return setmetatable({ line = line, at = 1 }, Reader):commands()
end

return shell
