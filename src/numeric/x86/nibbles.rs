//! Look-ups and searches among sixteen entries, which a register or two hold.

use std::arch::x86_64::{
    __m128i, __m256, __m256d, __m256i, __m512, __m512i, _CMP_GT_OQ, _mm_and_si128, _mm_packus_epi16, _mm_packus_epi32,
    _mm_set1_epi8, _mm_set1_epi16, _mm_shuffle_epi8, _mm_srli_epi16, _mm_unpackhi_epi8, _mm_unpacklo_epi8,
    _mm256_add_epi32, _mm256_blendv_ps, _mm256_castps_si256, _mm256_cmp_ps, _mm256_madd_epi16, _mm256_packs_epi32,
    _mm256_permute4x64_epi64, _mm256_permutevar8x32_ps, _mm256_set1_epi32, _mm256_set1_ps, _mm256_setzero_si256,
    _mm256_sub_epi32, _mm512_and_si512, _mm512_castpd_ps, _mm512_castpd256_pd512, _mm512_castsi256_si512,
    _mm512_castsi512_si256, _mm512_cmp_ps_mask, _mm512_cvtepi64_epi8, _mm512_cvtepu8_epi32, _mm512_extracti64x4_epi64,
    _mm512_insertf64x4, _mm512_mask_add_epi32, _mm512_maskz_mov_epi32, _mm512_or_si512, _mm512_permutexvar_epi16,
    _mm512_permutexvar_ps, _mm512_set1_epi32, _mm512_set1_ps, _mm512_slli_epi32, _mm512_slli_epi64, _mm512_srli_epi32,
    _mm512_srli_epi64,
};

/// Finds the entries of codes by their lower and their upper bytes.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn look_up_avx2(table: &[u8; 32], codes: &[[u8; 16]], found: &mut [[u8; 64]]) {
    let entries: [__m128i; 2] = bytemuck::cast(*table);
    let lower = entries.map(|half| _mm_and_si128(half, _mm_set1_epi16(0xff)));
    let upper = entries.map(|half| _mm_srli_epi16::<8>(half));
    let [lower, upper] = [lower, upper].map(|[first, second]| _mm_packus_epi16(first, second));
    let mask = _mm_set1_epi8(15);
    for (codes, found) in codes.iter().zip(found) {
        let codes: __m128i = bytemuck::cast(*codes);
        let high = _mm_and_si128(_mm_srli_epi16::<4>(codes), mask);
        let low = _mm_and_si128(codes, mask);
        let (first, second) = (_mm_unpacklo_epi8(high, low), _mm_unpackhi_epi8(high, low));
        let [a, b] = [_mm_shuffle_epi8(lower, first), _mm_shuffle_epi8(upper, first)];
        let [c, d] = [_mm_shuffle_epi8(lower, second), _mm_shuffle_epi8(upper, second)];
        *found = bytemuck::cast([
            _mm_unpacklo_epi8(a, b),
            _mm_unpackhi_epi8(a, b),
            _mm_unpacklo_epi8(c, d),
            _mm_unpackhi_epi8(c, d),
        ]);
    }
}

/// Finds the entries of codes, of which each pair is made from a byte in 32 bits.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx2")]
pub(super) fn look_up_avx512(table: &[u8; 32], codes: &[[u8; 16]], found: &mut [[u8; 64]]) {
    let table = _mm512_castsi256_si512(bytemuck::cast::<_, __m256i>(*table));
    for (codes, found) in codes.iter().zip(found) {
        let codes = _mm512_cvtepu8_epi32(bytemuck::cast(*codes));
        let high = _mm512_srli_epi32::<4>(codes);
        let low = _mm512_and_si512(_mm512_slli_epi32::<16>(codes), _mm512_set1_epi32(15 << 16));
        let entries = _mm512_permutexvar_epi16(_mm512_or_si512(high, low), table);
        *found = bytemuck::cast([_mm512_castsi512_si256(entries), _mm512_extracti64x4_epi64::<1>(entries)]);
    }
}

/// How many of `bounds` lie below each of `values`, two counts to a byte.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn count_below_avx2(bounds: &[f32; 15], values: &[[f32; 16]], codes: &mut [[u8; 8]]) {
    // What a step compares with, by the answers so far, each a bit.
    let of = |stride: usize| std::array::from_fn(|answers| bounds[(answers * stride + stride / 2 - 1).min(14)]);
    let [third, fourth]: [__m256; 2] = [4, 2].map(|stride| bytemuck::cast::<[f32; 8], _>(of(stride)));
    let [quarter, half, three_quarters] = [3, 7, 11].map(|index: usize| _mm256_set1_ps(bounds[index]));
    let search = |values: __m256| {
        let is_above = |bound| _mm256_cmp_ps::<_CMP_GT_OQ>(values, bound);
        // A mask of ones is −1.
        let next = |answers, mask| _mm256_sub_epi32(_mm256_add_epi32(answers, answers), _mm256_castps_si256(mask));
        let mask = is_above(half);
        let answers = next(_mm256_setzero_si256(), mask);
        let answers = next(answers, is_above(_mm256_blendv_ps(quarter, three_quarters, mask)));
        let answers = next(answers, is_above(_mm256_permutevar8x32_ps(third, answers)));
        next(answers, is_above(_mm256_permutevar8x32_ps(fourth, answers)))
    };
    for (values, codes) in values.iter().zip(codes) {
        let [lower, upper]: [__m256; 2] = bytemuck::cast(*values);
        let counts = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packs_epi32(search(lower), search(upper)));
        // Sixteen times the first of two and the second.
        let pairs = _mm256_madd_epi16(counts, _mm256_set1_epi32(1 << 16 | 16));
        let [first, second]: [__m128i; 2] = bytemuck::cast(pairs);
        let pairs = _mm_packus_epi32(first, second);
        [*codes, _] = bytemuck::cast::<_, [[u8; 8]; 2]>(_mm_packus_epi16(pairs, pairs));
    }
}

/// How many of `bounds` lie below each of `values`, two counts to a byte.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx2")]
pub(super) fn count_below_avx512(bounds: &[f32; 15], values: &[[f32; 16]], codes: &mut [[u8; 8]]) {
    // What a step compares with, by the count so far.
    let after = |distance: usize| register(std::array::from_fn(|count| bounds[(count + distance).min(14)]));
    let steps: [(__m512, __m512i); 3] =
        [(3, 4), (1, 2), (0, 1)].map(|(distance, step)| (after(distance), _mm512_set1_epi32(step)));
    let (half, eight) = (_mm512_set1_ps(bounds[7]), _mm512_set1_epi32(8));
    for (values, codes) in values.iter().zip(codes) {
        let values = register(*values);
        let is_above = |bound| _mm512_cmp_ps_mask::<_CMP_GT_OQ>(values, bound);
        let mut counts = _mm512_maskz_mov_epi32(is_above(half), eight);
        for (bounds, step) in steps {
            let mask = is_above(_mm512_permutexvar_ps(counts, bounds));
            counts = _mm512_mask_add_epi32(counts, mask, counts, step);
        }
        // The first of two is the lower half of 64 bits and goes to the upper half of a byte.
        let pairs = _mm512_or_si512(_mm512_slli_epi64::<4>(counts), _mm512_srli_epi64::<32>(counts));
        [*codes, _] = bytemuck::cast::<_, [[u8; 8]; 2]>(_mm512_cvtepi64_epi8(pairs));
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn register(values: [f32; 16]) -> __m512 {
    let [lower, upper]: [__m256d; 2] = bytemuck::cast(values);
    _mm512_castpd_ps(_mm512_insertf64x4::<1>(_mm512_castpd256_pd512(lower), upper))
}
