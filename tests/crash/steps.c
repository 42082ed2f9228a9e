/* Counts a process's steps on a disk, and at a chosen one kills it or fails the call.
 *
 * Loaded before the C library (LD_PRELOAD), so that SQLite's calls are met as well as Python's. A step is a call
 * that changes something below a folder, or makes it durable. Idle until `steps_arm` is called.
 *
 *   cc -shared -fPIC -O1 -o steps.so steps.c -ldl
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { COUNT, KILL, FAIL_ONCE, FAIL_FROM_HERE, FULL_FROM_HERE };

static char root[PATH_MAX];
static size_t root_length;
static int mode, failure, log_descriptor = -1;
static long chosen;
static char only[NAME_MAX + 64];
static __thread char of_descriptor[NAME_MAX + 1];
static atomic_long counter;

/* Begins counting at 1. `log`: a descriptor that a line for each step is written to, or -1.
 * `kind`: a call and what it is about; then only such steps count. "" for all. */
void steps_arm(const char *folder, int how, long step, int error, int log, const char *kind) {
    root_length = 0;
    atomic_store(&counter, 0);
    mode = how, chosen = step, failure = error, log_descriptor = log;
    strncpy(only, kind, sizeof only - 1);
    strncpy(root, folder, sizeof root - 1);
    root_length = strlen(root);
}

long steps_taken(void) { return atomic_load(&counter); }

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int path_is_ours(const char *path) {
    return root_length && strncmp(path, root, root_length) == 0 && (path[root_length] == '/' || !path[root_length]);
}

static const char *last_part(const char *path) {
    const char *slash = strrchr(path, '/');
    return strcmp(path, root) == 0 ? "." : slash ? slash + 1 : path;
}

/* Notes in `of_descriptor` what it is. */
static int descriptor_is_ours(int descriptor) {
    char link[64], path[PATH_MAX];
    if (!root_length) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    snprintf(of_descriptor, sizeof of_descriptor, "%s", last_part(path));
    return path_is_ours(path);
}

static int place_is_ours(int folder, const char *path) {
    if (!root_length) return 0;
    return path[0] == '/' ? path_is_ours(path) : folder != AT_FDCWD && descriptor_is_ours(folder);
}

enum kind { ROOM, FREES, OTHER };

static int counts(const char *name, const char *about) {
    char kind[sizeof only];
    if (!only[0]) return 1;
    snprintf(kind, sizeof kind, "%s %s", name, last_part(about));
    return strcmp(kind, only) == 0;
}

/* One step: counts it, and says whether the call is to fail (errno is set). */
static int step(const char *name, const char *about, enum kind kind) {
    if (!counts(name, about)) return 0;
    long number = atomic_fetch_add(&counter, 1) + 1;
    if (log_descriptor >= 0) {
        char line[512];
        int length = snprintf(line, sizeof line, "%ld %s %.400s\n", number, name, last_part(about));
        ssize_t (*out)(int, const void *, size_t) = REAL(write);
        if (out(log_descriptor, line, length) < 0) return 0;
    }
    if (mode == KILL && number == chosen) kill(getpid(), SIGKILL), pause();
    if ((mode == FAIL_ONCE && number == chosen) || (mode == FAIL_FROM_HERE && number >= chosen)
        || (mode == FULL_FROM_HERE && number >= chosen && kind == ROOM)) {
        errno = failure;
        return 1;
    }
    return 0;
}

/* A write that is killed has happened by half. */
static int write_step(const char *name, int descriptor, const void *data, size_t size, off_t at) {
    if (mode == KILL && size > 1 && counts(name, of_descriptor) && atomic_load(&counter) + 1 == chosen) {
        if (at < 0) {
            if (REAL(write)(descriptor, data, size / 2) < 0) return 1;
        } else if (REAL(pwrite)(descriptor, data, size / 2, at) < 0) return 1;
    }
    return step(name, of_descriptor, ROOM);
}

ssize_t write(int descriptor, const void *data, size_t size) {
    if (descriptor_is_ours(descriptor) && write_step("write", descriptor, data, size, -1)) return -1;
    return REAL(write)(descriptor, data, size);
}
#define PWRITE(name, offset_type) \
    ssize_t name(int descriptor, const void *data, size_t size, offset_type at) { \
        if (descriptor_is_ours(descriptor) && write_step(#name, descriptor, data, size, at)) return -1; \
        return REAL(name)(descriptor, data, size, at); \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define ON_DESCRIPTOR(name, kind) \
    int name(int descriptor) { \
        if (descriptor_is_ours(descriptor) && step(#name, of_descriptor, kind)) return -1; \
        return REAL(name)(descriptor); \
    }
ON_DESCRIPTOR(fsync, OTHER)
ON_DESCRIPTOR(fdatasync, OTHER)
ON_DESCRIPTOR(syncfs, OTHER)

#define CUT(name, offset_type) \
    int name(int descriptor, offset_type length) { \
        if (descriptor_is_ours(descriptor) && step(#name, of_descriptor, FREES)) return -1; \
        return REAL(name)(descriptor, length); \
    }
CUT(ftruncate, off_t)
CUT(ftruncate64, off64_t)

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        va_list more; va_start(more, flags); mode_t rights = va_arg(more, mode_t); va_end(more); \
        if ((flags & O_CREAT) && place_is_ours(AT_FDCWD, path) && step(#name, path, ROOM)) return -1; \
        return REAL(name)(path, flags, rights); \
    }
OPEN(open)
OPEN(open64)
#define OPENAT(name) \
    int name(int folder, const char *path, int flags, ...) { \
        va_list more; va_start(more, flags); mode_t rights = va_arg(more, mode_t); va_end(more); \
        if ((flags & O_CREAT) && place_is_ours(folder, path) && step(#name, path, ROOM)) return -1; \
        return REAL(name)(folder, path, flags, rights); \
    }
OPENAT(openat)
OPENAT(openat64)

int mkdir(const char *path, mode_t rights) {
    if (place_is_ours(AT_FDCWD, path) && step("mkdir", path, ROOM)) return -1;
    return REAL(mkdir)(path, rights);
}
int mkdirat(int folder, const char *path, mode_t rights) {
    if (place_is_ours(folder, path) && step("mkdirat", path, ROOM)) return -1;
    return REAL(mkdirat)(folder, path, rights);
}
int unlink(const char *path) {
    if (place_is_ours(AT_FDCWD, path) && step("unlink", path, FREES)) return -1;
    return REAL(unlink)(path);
}
int unlinkat(int folder, const char *path, int flags) {
    if (place_is_ours(folder, path) && step("unlinkat", path, FREES)) return -1;
    return REAL(unlinkat)(folder, path, flags);
}
int renameat(int from, const char *path, int to, const char *new_path) {
    if (place_is_ours(to, new_path) && step("renameat", new_path, OTHER)) return -1;
    return REAL(renameat)(from, path, to, new_path);
}
int renameat2(int from, const char *path, int to, const char *new_path, unsigned flags) {
    if (place_is_ours(to, new_path) && step("renameat2", new_path, OTHER)) return -1;
    return REAL(renameat2)(from, path, to, new_path, flags);
}
int futimens(int descriptor, const struct timespec times[2]) {
    if (descriptor_is_ours(descriptor) && step("futimens", of_descriptor, OTHER)) return -1;
    return REAL(futimens)(descriptor, times);
}
