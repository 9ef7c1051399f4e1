#pragma once

#include <stddef.h>

/// Ends the process with SIGABRT, after saying where, as soon as it holds `bytes` bytes more than now.
/// Counted is what the allocator gives out, and memory that is mapped without a file.
void allocation_limit_set(size_t bytes);

/// Ends the counting.
void allocation_limit_clear(void);
