#include "allocation_limit.h"

#include <sanitizer/allocator_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

static atomic_llong held;
static atomic_llong limit;

static void add(long long bytes) {
    long long most = atomic_load_explicit(&limit, memory_order_relaxed);
    if (most == 0) return;
    long long now = atomic_fetch_add_explicit(&held, bytes, memory_order_relaxed) + bytes;
    if (bytes < 0 || now <= most) return;
    allocation_limit_clear();
    fprintf(stderr, "ERROR: memory: %lld bytes are asked for, %lld held, expected at most %lld\n",
            bytes, now, most);
    __sanitizer_print_stack_trace();
    abort();
}

static void allocated(const volatile void *block, size_t size) {
    (void)block;
    add((long long)size);
}

static void freed(const volatile void *block) {
    if (block) add(-(long long)__sanitizer_get_allocated_size(block));
}

void allocation_limit_set(size_t bytes) {
    static atomic_flag installed = ATOMIC_FLAG_INIT;
    if (!atomic_flag_test_and_set(&installed))
        __sanitizer_install_malloc_and_free_hooks(allocated, freed);
    atomic_store(&held, 0);
    atomic_store(&limit, (long long)bytes);
}

void allocation_limit_clear(void) { atomic_store(&limit, 0); }

// The linker has all calls of mmap come here (--wrap=mmap). What is given back is not subtracted: none
// of the targets maps memory again and again.

void *__real_mmap(void *, size_t, int, int, int, off_t);

void *__wrap_mmap(void *at, size_t size, int protection, int flags, int file, off_t offset) {
    if (flags & MAP_ANONYMOUS) add((long long)size);
    return __real_mmap(at, size, protection, flags, file, offset);
}

// The package manager calls the beginning of an executable after the product; libFuzzer brings it.

int LLVMFuzzerTestOneInput(const unsigned char *, size_t);
int LLVMFuzzerRunDriver(int *, char ***, int (*)(const unsigned char *, size_t));

int fuzz_main(int count, char **arguments) {
    return LLVMFuzzerRunDriver(&count, &arguments, LLVMFuzzerTestOneInput);
}
