// Command probe runs inside containers for the tests: it makes system calls by
// number and says what the kernel answered.
package main

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
)

func main() {
	switch os.Args[1] {
	case "euid":
		fmt.Println(os.Geteuid())
	case "call": // call NR ARG...
		var n [7]uintptr
		for i, word := range os.Args[2:] {
			v, err := strconv.ParseUint(word, 0, 64)
			if err != nil {
				panic(err)
			}
			n[i] = uintptr(v)
		}
		_, _, errno := syscall.RawSyscall6(n[0], n[1], n[2], n[3], n[4], n[5], n[6])
		fmt.Println(int(errno))
	case "open": // open PATH: for writing, without making it
		file, err := os.OpenFile(os.Args[2], os.O_WRONLY, 0)
		fmt.Println(err)
		if err == nil {
			file.Close()
		}
	}
}
