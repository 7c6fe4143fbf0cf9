package std

import (
	"context"
	"fmt"
	"math/bits"

	"neap/lua/bind"
)

// bitFuncs are those of LuaJIT: 32 bits, results from -2^31 to 2^31-1.
func bitFuncs() []*bind.Func {
	x, n := bind.Req("x", bind.Int, "a whole number; its lower 32 bits count"), bind.Req("n", bind.Int, "how far, from 0 to 31")
	more := bind.Rest("more", bind.Int, "further numbers")
	number := bind.Returns(bind.Int, "a number from -2^31 to 2^31-1")
	fold := func(name, doc string, do func(a, b int32) int32) *bind.Func {
		return bind.Func2(name, doc, x, more, number, func(_ context.Context, x int, more []int) (int, error) {
			all := int32(x)
			for _, y := range more {
				all = do(all, int32(y))
			}
			return int(all), nil
		})
	}
	one := func(name, doc string, do func(uint32) uint32) *bind.Func {
		return bind.Func1(name, doc, x, number, func(_ context.Context, x int) (int, error) { return signed(do(low(x))), nil })
	}
	move := func(name, doc string, do func(x uint32, n int) uint32) *bind.Func {
		return bind.Func2(name, doc, x, n, number, func(_ context.Context, x, n int) (int, error) { return signed(do(low(x), n&31)), nil })
	}
	return []*bind.Func{
		fold("band", "The bits that all numbers have.", func(a, b int32) int32 { return a & b }).With(`assert(bit.band(0xff, 0x0f) == 15)`),
		fold("bor", "The bits that any of the numbers has.", func(a, b int32) int32 { return a | b }).With(`assert(bit.bor(1, 2, 4) == 7)`),
		fold("bxor", "The bits that an odd number of the numbers has.", func(a, b int32) int32 { return a ^ b }).With(`assert(bit.bxor(7, 2) == 5)`),
		one("bnot", "The bits that the number lacks.", func(x uint32) uint32 { return ^x }).With(`assert(bit.bnot(0) == -1)`),
		one("tobit", "The number in 32 bits.", func(x uint32) uint32 { return x }).With(`assert(bit.tobit(0xffffffff) == -1)`),
		one("bswap", "Its bytes in the reverse order.", bits.ReverseBytes32).With(`assert(bit.bswap(0x12345678) == 0x78563412)`),
		move("lshift", "Its bits moved left.", func(x uint32, n int) uint32 { return x << n }).With(`assert(bit.lshift(1, 8) == 256)`),
		move("rshift", "Its bits moved right, zeros behind.", func(x uint32, n int) uint32 { return x >> n }).With(`assert(bit.rshift(-1, 24) == 255)`),
		move("arshift", "Its bits moved right, copies of the highest behind.", func(x uint32, n int) uint32 { return uint32(int32(x) >> n) }).
			With(`assert(bit.arshift(-256, 4) == -16)`),
		move("rol", "Its bits turned left.", bits.RotateLeft32).With(`assert(bit.rol(0x12345678, 12) == 0x45678123)`),
		move("ror", "Its bits turned right.", func(x uint32, n int) uint32 { return bits.RotateLeft32(x, -n) }).With(`assert(bit.ror(0x12345678, 12) == 0x67812345)`),
		bind.Func2("tohex", "The number in hexadecimal digits.", x, bind.Opt("digits", bind.Int, 8, "how many, from the right"), bind.Returns(bind.String, "the digits"),
			func(_ context.Context, x, digits int) (string, error) {
				return fmt.Sprintf("%08x", low(x))[8-max(0, min(digits, 8)):], nil
			}).With(`assert(bit.tohex(255) == "000000ff" and bit.tohex(255, 2) == "ff")`),
	}
}

func low(x int) uint32 { return uint32(x) }

func signed(x uint32) int { return int(int32(x)) }
