// What kernels need and Swift cannot say: the dot product instruction for bfloat16 (AVX512-BF16) and
// for bytes (AVX512-VNNI), conversion to bfloat16, transposition in registers, and waiting in a loop.
//
// A pair is two bfloat16 numbers of neighbouring inner indices in 32 bits, the lower index in the
// lower half.
#ifndef CPRODUCT_H
#define CPRODUCT_H

#include <stdbool.h>
#include <stdint.h>

enum { product_tile_rows = 8, product_tile_columns = 32 };

/// Whether the processor that this was compiled for has registers of 512 bits.
static inline bool product_has_wide_vectors(void) {
#ifdef __AVX512F__
    return true;
#else
    return false;
#endif
}

/// Whether the processor that this was compiled for multiplies bfloat16 numbers.
static inline bool product_has_bfloat16(void) {
#ifdef __AVX512BF16__
    return true;
#else
    return false;
#endif
}

/// Whether the processor that this was compiled for multiplies bytes.
static inline bool product_has_byte_products(void) {
#ifdef __AVX512VNNI__
    return true;
#else
    return false;
#endif
}

/// sums[r][c] = sum over k of a[r][k] * panel[k][c], in float, in ascending order of k.
///
/// a: element (r, k) is at a + r * row_stride + k * step, `rows` <= 8 of them exist, the others repeat
/// the last one. panel: (pairs, 32). sums: (8, 32). ahead: `pairs` cache lines that will be needed soon.
void product_bfloat16_tile(const uint32_t *a, intptr_t row_stride, intptr_t step, intptr_t rows,
                           const uint32_t *panel, intptr_t pairs, const uint32_t *ahead,
                           float *sums);

/// How many inner indices of a row are rounded with a scale of their own.
enum { product_int8_block = 64 };

/// Rounds a row to eight bits, blocks of inner indices each with the scale that makes the largest of
/// them +-127: value = scale * byte. Bytes and sums are filled up with zeros to whole blocks. The scale of
/// a block that holds an infinity or no number is no number, and its bytes are zero.
///
/// bytes: (blocks, 64). scales: (blocks). offsets: (blocks), -128 * the sum of the block's bytes.
void product_int8_row(const float *line, intptr_t count, int8_t *bytes, float *scales,
                      int32_t *offsets);

/// sums[r][c] = sum over blocks of scales[r][b] * sum over k of a[r][k] * (panel[k][c] - 128), the inner
/// sums exact, the outer one in float, in ascending order.
///
/// a: (rows, blocks, 64) signed bytes; scales, offsets: (rows, blocks); `rows` <= 8 of them exist, the
/// others repeat the last one. panel: (quads, 32, 4) bytes; blocks: quads / 16, rounded up.
/// sums: (8, 32). ahead: as many bytes as the panel has, needed soon.
void product_int8_tile(const int8_t *a, const float *scales, const int32_t *offsets, intptr_t rows,
                       const uint8_t *panel, intptr_t quads, const uint8_t *ahead, float *sums);

/// Asks for a cache line that will be needed soon.
static inline void product_prefetch(const void *line) { __builtin_prefetch(line, 0, 2); }

/// Waits for a few dozen cycles, and lets the rest of the processor know that it does.
static inline void processor_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb");
#endif
}

/// Pairs of two lines: pairs[i] = (low[i], high[i]), `count` of them, rounded to nearest even. Without
/// a second line, zeros.
void product_pair_lines(const float *low, const float *high,
                        uint32_t *pairs, intptr_t count);

/// Pairs of neighbours: pairs[i] = (line[2i], line[2i + 1]); zero stands for what is beyond `count`.
void product_pair_neighbours(const float *line, uint32_t *pairs, intptr_t count);

/// Transposes 16 by 16 elements of 32 bits; strides are distances between lines, in elements.
void product_transpose(const void *source, intptr_t source_stride, void *target,
                       intptr_t target_stride);

#endif
