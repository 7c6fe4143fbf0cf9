---@meta

--- Bits of whole numbers, as LuaJIT has them.
---@class bitlib
bit = {}

--- The bits that all numbers have.
--- ```lua
--- assert(bit.band(0xff, 0x0f) == 15)
--- ```
---@param x integer # a whole number; its lower 32 bits count
---@param ... integer # further numbers
---@return integer # a number from -2^31 to 2^31-1
function bit.band(x, ...) end

--- The bits that any of the numbers has.
--- ```lua
--- assert(bit.bor(1, 2, 4) == 7)
--- ```
---@param x integer # a whole number; its lower 32 bits count
---@param ... integer # further numbers
---@return integer # a number from -2^31 to 2^31-1
function bit.bor(x, ...) end

--- The bits that an odd number of the numbers has.
--- ```lua
--- assert(bit.bxor(7, 2) == 5)
--- ```
---@param x integer # a whole number; its lower 32 bits count
---@param ... integer # further numbers
---@return integer # a number from -2^31 to 2^31-1
function bit.bxor(x, ...) end

--- The bits that the number lacks.
--- ```lua
--- assert(bit.bnot(0) == -1)
--- ```
---@param x integer # a whole number; its lower 32 bits count
---@return integer # a number from -2^31 to 2^31-1
function bit.bnot(x) end

--- The number in 32 bits.
--- ```lua
--- assert(bit.tobit(0xffffffff) == -1)
--- ```
---@param x integer # a whole number; its lower 32 bits count
---@return integer # a number from -2^31 to 2^31-1
function bit.tobit(x) end

--- Its bytes in the reverse order.
--- ```lua
--- assert(bit.bswap(0x12345678) == 0x78563412)
--- ```
---@param x integer # a whole number; its lower 32 bits count
---@return integer # a number from -2^31 to 2^31-1
function bit.bswap(x) end

--- Its bits moved left.
--- ```lua
--- assert(bit.lshift(1, 8) == 256)
--- ```
---@param x integer # a whole number; its lower 32 bits count
---@param n integer # how far, from 0 to 31
---@return integer # a number from -2^31 to 2^31-1
function bit.lshift(x, n) end

--- Its bits moved right, zeros behind.
--- ```lua
--- assert(bit.rshift(-1, 24) == 255)
--- ```
---@param x integer # a whole number; its lower 32 bits count
---@param n integer # how far, from 0 to 31
---@return integer # a number from -2^31 to 2^31-1
function bit.rshift(x, n) end

--- Its bits moved right, copies of the highest behind.
--- ```lua
--- assert(bit.arshift(-256, 4) == -16)
--- ```
---@param x integer # a whole number; its lower 32 bits count
---@param n integer # how far, from 0 to 31
---@return integer # a number from -2^31 to 2^31-1
function bit.arshift(x, n) end

--- Its bits turned left.
--- ```lua
--- assert(bit.rol(0x12345678, 12) == 0x45678123)
--- ```
---@param x integer # a whole number; its lower 32 bits count
---@param n integer # how far, from 0 to 31
---@return integer # a number from -2^31 to 2^31-1
function bit.rol(x, n) end

--- Its bits turned right.
--- ```lua
--- assert(bit.ror(0x12345678, 12) == 0x67812345)
--- ```
---@param x integer # a whole number; its lower 32 bits count
---@param n integer # how far, from 0 to 31
---@return integer # a number from -2^31 to 2^31-1
function bit.ror(x, n) end

--- The number in hexadecimal digits.
--- ```lua
--- assert(bit.tohex(255) == "000000ff" and bit.tohex(255, 2) == "ff")
--- ```
---@param x integer # a whole number; its lower 32 bits count
---@param digits? integer # how many, from the right
---@return string # the digits
function bit.tohex(x, digits) end
