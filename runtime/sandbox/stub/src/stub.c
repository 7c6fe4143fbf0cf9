// The stub: runs a launch list, then is replaced by the user's program.
//
// A list comes in on descriptor 3, a stream socket:
//
//   header | 32 slots | operations | data | relocations
//
// Every pointer in it is an offset from its start until the relocations are
// done. An operation is a system call; an argument may be the result of an
// earlier one (a slot). The first refusal that the operation does not expect
// is written to the socket as {ERROR, index, errno} and ends the stub.
// The Go side of this format is list.go in the package above.

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;

enum { SYNC = 3, SLOTS = 32, ERROR = 2, POSITIVE = 0xffff, ANY = 0xfffe };
enum { UNLESS = 0x10000, REAP = 0x10001 };
enum { MUST = 1 }; // flags: a result of 0 is the end (the gate's end of file)
enum { EINTR = 4, EAGAIN = 11, SIGCHLD = 17 };

struct header { u64 size; u32 ops, relocs; u32 relocs_at, unused; };
struct op {
  long arg[6];
  u32 nr;
  u8 slots, out, flags, unused; // slots: bit i set means arg[i] is a slot; out: slot + 1
  struct { u16 code, skip; } on[2];
};
struct message { u32 kind, index; u64 value; };

#if defined(__x86_64__)
enum { READ = 0, WRITE = 1, MMAP = 9, SIGACTION = 13, SIGPROCMASK = 14, WAIT4 = 61, KILL = 62, SIGTIMEDWAIT = 128, PRCTL = 157, EXIT = 231, CLOSE_RANGE = 436 };
static long call(long nr, long a, long b, long c, long d, long e, long f) {
  long result;
  register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
  __asm__ volatile("syscall" : "=a"(result) : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
  return result;
}
__asm__(".globl _start\n_start: xor %ebp,%ebp\n and $-16,%rsp\n call launch\n hlt\n");
#elif defined(__aarch64__)
enum { READ = 63, WRITE = 64, MMAP = 222, SIGACTION = 134, SIGPROCMASK = 135, WAIT4 = 260, KILL = 129, SIGTIMEDWAIT = 137, PRCTL = 167, EXIT = 94, CLOSE_RANGE = 436 };
static long call(long nr, long a, long b, long c, long d, long e, long f) {
  register long x8 __asm__("x8") = nr, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d, x4 __asm__("x4") = e, x5 __asm__("x5") = f;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
}
__asm__(".globl _start\n_start: mov x29,#0\n mov x30,#0\n bl launch\n brk #0\n");
#else
#error "no stub for this architecture"
#endif

static __attribute__((noreturn)) void quit(int code) {
  for (;;) call(EXIT, code, 0, 0, 0, 0, 0);
}

static __attribute__((noreturn)) void refuse(u32 index, long error) {
  struct message m = {ERROR, index, error};
  call(WRITE, SYNC, (long)&m, sizeof m, 0, 0, 0);
  quit(125);
}

static void fill(char *at, u64 size) {
  while (size) {
    long n = call(READ, SYNC, (long)at, size, 0, 0, 0);
    if (n == -EINTR) continue;
    if (n <= 0) quit(125);
    at += n, size -= n;
  }
}

static struct header *receive(void) {
  struct header h;
  fill((char *)&h, sizeof h);
  char *base = (char *)call(MMAP, 0, h.size, 3 /* read, write */, 0x22 /* private, anonymous */, -1, 0);
  if ((long)base < 0 && (long)base > -4096) refuse(0, -(long)base);
  *(struct header *)base = h;
  fill(base + sizeof h, h.size - sizeof h);
  u32 *reloc = (u32 *)(base + h.relocs_at);
  for (u32 i = 0; i < h.relocs; i++) *(u64 *)(base + reloc[i]) += (u64)base;
  return (struct header *)base;
}

// Ignored signals and blocked ones are inherited through execve.
static void calm(void) {
  u64 action[4] = {0, 0, 0, 0}, none = 0;
  call(PRCTL, 4 /* PR_SET_DUMPABLE */, 0, 0, 0, 0, 0);
  for (int s = 1; s <= 64; s++) call(SIGACTION, s, (long)action, 0, 8, 0, 0);
  call(SIGPROCMASK, 2 /* SIG_SETMASK */, (long)&none, 0, 8, 0, 0);
}

// Process 1 of a container with --init: pass signals on, bury the dead, end as the child ended.
// All signals are blocked when this is called, so none is lost.
static __attribute__((noreturn)) void reap(long child) {
  u64 all = ~0UL;
  call(CLOSE_RANGE, 0, ~0U, 0, 0, 0, 0);
  for (;;) {
    long s = call(SIGTIMEDWAIT, (long)&all, 0, 0, 8, 0, 0);
    if (s > 0 && s != SIGCHLD) call(KILL, child, s, 0, 0, 0, 0);
    int status;
    long pid;
    while ((pid = call(WAIT4, -1, (long)&status, 1 /* WNOHANG */, 0, 0, 0)) > 0)
      if (pid == child) quit(status & 0x7f ? 128 + (status & 0x7f) : status >> 8 & 0xff);
  }
}

static long attempt(struct op *o, long *slot) {
  long a[6], result;
  for (int i = 0; i < 6; i++) a[i] = o->slots >> i & 1 ? slot[o->arg[i]] : o->arg[i];
  if (o->nr == UNLESS) return a[0] >= 0;
  if (o->nr == REAP) reap(a[0]);
  for (int tries = 0; tries < 256; tries++) {
    result = call(o->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
    if (result != -EINTR && result != -EAGAIN) break;
  }
  return result;
}

__attribute__((noreturn, used)) void launch(void) {
  calm();
  struct header *h = receive();
  long *slot = (long *)(h + 1);
  struct op *op = (struct op *)(slot + SLOTS);
  for (u32 i = 0; i < h->ops; i++) {
    struct op *o = op + i;
    long result = attempt(o, slot);
    if (o->out) slot[o->out - 1] = result;
    if (result == 0 && o->flags & MUST) quit(125);
    u32 code = result > 0 ? POSITIVE : -result;
    int known = result >= 0;
    for (int k = 0; k < 2; k++)
      if (code && (o->on[k].code == code || (o->on[k].code == ANY && result < 0))) {
        i += o->on[k].skip, known = 1;
        break;
      }
    if (!known) refuse(i, -result);
  }
  quit(125);
}
