/* Records what a process does to the files of one folder, in the order in which it does it.
 *
 * Preloaded into the program under test. From the record the state of the disk after a power cut at any moment is rebuilt:
 * see trace.rs, which reads what this writes. Nothing is changed in what the program sees, except that a sync may be slowed or
 * fail, reads and writes may be short, and the clock may be set.
 *
 *   DISK_FOLDER   the folder, as an absolute path without links
 *   DISK_RECORD   the file to append to; none: nothing is recorded
 *   DISK_SLOW_MS  a file: while it exists, each sync of a file takes as many milliseconds longer as it says
 *   DISK_FAIL     a file: while it exists, each sync of the database itself, and not of its log, is left out and fails with
 *                 EIO, which is what a checkpoint does; a byte is added to the file each time
 *
 *   DISK_SHORT    a file: while it exists, each read and write of a file in the folder moves half of what was asked for, as the
 *                 system may at any time; a byte is added to the file each time
 *   CLOCK_MOVED   a file of 8 bytes, which must be there: by so many milliseconds the clock of the day is moved, from the moment
 *                 on at which they are written. Clocks that only run are left alone
 *
 * A record is: kind (1 byte), inode (8), offset or size (8), length (4), then so many bytes. Little-endian.
 * It is appended by one write, while a lock is held from before the change until after it, so that records stand in the order
 * of the changes. The write-ahead log's index (-shm) is no durable state: SQLite makes it anew, and it is left out.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define FDS 65536
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned char kinds[FDS]; /* 0 not ours, 1 a file, 2 the folder */
static unsigned char is_database[FDS];
static uint64_t inodes[FDS];
static int record = -1;
static const volatile int64_t *moved;
static int (*real_clock)(clockid_t, struct timespec *);
static const char *folder;
static size_t folder_length;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("DISK_RECORD");
    folder = getenv("DISK_FOLDER");
    folder_length = folder ? strlen(folder) : 0;
    if (path && folder)
        record = REAL(open)(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    path = getenv("CLOCK_MOVED");
    if (path) {
        int file = REAL(open)(path, O_RDONLY | O_CLOEXEC);
        void *at = mmap(NULL, 8, PROT_READ, MAP_SHARED, file, 0);
        if (at == MAP_FAILED)
            abort();
        moved = at;
        REAL(close)(file);
    }
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    int result;
    if (!real_clock)
        real_clock = REAL(clock_gettime);
    result = real_clock(clock, time);
    if (result == 0 && clock == CLOCK_REALTIME && moved) {
        int64_t by = *moved, nanoseconds = time->tv_nsec + by % 1000 * 1000000;
        time->tv_sec += by / 1000 + (nanoseconds >= 1000000000) - (nanoseconds < 0);
        time->tv_nsec = nanoseconds >= 1000000000 ? nanoseconds - 1000000000
                        : nanoseconds < 0        ? nanoseconds + 1000000000
                                                 : nanoseconds;
    }
    return result;
}

static void put(unsigned char kind, uint64_t inode, uint64_t number, const void *bytes, uint32_t length) {
    char head[21];
    struct iovec parts[2] = {{head, sizeof head}, {(void *)bytes, length}};
    if (record < 0)
        return;
    head[0] = (char)kind;
    memcpy(head + 1, &inode, 8);
    memcpy(head + 9, &number, 8);
    memcpy(head + 17, &length, 4);
    if (REAL(writev)(record, parts, 2) != (ssize_t)(sizeof head + length))
        abort();
}

/* The name inside of the folder; NULL for what is not directly in it, or does not count. */
static const char *name_of(const char *path) {
    size_t length;
    if (!folder || !path || strncmp(path, folder, folder_length) != 0 || path[folder_length] != '/')
        return NULL;
    path += folder_length + 1;
    length = strlen(path);
    if (length == 0 || strchr(path, '/') || (length > 4 && strcmp(path + length - 4, "-shm") == 0))
        return NULL;
    return path;
}

static void put_name(unsigned char kind, uint64_t inode, const char *name) {
    put(kind, inode, 0, name, (uint32_t)strlen(name));
}

static void put_two(unsigned char kind, const char *from, const char *to) {
    char both[2 * NAME_MAX + 2];
    int length = snprintf(both, sizeof both, "%s/%s", from ? from : "", to ? to : "");
    put(kind, 0, 0, both, (uint32_t)length);
}

static int opened(int (*real)(const char *, int, ...), const char *path, int flags, mode_t mode) {
    const char *name = name_of(path);
    struct stat about;
    int file, is_new, saved;
    if (!name) {
        file = real(path, flags, mode);
        if (file >= 0 && file < FDS)
            kinds[file] = folder && strcmp(path, folder) == 0 ? 2 : 0;
        return file;
    }
    pthread_mutex_lock(&lock);
    is_new = access(path, F_OK) != 0;
    file = real(path, flags, mode);
    saved = errno;
    if (file >= 0 && file < FDS && fstat(file, &about) == 0) {
        kinds[file] = 1;
        is_database[file] = strcmp(name, "farthing.db") == 0;
        inodes[file] = about.st_ino;
        if (is_new)
            put_name('C', about.st_ino, name);
        else if (flags & O_TRUNC)
            put('T', about.st_ino, 0, NULL, 0);
    }
    errno = saved;
    pthread_mutex_unlock(&lock);
    return file;
}

#define MODE(flags)                                                                                                      \
    mode_t mode = 0;                                                                                                     \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                                                                               \
        va_list list;                                                                                                    \
        va_start(list, flags);                                                                                           \
        mode = va_arg(list, mode_t);                                                                                     \
        va_end(list);                                                                                                    \
    }

int open(const char *path, int flags, ...) {
    MODE(flags)
    return opened(REAL(open), path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    MODE(flags)
    return opened(REAL(open64), path, flags, mode);
}

int close(int file) {
    if (file >= 0 && file < FDS)
        kinds[file] = 0;
    return REAL(close)(file);
}

static int is_file(int file) { return file >= 0 && file < FDS && kinds[file] == 1; }

/* How much of what was asked for is moved now. */
static size_t allowed(int file, size_t count) {
    const char *path = getenv("DISK_SHORT");
    int told;
    if (!path || !is_file(file) || count < 2 || (told = REAL(open)(path, O_WRONLY | O_APPEND)) < 0)
        return count;
    if (REAL(write)(told, "x", 1) != 1)
        abort();
    REAL(close)(told);
    return count / 2;
}

ssize_t pread(int file, void *bytes, size_t count, off_t offset) {
    return REAL(pread)(file, bytes, allowed(file, count), offset);
}

ssize_t pread64(int file, void *bytes, size_t count, off64_t offset) {
    return REAL(pread64)(file, bytes, allowed(file, count), offset);
}

ssize_t read(int file, void *bytes, size_t count) { return REAL(read)(file, bytes, allowed(file, count)); }

/* One call that writes, recorded as far as it came. */
#define WRITING(offset, call, bytes)                                                                                     \
    off_t at;                                                                                                            \
    ssize_t done;                                                                                                        \
    int saved;                                                                                                           \
    if (!is_file(file))                                                                                                  \
        return call;                                                                                                     \
    pthread_mutex_lock(&lock);                                                                                           \
    at = (offset);                                                                                                       \
    done = call;                                                                                                         \
    saved = errno;                                                                                                       \
    if (done > 0)                                                                                                        \
        put('W', inodes[file], (uint64_t)at, bytes, (uint32_t)done);                                                     \
    errno = saved;                                                                                                       \
    pthread_mutex_unlock(&lock);                                                                                         \
    return done;

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
    count = allowed(file, count);
    WRITING(offset, REAL(pwrite)(file, bytes, count, offset), bytes)
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
    count = allowed(file, count);
    WRITING(offset, REAL(pwrite64)(file, bytes, count, offset), bytes)
}

ssize_t write(int file, const void *bytes, size_t count) {
    count = allowed(file, count);
    WRITING(lseek(file, 0, SEEK_CUR), REAL(write)(file, bytes, count), bytes)
}

/* Ways of writing that nothing here uses. A record without them would be a lie. */
ssize_t writev(int file, const struct iovec *parts, int count) {
    if (is_file(file))
        abort();
    return REAL(writev)(file, parts, count);
}

ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t length, unsigned flags) {
    if (is_file(to)) {
        errno = ENOSYS;
        return -1;
    }
    return REAL(copy_file_range)(from, from_at, to, to_at, length, flags);
}

#define CHANGING(kind, number, call)                                                                                     \
    int result, saved;                                                                                                   \
    if (!is_file(file))                                                                                                  \
        return call;                                                                                                     \
    pthread_mutex_lock(&lock);                                                                                           \
    result = call;                                                                                                       \
    saved = errno;                                                                                                       \
    if (result == 0)                                                                                                     \
        put(kind, inodes[file], (uint64_t)(number), NULL, 0);                                                            \
    errno = saved;                                                                                                       \
    pthread_mutex_unlock(&lock);                                                                                         \
    return result;

int ftruncate(int file, off_t size) { CHANGING('T', size, REAL(ftruncate)(file, size)) }

int ftruncate64(int file, off64_t size) { CHANGING('T', size, REAL(ftruncate64)(file, size)) }

static void slowly(int file) {
    const char *path = getenv("DISK_SLOW_MS");
    char text[16] = {0};
    int setting;
    if (!path || !is_file(file) || (setting = REAL(open)(path, O_RDONLY)) < 0)
        return;
    if (read(setting, text, sizeof text - 1) > 0) {
        long milliseconds = strtol(text, NULL, 10);
        struct timespec rest = {milliseconds / 1000, milliseconds % 1000 * 1000000};
        nanosleep(&rest, NULL);
    }
    REAL(close)(setting);
}

/* Whether a sync of this file is to fail now. */
static int fails(int file) {
    const char *path = getenv("DISK_FAIL");
    int told;
    if (!path || !is_file(file) || !is_database[file] || (told = REAL(open)(path, O_WRONLY | O_APPEND)) < 0)
        return 0;
    if (REAL(write)(told, "x", 1) != 1)
        abort();
    REAL(close)(told);
    return 1;
}

static int synced(int file, int (*real)(int)) {
    slowly(file);
    if (fails(file)) {
        errno = EIO;
        return -1;
    }
    if (file >= 0 && file < FDS && kinds[file] == 2) {
        int result;
        pthread_mutex_lock(&lock);
        result = real(file);
        if (result == 0)
            put('D', 0, 0, NULL, 0);
        pthread_mutex_unlock(&lock);
        return result;
    }
    CHANGING('S', 0, real(file))
}

int fsync(int file) { return synced(file, REAL(fsync)); }

int fdatasync(int file) { return synced(file, REAL(fdatasync)); }

#define NAMING(path, call, note)                                                                                         \
    int result, saved;                                                                                                   \
    if (!name_of(path))                                                                                                  \
        return call;                                                                                                     \
    pthread_mutex_lock(&lock);                                                                                           \
    result = call;                                                                                                       \
    saved = errno;                                                                                                       \
    if (result == 0)                                                                                                     \
        note;                                                                                                            \
    errno = saved;                                                                                                       \
    pthread_mutex_unlock(&lock);                                                                                         \
    return result;

int rename(const char *from, const char *to) {
    NAMING(to, REAL(rename)(from, to), put_two('R', name_of(from), name_of(to)))
}

int link(const char *from, const char *to) {
    NAMING(to, REAL(link)(from, to), put_two('L', name_of(from), name_of(to)))
}

int linkat(int from_at, const char *from, int to_at, const char *to, int flags) {
    NAMING(to, REAL(linkat)(from_at, from, to_at, to, flags), put_two('L', name_of(from), name_of(to)))
}

int unlink(const char *path) { NAMING(path, REAL(unlink)(path), put_name('U', 0, name_of(path))) }
