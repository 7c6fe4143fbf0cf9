// Command hello is the smallest program that Go makes: what the start of one
// costs before it does anything.
package main

func main() {}
