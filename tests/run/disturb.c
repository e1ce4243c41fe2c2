/* Disturbs one operation on the file system below some folders: the n-th of every kind that changes a file or a name.

   Loaded before the C library (LD_PRELOAD), so that it sees what Python, SQLite and every other library of the process
   write: they all come by here. Armed by disturb() after a fork, or by the variable DISTURB for a program of its own:

       at | how | errno | path of a log | only paths that end so | folder | folder ...

   Operation number `at` (from 1; 0 counts only) is disturbed:
       kill    the process ends there; a writing first does half of its work
       once    it fails with errno, this one time
       full    as a full disk: a writing first does half; it and every later one that needs room fails, freeing goes on
       broken  it and every later one fails
   The log gets a line for each operation: its number, its name, its path. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum how { KILL, ONCE, FULL, BROKEN };
enum need { FREES, ROOM };

static char folders[4][PATH_MAX];
static int folder_count;
static char only[PATH_MAX];
static long at, counted;
static enum how how;
static int error, log_fd = -1;

static void arm(long new_at, const char *new_how, int new_error, int new_log, const char *new_only) {
    at = new_at;
    error = new_error;
    log_fd = new_log;
    how = !strcmp(new_how, "kill") ? KILL : !strcmp(new_how, "once") ? ONCE : !strcmp(new_how, "full") ? FULL : BROKEN;
    snprintf(only, sizeof only, "%s", new_only);
    counted = 0;
}

void disturb(const char *below, long new_at, const char *new_how, int new_error, int new_log, const char *new_only) {
    arm(new_at, new_how, new_error, new_log, new_only);
    folder_count = 0;
    for (const char *from = below; *from && folder_count < 4;) {
        size_t length = strcspn(from, "|");
        snprintf(folders[folder_count++], PATH_MAX, "%.*s", (int)length, from);
        from += length + (from[length] == '|');
    }
}

__attribute__((constructor)) static void armed_by_variable(void) {
    const char *said = getenv("DISTURB");
    if (!said) return;
    char copy[5 * PATH_MAX], *rest = copy, *part[5];
    snprintf(copy, sizeof copy, "%s", said);
    for (int n = 0; n < 5; n++)
        if (!(part[n] = strsep(&rest, "|"))) return;
    if (!rest) return;
    int log = *part[3] ? (int)syscall(SYS_openat, AT_FDCWD, part[3], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666) : -1;
    disturb(rest, atol(part[0]), part[1], atoi(part[2]), log, part[4]);
}

static int below(const char *path) {
    for (int n = 0; n < folder_count; n++) {
        size_t length = strlen(folders[n]);
        if (!strncmp(path, folders[n], length) && (!path[length] || path[length] == '/')) {
            size_t whole = strlen(path), end = strlen(only);
            return !end || (whole >= end && !strcmp(path + whole - end, only));
        }
    }
    return 0;
}

static void path_of_descriptor(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1);
    path[length < 0 ? 0 : length] = 0;
}

static void path_of_name(int folder, const char *name, char *path) {
    if (name[0] == '/') {
        snprintf(path, PATH_MAX, "%s", name);
        return;
    }
    char parent[PATH_MAX];
    if (folder != AT_FDCWD) path_of_descriptor(folder, parent);
    else if (syscall(SYS_getcwd, parent, sizeof parent) < 0) parent[0] = 0;
    snprintf(path, PATH_MAX, "%.2000s/%.2000s", parent, name);
}

static int exists(const char *path) {
    struct stat unused;
    return !syscall(SYS_newfstatat, AT_FDCWD, path, &unused, AT_SYMLINK_NOFOLLOW);
}

/* Whether the operation is to fail now; does not return when it is to be killed and there is nothing to do by half. */
static int struck(const char *name, const char *path, enum need need, int *first) {
    *first = 0;
    if (!folder_count || !below(path)) return 0;
    long number = __atomic_add_fetch(&counted, 1, __ATOMIC_SEQ_CST);
    int kept = errno;
    if (log_fd >= 0) {
        char line[PATH_MAX + 64];
        int length = snprintf(line, sizeof line, "%ld %s %s\n", number, name, path);
        syscall(SYS_write, log_fd, line, length);
    }
    errno = kept;
    *first = at && number == at;
    int later = at && number > at && (how == BROKEN || (how == FULL && need == ROOM));
    return *first || later;
}

static int fails(void) {
    if (how == KILL) {
        syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
        for (;;) pause();
    }
    errno = error;
    return -1;
}

#define REAL(name) __typeof__(&name) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
#define ON_NAME(folder, name_, what, need)                                   \
    char path[PATH_MAX];                                                     \
    int first;                                                               \
    path_of_name(folder, name_, path);                                       \
    if (struck(what, path, need, &first)) return fails()
#define ON_DESCRIPTOR(fd, what, need)                                        \
    char path[PATH_MAX];                                                     \
    int first;                                                               \
    path_of_descriptor(fd, path);                                            \
    if (struck(what, path, need, &first)) return fails()
/* Half of a writing is done first: torn by a kill, or as much as the disk still took. */
#define ON_WRITING(fd, size, half_written)                                   \
    char path[PATH_MAX];                                                     \
    int first;                                                               \
    path_of_descriptor(fd, path);                                            \
    if (struck("write", path, ROOM, &first)) {                               \
        if (first && (how == KILL || how == FULL) && (size) > 1) {           \
            ssize_t written = half_written;                                  \
            if (how == FULL && written > 0) return written;                  \
        }                                                                    \
        return fails();                                                      \
    }

ssize_t write(int fd, const void *from, size_t size) {
    REAL(write);
    ON_WRITING(fd, size, real(fd, from, size / 2));
    return real(fd, from, size);
}

ssize_t pwrite(int fd, const void *from, size_t size, off_t where) {
    REAL(pwrite);
    ON_WRITING(fd, size, real(fd, from, size / 2, where));
    return real(fd, from, size, where);
}

ssize_t pwrite64(int fd, const void *from, size_t size, off64_t where) {
    REAL(pwrite64);
    ON_WRITING(fd, size, real(fd, from, size / 2, where));
    return real(fd, from, size, where);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(writev);
    ON_WRITING(fd, count, real(fd, parts, count / 2));
    return real(fd, parts, count);
}

ssize_t sendfile64(int to, int from, off64_t *where, size_t size) {
    ssize_t (*real)(int, int, off64_t *, size_t) = dlsym(RTLD_NEXT, "sendfile64");
    ON_DESCRIPTOR(to, "sendfile", ROOM);
    return real(to, from, where, size);
}

ssize_t copy_file_range(int from, off64_t *at_from, int to, off64_t *at_to, size_t size, unsigned flags) {
    REAL(copy_file_range);
    ON_DESCRIPTOR(to, "copy_file_range", ROOM);
    return real(from, at_from, to, at_to, size, flags);
}

int fsync(int fd) {
    REAL(fsync);
    ON_DESCRIPTOR(fd, "fsync", ROOM);
    return real(fd);
}

int fdatasync(int fd) {
    REAL(fdatasync);
    ON_DESCRIPTOR(fd, "fdatasync", ROOM);
    return real(fd);
}

int ftruncate(int fd, off_t size) {
    REAL(ftruncate);
    ON_DESCRIPTOR(fd, "ftruncate", FREES);
    return real(fd, size);
}

int ftruncate64(int fd, off64_t size) {
    REAL(ftruncate64);
    ON_DESCRIPTOR(fd, "ftruncate", FREES);
    return real(fd, size);
}

int posix_fallocate64(int fd, off64_t from, off64_t size) {
    int (*real)(int, off64_t, off64_t) = dlsym(RTLD_NEXT, "posix_fallocate64");
    char path[PATH_MAX];
    int first;
    path_of_descriptor(fd, path);
    if (struck("fallocate", path, ROOM, &first)) return fails(), error;
    return real(fd, from, size);
}

int rename(const char *from, const char *to) {
    REAL(rename);
    ON_NAME(AT_FDCWD, to, "rename", FREES);
    return real(from, to);
}

int renameat(int from_folder, const char *from, int folder, const char *to) {
    REAL(renameat);
    ON_NAME(folder, to, "rename", FREES);
    return real(from_folder, from, folder, to);
}

int renameat2(int from_folder, const char *from, int folder, const char *to, unsigned flags) {
    REAL(renameat2);
    ON_NAME(folder, to, "rename", FREES);
    return real(from_folder, from, folder, to, flags);
}

int link(const char *from, const char *to) {
    REAL(link);
    ON_NAME(AT_FDCWD, to, "link", ROOM);
    return real(from, to);
}

int linkat(int from_folder, const char *from, int folder, const char *to, int flags) {
    REAL(linkat);
    ON_NAME(folder, to, "link", ROOM);
    return real(from_folder, from, folder, to, flags);
}

int unlink(const char *name) {
    REAL(unlink);
    ON_NAME(AT_FDCWD, name, "unlink", FREES);
    return real(name);
}

int unlinkat(int folder, const char *name, int flags) {
    REAL(unlinkat);
    ON_NAME(folder, name, flags & AT_REMOVEDIR ? "rmdir" : "unlink", FREES);
    return real(folder, name, flags);
}

int rmdir(const char *name) {
    REAL(rmdir);
    ON_NAME(AT_FDCWD, name, "rmdir", FREES);
    return real(name);
}

int mkdir(const char *name, mode_t mode) {
    REAL(mkdir);
    if (exists(name)) return real(name, mode); /* changes nothing */
    ON_NAME(AT_FDCWD, name, "mkdir", ROOM);
    return real(name, mode);
}

int mkdirat(int folder, const char *name, mode_t mode) {
    REAL(mkdirat);
    ON_NAME(folder, name, "mkdir", ROOM);
    return real(folder, name, mode);
}

/* Opening counts when it is for writing. */
static mode_t mode_of(int flags, va_list more) {
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
}

#define OPENS(function)                                                      \
    int function(const char *name, int flags, ...) {                         \
        va_list more;                                                        \
        va_start(more, flags);                                               \
        mode_t mode = mode_of(flags, more);                                  \
        va_end(more);                                                        \
        int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, #function);   \
        if ((flags & O_ACCMODE) != O_RDONLY || flags & O_CREAT) {            \
            ON_NAME(AT_FDCWD, name, "open", flags & O_CREAT ? ROOM : FREES); \
        }                                                                    \
        return real(name, flags, mode);                                      \
    }
#define OPENS_AT(function)                                                   \
    int function(int folder, const char *name, int flags, ...) {             \
        va_list more;                                                        \
        va_start(more, flags);                                               \
        mode_t mode = mode_of(flags, more);                                  \
        va_end(more);                                                        \
        int (*real)(int, const char *, int, ...) = dlsym(RTLD_NEXT, #function); \
        if ((flags & O_ACCMODE) != O_RDONLY || flags & O_CREAT) {            \
            ON_NAME(folder, name, "open", flags & O_CREAT ? ROOM : FREES);   \
        }                                                                    \
        return real(folder, name, flags, mode);                              \
    }

OPENS(open)
OPENS(open64)
OPENS_AT(openat)
OPENS_AT(openat64)
