---@meta

--- Characters, not bytes.
---@class utf8lib
utf8 = {}

--- How many characters a text has.
--- ```lua
--- assert(utf8.len("Тест") == 4)
--- ```
---@param text string # the text
---@return integer length # the number; or nil and where the first byte is that is no UTF-8
---@return integer bad
function utf8.len(text) end

--- The numbers of characters of a text, by where they are.
--- ```lua
--- assert(utf8.codepoint("é")[1] == 233)
--- ```
---@param text string # the text
---@param i? integer # the first; negative counts from the end
---@param j? integer # the last; the first if left out
---@return integer[] # a list of them
function utf8.codepoint(text, i, j) end

--- The text of characters of these numbers.
--- ```lua
--- assert(utf8.char(1058, 101) == "Тe")
--- ```
---@param ... integer # their numbers
---@return string # the text
function utf8.char(...) end

--- A part of a text, by characters.
--- ```lua
--- assert(utf8.sub("Привет", 2, 3) == "ри")
--- ```
---@param text string # the text
---@param i integer # the first; negative counts from the end
---@param j? integer # the last
---@return string # the text
function utf8.sub(text, i, j) end

--- How many columns of a terminal a text takes.
--- ```lua
--- assert(utf8.width("漢字") == 4)
--- ```
---@param text string # the text
---@return integer # the number
function utf8.width(text) end

--- A text cut to a number of columns, with … at its end if something was cut.
--- ```lua
--- assert(utf8.cut("container", 5) == "cont…")
--- ```
---@param text string # the text
---@param width integer # how many
---@return string # the text
function utf8.cut(text, width) end

--- A text with blanks up to a number of columns; a negative number puts them before it.
--- ```lua
--- assert(utf8.pad("é", 3) == "é  " and utf8.pad("é", -3) == "  é")
--- ```
---@param text string # the text
---@param width integer # how many
---@return string # the text
function utf8.pad(text, width) end

--- Go through the characters of a text.
--- ```lua
--- local n = 0
--- for c in utf8.chars("дом") do n = n + 1 end
--- assert(n == 3)
--- ```
---@param text string # the text
---@return fun():string iterator # a character
function utf8.chars(text) end

--- A text in capital letters.
--- ```lua
--- assert(utf8.upper("привет") == "ПРИВЕТ")
--- ```
---@param text string # the text
---@return string # the text
function utf8.upper(text) end

--- A text in small letters.
--- ```lua
--- assert(utf8.lower("ПРИВЕТ") == "привет")
--- ```
---@param text string # the text
---@return string # the text
function utf8.lower(text) end

--- Whether a text is UTF-8.
--- ```lua
--- assert(utf8.valid("é") and not utf8.valid("\255"))
--- ```
---@param text string # the text
---@return boolean # yes or no
function utf8.valid(text) end
