#include "CProduct.h"

#include <string.h>

#if defined(__AVX512BF16__) || defined(__AVX512VNNI__)
#include <immintrin.h>
#endif

typedef float floats __attribute__((vector_size(64)));
typedef uint32_t words __attribute__((vector_size(64)));
typedef int32_t integers __attribute__((vector_size(64)));
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

typedef int8_t bytes16 __attribute__((vector_size(16)));

/// sum + four products each of unsigned and signed bytes, in sixteen lanes.
static inline words add_byte_products(words sum, words unsigned_bytes, words signed_bytes) {
#ifdef __AVX512VNNI__
    return (words)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)unsigned_bytes, (__m512i)signed_bytes);
#else
    integers result = (integers)sum;
#pragma clang loop unroll(full)
    for (int byte = 0; byte < 4; byte++)
        result += (integers)(unsigned_bytes << (24 - 8 * byte) >> 24)
            * ((integers)(signed_bytes << (24 - 8 * byte)) >> 24);
    return (words)result;
#endif
}

static inline floats integers_as_floats(words values) {
    return __builtin_convertvector((integers)values, floats);
}

static inline void int8_tile(const int8_t *a, const float *scales, const int32_t *offsets,
                             intptr_t rows, const int count, const uint8_t *panel, intptr_t quads,
                             const uint8_t *ahead, float *sums) {
    enum { block_quads = product_int8_block / 4, line_bytes = 4 * product_tile_columns };
    const intptr_t blocks = (quads + block_quads - 1) / block_quads;
    const int8_t *row[product_tile_rows];
    for (int r = 0; r < count; r++) {
        const intptr_t line = r < rows ? r : rows - 1;
        row[r] = a + line * blocks * product_int8_block;
        for (int half = 0; half < 2; half++)
            store(sums + r * product_tile_columns + half * lanes, (words){});
    }
    for (intptr_t block = 0; block < blocks; block++) {
        words low[product_tile_rows];
        words high[product_tile_rows];
#pragma clang loop unroll(full)
        for (int r = 0; r < count; r++) {
            const intptr_t line = r < rows ? r : rows - 1;
            low[r] = high[r] = broadcast((const uint32_t *)offsets + line * blocks + block);
        }
        const intptr_t first = block * block_quads;
        const intptr_t last = first + block_quads < quads ? first + block_quads : quads;
        for (intptr_t k = first; k < last; k++) {
            product_prefetch(ahead + k * line_bytes);
            product_prefetch(ahead + k * line_bytes + line_bytes / 2);
            const words left = load(panel + k * line_bytes);
            const words right = load(panel + k * line_bytes + line_bytes / 2);
#pragma clang loop unroll(full)
            for (int r = 0; r < count; r++) {
                uint32_t quad;
                memcpy(&quad, row[r] + 4 * k, sizeof quad);
                low[r] = add_byte_products(low[r], left, broadcast(&quad));
                high[r] = add_byte_products(high[r], right, broadcast(&quad));
            }
        }
#pragma clang loop unroll(full)
        for (int r = 0; r < count; r++) {
            const intptr_t line = r < rows ? r : rows - 1;
            const floats scale = scales[line * blocks + block] - (floats){};
            float *const target = sums + r * product_tile_columns;
            store(target,
                  (words)((floats)load(target) + scale * integers_as_floats(low[r])));
            store(target + lanes,
                  (words)((floats)load(target + lanes) + scale * integers_as_floats(high[r])));
        }
    }
}

void product_int8_tile(const int8_t *a, const float *scales, const int32_t *offsets, intptr_t rows,
                       const uint8_t *panel, intptr_t quads, const uint8_t *ahead, float *sums) {
    if (rows == 1) {
        int8_tile(a, scales, offsets, rows, 1, panel, quads, ahead, sums);
        return;
    }
#ifdef __AVX512F__
    int8_tile(a, scales, offsets, rows, 8, panel, quads, ahead, sums);
#else
    const intptr_t blocks = (4 * quads + product_int8_block - 1) / product_int8_block;
    for (intptr_t first = 0; first < rows && first < product_tile_rows; first += 2)
        int8_tile(a + first * blocks * product_int8_block, scales + first * blocks,
                  offsets + first * blocks, rows - first, 2, panel, quads, ahead,
                  sums + first * product_tile_columns);
#endif
}

void product_int8_row(const float *line, intptr_t count, int8_t *bytes, float *scales,
                      int32_t *offsets) {
    enum { vectors = product_int8_block / lanes, infinity = 0x7f800000 };
    // Adding it leaves a number's nearest integer in the lowest bits of the sum.
    const floats shift = 12582912 - (floats){};
    for (intptr_t first = 0; first < count; first += product_int8_block) {
        floats values[vectors] = {};
        if (count - first >= product_int8_block)
            memcpy(values, line + first, sizeof values);
        else
            memcpy(values, line + first, (count - first) * sizeof *line);
        // Sizes as integers: larger than all finite numbers is infinity, and larger still what is no
        // number, which a maximum of floats may overlook.
        words sizes = {};
#pragma clang loop unroll(full)
        for (int i = 0; i < vectors; i++)
            sizes = __builtin_elementwise_max(sizes, (words)values[i] & 0x7fffffffu);
        const uint32_t size = __builtin_reduce_max(sizes);
        float largest;
        memcpy(&largest, &size, sizeof largest);
        float *const scale = scales + first / product_int8_block;
        int32_t *const offset = offsets + first / product_int8_block;
        if (size >= infinity) {
            memset(bytes + first, 0, product_int8_block);
            *scale = __builtin_nanf("");
            *offset = 0;
            continue;
        }
        // So that the inverse of a tiny number is finite.
        const float lift = largest < 0x1p-100f ? 0x1p64f : 1;
        const float factor = largest > 0 ? 127 / (largest * lift) : 0;
        words total = {};
#pragma clang loop unroll(full)
        for (int i = 0; i < vectors; i++) {
            const words integers = (words)(values[i] * lift * factor + shift) - (words)shift;
            const bytes16 rounded = __builtin_convertvector(integers, bytes16);
            memcpy(bytes + first + i * lanes, &rounded, sizeof rounded);
            total += integers;
        }
        *scale = largest / 127;
        *offset = -128 * (int32_t)__builtin_reduce_add(total);
    }
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
