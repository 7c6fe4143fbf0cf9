package main

import (
	"io"
	"os"
	"strconv"
	"strings"
)

func cutAny(a string) (key, value string, ok bool) {
	key, value, ok = strings.Cut(a, "=")
	return key, value, ok && strings.Contains(" if of bs count skip seek conv status iflag oflag ", " "+key+" ")
}

func ddFiles(c *call, f map[string]string) (in, out *os.File, err error) {
	in, out = c.in, os.Stdout
	if f["if"] != "" {
		if in, err = os.Open(f["if"]); err != nil {
			return nil, nil, err
		}
	}
	if f["of"] != "" {
		mode := os.O_TRUNC
		if strings.Contains(f["conv"], "notrunc") || f["seek"] != "" {
			mode = 0
		}
		out, err = os.OpenFile(f["of"], os.O_WRONLY|os.O_CREATE|mode, 0o666)
	}
	return in, out, err
}

func ddBlocks(in, out *os.File, f map[string]string, size int64) (blocks, total int64, err error) {
	count := int64(-1)
	var skip, seek int64
	for key, at := range map[string]*int64{"count": &count, "skip": &skip, "seek": &seek} {
		if f[key] != "" {
			if *at, err = strconv.ParseInt(f[key], 10, 64); err != nil {
				return 0, 0, err
			}
		}
	}
	if skip > 0 {
		if _, err := io.CopyN(io.Discard, in, skip*size); err != nil {
			return 0, 0, err
		}
	}
	if seek > 0 {
		if _, err := out.Seek(seek*size, io.SeekStart); err != nil {
			return 0, 0, err
		}
	}
	buf := make([]byte, size)
	for count < 0 || blocks < count {
		n, err := in.Read(buf)
		if n > 0 {
			blocks++
			total += int64(n)
			if _, err := out.Write(buf[:n]); err != nil {
				return blocks, total, err
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return blocks, total, err
		}
	}
	if strings.Contains(f["conv"], "fsync") {
		err = out.Sync()
	}
	return blocks, total, err
}
