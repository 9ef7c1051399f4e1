#include "CMemory.h"

#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char text_before[512];
static char text_after[512];
static int exit_status;
static bool ends;

void memory_end_with(const char *before, const char *after, int status) {
    strncpy(text_before, before, sizeof text_before - 1);
    strncpy(text_after, after, sizeof text_after - 1);
    exit_status = status;
    ends = true;
}

void memory_return_from(size_t bytes) {
#if defined(__GLIBC__)
    mallopt(M_MMAP_THRESHOLD, (int)bytes);
#endif
}

void memory_exhausted(size_t bytes) {
    if (!ends) abort();
    // One write, of memory that is there already.
    char message[sizeof text_before + sizeof text_after + 24];
    size_t length = strlen(text_before);
    memcpy(message, text_before, length);
    char digits[24];
    size_t count = 0;
    for (size_t rest = (bytes >> 20) + ((bytes & 0xfffff) != 0); rest > 0 || count == 0; rest /= 10)
        digits[count++] = '0' + rest % 10;
    while (count > 0) message[length++] = digits[--count];
    const size_t rest = strlen(text_after);
    memcpy(message + length, text_after, rest);
    length += rest;
    for (ssize_t written = 0; written >= 0 && length > 0; length -= written) {
        written = write(STDERR_FILENO, message, length);
        if (written > 0) memmove(message, message + written, length - written);
    }
    _exit(exit_status);
}

// The allocator's functions, as glibc lets a program replace them: each asks the original (or, in a build
// with a sanitizer, that of the sanitizer), and sees whether it got something. The thread sanitizer cannot be
// called before it has started.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WITH_THREAD_SANITIZER
#endif
#endif
#if defined(__GLIBC__) && !defined(WITH_THREAD_SANITIZER)

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
extern void *__interceptor_malloc(size_t) __attribute__((weak));
extern void *__interceptor_calloc(size_t, size_t) __attribute__((weak));
extern void *__interceptor_realloc(void *, size_t) __attribute__((weak));
extern void *__interceptor_memalign(size_t, size_t) __attribute__((weak));

static void *checked(void *memory, size_t bytes) {
    if (!memory && bytes > 0 && ends) memory_exhausted(bytes);
    return memory;
}

void *malloc(size_t bytes) {
    return checked(__interceptor_malloc ? __interceptor_malloc(bytes) : __libc_malloc(bytes), bytes);
}

void *calloc(size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) bytes = SIZE_MAX;
    return checked(
        __interceptor_calloc ? __interceptor_calloc(count, size) : __libc_calloc(count, size), bytes);
}

void *realloc(void *memory, size_t bytes) {
    return checked(
        __interceptor_realloc ? __interceptor_realloc(memory, bytes) : __libc_realloc(memory, bytes),
        bytes);
}

static void *aligned(size_t alignment, size_t bytes) {
    return checked(
        __interceptor_memalign ? __interceptor_memalign(alignment, bytes)
                               : __libc_memalign(alignment, bytes),
        bytes);
}

void *memalign(size_t alignment, size_t bytes) { return aligned(alignment, bytes); }

void *aligned_alloc(size_t alignment, size_t bytes) { return aligned(alignment, bytes); }

int posix_memalign(void **result, size_t alignment, size_t bytes) {
    if (alignment % sizeof(void *) != 0 || alignment == 0 || (alignment & (alignment - 1)) != 0)
        return EINVAL;
    void *const memory = aligned(alignment, bytes);
    if (!memory && bytes > 0) return ENOMEM;
    *result = memory;
    return 0;
}

#endif
