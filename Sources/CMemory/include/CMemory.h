// What happens when memory runs out. Swift traps where an allocation fails, with a backtrace that says
// nothing to a user; so the allocator itself ends the process, with a message, whoever asked it.
#ifndef CMEMORY_H
#define CMEMORY_H

#include <stddef.h>

/// From here on, an allocation that fails writes `before`, the number of MiB that were asked for, and
/// `after` to standard error and ends the process with `status`. The texts are copied.
void memory_end_with(const char *before, const char *after, int status);

/// Lets the allocator give back pieces of so many bytes or more as soon as they are freed, so that memory
/// in use is memory that is needed.
void memory_return_from(size_t bytes);

/// Ends the process as ``memory_end_with`` says, or by `abort` if it never was called.
void memory_exhausted(size_t bytes) __attribute__((noreturn));

#endif
