#include "CProduct.h"

#include <string.h>

#ifdef __AVX512BF16__
#include <immintrin.h>
#endif

typedef float floats __attribute__((vector_size(64)));
typedef uint32_t words __attribute__((vector_size(64)));
typedef uint16_t halves __attribute__((vector_size(32)));
#ifdef __AVX512BF16__
typedef __bf16 shorts __attribute__((vector_size(32)));
#endif

enum { lanes = 16 };

static inline words load(const void *source) {
    words result;
    memcpy(&result, source, sizeof result);
    return result;
}

static inline void store(void *target, words value) { memcpy(target, &value, sizeof value); }

/// sum + a * b for sixteen pairs.
static inline floats add_products(floats sum, words a, words b) {
#ifdef __AVX512BF16__
    return (floats)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)b);
#else
    sum += (floats)(a & 0xffff0000u) * (floats)(b & 0xffff0000u);
    return sum + (floats)(a << 16) * (floats)(b << 16);
#endif
}

static inline words broadcast(const uint32_t *value) { return *value - (words){}; }

static inline void tile(const uint32_t *a, intptr_t row_stride, intptr_t step, intptr_t rows,
                        const int count, const uint32_t *panel, intptr_t pairs,
                        const uint32_t *ahead, float *sums) {
    const uint32_t *row[product_tile_rows];
    floats low[product_tile_rows];
    floats high[product_tile_rows];
    for (int r = 0; r < count; r++) {
        row[r] = a + (r < rows ? r : rows - 1) * row_stride;
        low[r] = high[r] = (floats){};
    }
    for (intptr_t k = 0; k < pairs; k++) {
        product_prefetch(ahead + k * lanes);
        const words left = load(panel + k * product_tile_columns);
        const words right = load(panel + k * product_tile_columns + lanes);
#pragma clang loop unroll(full)
        for (int r = 0; r < count; r++) {
            const words factor = broadcast(row[r] + k * step);
            low[r] = add_products(low[r], factor, left);
            high[r] = add_products(high[r], factor, right);
        }
    }
    for (int r = 0; r < count; r++) {
        store(sums + r * product_tile_columns, (words)low[r]);
        store(sums + r * product_tile_columns + lanes, (words)high[r]);
    }
}

void product_bfloat16_tile(const uint32_t *a, intptr_t row_stride, intptr_t step, intptr_t rows,
                           const uint32_t *panel, intptr_t pairs, const uint32_t *ahead,
                           float *sums) {
    if (rows <= 2) {
        tile(a, row_stride, step, rows, 2, panel, pairs, ahead, sums);
        return;
    }
#ifdef __AVX512F__
    // Known distances leave more registers to the loop.
    if (step == 1)
        tile(a, row_stride, 1, rows, 8, panel, pairs, ahead, sums);
    else if (step == product_tile_rows && row_stride == 1 && rows == product_tile_rows)
        tile(a, 1, product_tile_rows, product_tile_rows, 8, panel, pairs, ahead, sums);
    else
        tile(a, row_stride, step, rows, 8, panel, pairs, ahead, sums);
#else
    for (intptr_t first = 0; first < rows; first += 2)
        tile(a + first * row_stride, row_stride, step, rows - first, 2, panel, pairs, ahead,
             sums + first * product_tile_columns);
#endif
}

typedef int8_t bytes __attribute__((vector_size(16)));

static inline floats load_bytes(const int8_t *source) {
    bytes result;
    memcpy(&result, source, sizeof result);
    return __builtin_convertvector(result, floats);
}

static inline void int8_tile(const float *a, intptr_t row_stride, intptr_t rows, const int count,
                             const int8_t *panel, intptr_t inner, const int8_t *ahead,
                             float *sums) {
    const float *row[product_tile_rows];
    floats low[product_tile_rows];
    floats high[product_tile_rows];
    for (int r = 0; r < count; r++) {
        row[r] = a + (r < rows ? r : rows - 1) * row_stride;
        low[r] = high[r] = (floats){};
    }
    for (intptr_t k = 0; k < inner; k++) {
        product_prefetch(ahead + k * product_tile_columns);
        const floats left = load_bytes(panel + k * product_tile_columns);
        const floats right = load_bytes(panel + k * product_tile_columns + lanes);
#pragma clang loop unroll(full)
        for (int r = 0; r < count; r++) {
            const floats factor = row[r][k] - (floats){};
            low[r] += factor * left;
            high[r] += factor * right;
        }
    }
    for (int r = 0; r < count; r++) {
        store(sums + r * product_tile_columns, (words)low[r]);
        store(sums + r * product_tile_columns + lanes, (words)high[r]);
    }
}

void product_int8_tile(const float *a, intptr_t row_stride, intptr_t rows, const int8_t *panel,
                       intptr_t inner, const int8_t *ahead, float *sums) {
    if (rows == 1) {
        int8_tile(a, row_stride, rows, 1, panel, inner, ahead, sums);
        return;
    }
#ifdef __AVX512F__
    int8_tile(a, row_stride, rows, 8, panel, inner, ahead, sums);
#else
    for (intptr_t first = 0; first < rows && first < product_tile_rows; first += 2)
        int8_tile(a + first * row_stride, row_stride, rows - first, 2, panel, inner, ahead,
                  sums + first * product_tile_columns);
#endif
}

/// Sixteen floats rounded to the nearest bfloat16, halves to even; a NaN stays one.
static inline halves rounded(const float *source) {
    floats values;
    memcpy(&values, source, sizeof values);
#ifdef __AVX512BF16__
    return (halves)__builtin_convertvector(values, shorts);
#else
    const words bits = (words)values;
    const words nan = (words)(values != values);
    const words nearest = bits + 0x7fff + (bits >> 16 & 1);
    return __builtin_convertvector(((nearest & ~nan) | ((bits | 0x400000) & nan)) >> 16, halves);
#endif
}

static inline uint32_t pair(float low, float high) {
    const float numbers[lanes] = {low, high};
    const halves result = rounded(numbers);
    return result[0] | (uint32_t)result[1] << 16;
}

void product_pair_lines(const float *low, const float *high, uint32_t *pairs, intptr_t count) {
    intptr_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        const words left = __builtin_convertvector(rounded(low + i), words);
        const words right =
            high ? __builtin_convertvector(rounded(high + i), words) : (words){};
        store(pairs + i, left | right << 16);
    }
    for (; i < count; i++) pairs[i] = pair(low[i], high ? high[i] : 0);
}

void product_pair_neighbours(const float *line, uint32_t *pairs, intptr_t count) {
    intptr_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        const halves numbers = rounded(line + i);
        memcpy(pairs + i / 2, &numbers, sizeof numbers);
    }
    for (; i < count; i += 2) pairs[i / 2] = pair(line[i], i + 1 < count ? line[i + 1] : 0);
}

void product_transpose(const void *source, intptr_t source_stride, void *target,
                       intptr_t target_stride) {
    words line[lanes];
    words next[lanes];
#pragma clang loop unroll(full)
    for (int i = 0; i < lanes; i++) line[i] = load((const uint32_t *)source + i * source_stride);
    // Four rounds of a perfect shuffle of the upper with the lower half of the lines.
#pragma clang loop unroll(full)
    for (int round = 0; round < 4; round++) {
#pragma clang loop unroll(full)
        for (int i = 0; i < lanes / 2; i++) {
            const words upper = line[i];
            const words lower = line[i + lanes / 2];
            next[2 * i] = __builtin_shufflevector(upper, lower, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5,
                                                  21, 6, 22, 7, 23);
            next[2 * i + 1] = __builtin_shufflevector(upper, lower, 8, 24, 9, 25, 10, 26, 11, 27,
                                                      12, 28, 13, 29, 14, 30, 15, 31);
        }
#pragma clang loop unroll(full)
        for (int i = 0; i < lanes; i++) line[i] = next[i];
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < lanes; i++) store((uint32_t *)target + i * target_stride, line[i]);
}
