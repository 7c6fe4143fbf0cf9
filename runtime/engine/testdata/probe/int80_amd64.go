package main

// int80 makes a system call of the 32-bit table.
func int80(call uint32) uint32
