#!/bin/sh
# build.sh COMPILER OUTPUT: builds the stub for one architecture, the same bytes every time.
set -eu
cd "$(dirname "$0")"
"$1" -nostdlib -static -no-pie -fno-pic -Os -ffreestanding -fno-builtin -fno-stack-protector \
	-fno-asynchronous-unwind-tables -fno-unwind-tables -fno-ident -fno-tree-loop-distribute-patterns \
	-fno-zero-initialized-in-bss -Wall -Wextra -Werror \
	-Wl,--build-id=none -Wl,-z,noseparate-code -Wl,-z,norelro -Wl,-z,noexecstack -Wl,-z,max-page-size=4096 -Wl,-s \
	-o "$2" stub.c
