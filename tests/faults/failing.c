/* A disk that fails when it is told to, for LD_PRELOAD.
 *
 * Every call that may fail for want of room or for a broken disk is counted where its file's path begins with a given
 * prefix, and the n-th fails with a given errno. What it is to do stands in a file that is mapped (its name is in
 * RETONE_FAILING), so that another process switches it while this one lives; faults.failing writes it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { ONCE = 0, ONWARDS = 1, SHORT = 2 };

struct orders {
    int64_t at;      /* the n of the call that fails, from 1; 0: none does */
    int64_t mode;    /* ONCE, ONWARDS, or SHORT: as ONWARDS, but the first write that fails writes half */
    int64_t error;   /* errno */
    int64_t seen;    /* calls counted since this was 0 */
    int64_t failed;  /* calls that failed since this was 0 */
    char prefix[PATH_MAX];
};

static struct orders *orders;

static int (*real_open)(const char *, int, ...);
static int (*real_openat)(int, const char *, int, ...);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off64_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_ftruncate)(int, off64_t);
static int (*real_fallocate)(int, off64_t, off64_t);
static int (*real_rename)(const char *, const char *);
static int (*real_renameat)(int, const char *, int, const char *);
static int (*real_link)(const char *, const char *);
static int (*real_linkat)(int, const char *, int, const char *, int);
static int (*real_mkdir)(const char *, mode_t);

__attribute__((constructor)) static void begin(void) {
    real_open = dlsym(RTLD_NEXT, "open64");
    real_openat = dlsym(RTLD_NEXT, "openat64");
    real_write = dlsym(RTLD_NEXT, "write");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    real_writev = dlsym(RTLD_NEXT, "writev");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
    real_fallocate = dlsym(RTLD_NEXT, "posix_fallocate64");
    real_rename = dlsym(RTLD_NEXT, "rename");
    real_renameat = dlsym(RTLD_NEXT, "renameat");
    real_link = dlsym(RTLD_NEXT, "link");
    real_linkat = dlsym(RTLD_NEXT, "linkat");
    real_mkdir = dlsym(RTLD_NEXT, "mkdir");
    const char *name = getenv("RETONE_FAILING");
    int file = name ? real_open(name, O_RDWR | O_CLOEXEC) : -1;
    if (file >= 0) {
        void *there = mmap(NULL, sizeof *orders, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        orders = there == MAP_FAILED ? NULL : there;
        close(file);
    }
}

/* Counts a call on `path`: 0 to let it be, 1 to fail it, 2 to do half of it first. */
static int fate(const char *path) {
    if (!orders || strncmp(path, orders->prefix, strlen(orders->prefix)) != 0 || !*orders->prefix)
        return 0;
    int64_t number = __atomic_add_fetch(&orders->seen, 1, __ATOMIC_SEQ_CST);
    if (!orders->at || number < orders->at || (orders->mode == ONCE && number > orders->at))
        return 0;
    __atomic_add_fetch(&orders->failed, 1, __ATOMIC_SEQ_CST);
    errno = (int)orders->error;
    return orders->mode == SHORT && number == orders->at ? 2 : 1;
}

static int fate_of_file(int file) {
    char link[64], path[PATH_MAX];
    if (!orders)
        return 0;
    int before = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t size = readlink(link, path, sizeof path - 1);
    errno = before;
    if (size < 0)
        return 0;
    path[size] = 0;
    return fate(path);
}

static int fate_in(int folder, const char *name) {
    char link[64], path[2 * PATH_MAX];
    if (!orders)
        return 0;
    if (*name == '/')
        return fate(name);
    int before = errno;
    if (folder == AT_FDCWD)
        snprintf(link, sizeof link, "/proc/self/cwd");
    else
        snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    ssize_t size = readlink(link, path, PATH_MAX);
    errno = before;
    if (size < 0)
        return 0;
    snprintf(path + size, sizeof path - size, "/%s", name);
    return fate(path);
}

static mode_t mode_of(int flags, va_list rest) {
    return flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0;
}

#define OPEN(name)                                                                                                     \
    int name(const char *path, int flags, ...) {                                                                       \
        va_list rest;                                                                                                  \
        va_start(rest, flags);                                                                                         \
        mode_t mode = mode_of(flags, rest);                                                                            \
        va_end(rest);                                                                                                  \
        return fate_in(AT_FDCWD, path) ? -1 : real_open(path, flags, mode);                                            \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                                                                   \
    int name(int folder, const char *path, int flags, ...) {                                                           \
        va_list rest;                                                                                                  \
        va_start(rest, flags);                                                                                         \
        mode_t mode = mode_of(flags, rest);                                                                            \
        va_end(rest);                                                                                                  \
        return fate_in(folder, path) ? -1 : real_openat(folder, path, flags, mode);                                    \
    }
OPENAT(openat)
OPENAT(openat64)

ssize_t write(int file, const void *data, size_t size) {
    int end = fate_of_file(file);
    if (end == 2 && size > 1)
        return real_write(file, data, size / 2);
    return end ? -1 : real_write(file, data, size);
}

#define PWRITE(name, offset)                                                                                           \
    ssize_t name(int file, const void *data, size_t size, offset at) {                                                 \
        int end = fate_of_file(file);                                                                                  \
        if (end == 2 && size > 1)                                                                                      \
            return real_pwrite(file, data, size / 2, at);                                                              \
        return end ? -1 : real_pwrite(file, data, size, at);                                                           \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t writev(int file, const struct iovec *parts, int count) {
    return fate_of_file(file) ? -1 : real_writev(file, parts, count);
}

int fsync(int file) { return fate_of_file(file) ? -1 : real_fsync(file); }
int fdatasync(int file) { return fate_of_file(file) ? -1 : real_fdatasync(file); }
int ftruncate(int file, off_t size) { return fate_of_file(file) ? -1 : real_ftruncate(file, size); }
int ftruncate64(int file, off64_t size) { return fate_of_file(file) ? -1 : real_ftruncate(file, size); }

int posix_fallocate(int file, off_t at, off_t size) {
    return fate_of_file(file) ? errno : real_fallocate(file, at, size);
}
int posix_fallocate64(int file, off64_t at, off64_t size) {
    return fate_of_file(file) ? errno : real_fallocate(file, at, size);
}

int rename(const char *from, const char *to) { return fate_in(AT_FDCWD, to) ? -1 : real_rename(from, to); }
int renameat(int of, const char *from, int in, const char *to) {
    return fate_in(in, to) ? -1 : real_renameat(of, from, in, to);
}
int link(const char *from, const char *to) { return fate_in(AT_FDCWD, to) ? -1 : real_link(from, to); }
int linkat(int of, const char *from, int in, const char *to, int flags) {
    return fate_in(in, to) ? -1 : real_linkat(of, from, in, to, flags);
}
int mkdir(const char *path, mode_t mode) { return fate_in(AT_FDCWD, path) ? -1 : real_mkdir(path, mode); }
