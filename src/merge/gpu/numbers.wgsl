// Between stored bits and the bits of an f32, in integer arithmetic.
//
// A compiler for WGSL may assume that no float is NaN or infinite, may flush subnormals, and may round `pack2x16float`
// as it likes. Integers leave it no choice: these functions give the bits that the CPU's conversions give.

// The dtypes of a pipeline, given when it is made; the numbers are those of `pipelines.rs`.
override INPUT_DTYPE: u32;
override OUTPUT_DTYPE: u32;

const F32: u32 = 0u;
const F16: u32 = 1u;
const BF16: u32 = 2u;

const SIGN: u32 = 0x80000000u;
const MAGNITUDE: u32 = 0x7fffffffu;
const INFINITY: u32 = 0x7f800000u;
const QUIET: u32 = 0x00400000u;

fn is_nan(bits: u32) -> bool {
    return (bits & MAGNITUDE) > INFINITY;
}

fn is_finite(bits: u32) -> bool {
    return (bits & MAGNITUDE) < INFINITY;
}

// Exact; `stored` is in the low bits.
fn widen(dtype: u32, stored: u32) -> u32 {
    if dtype == F32 {
        return stored;
    }
    if dtype == BF16 {
        return stored << 16u;
    }
    return widen_f16(stored);
}

fn widen_f16(stored: u32) -> u32 {
    let sign = (stored & 0x8000u) << 16u;
    let magnitude = stored & 0x7fffu;
    if magnitude >= 0x7c00u {
        return sign | INFINITY | ((magnitude & 0x03ffu) << 13u);
    }
    if magnitude >= 0x0400u {
        // The exponent's bias grows from 15 to 127.
        return sign | ((magnitude << 13u) + 0x38000000u);
    }
    // A subnormal f16 is a whole number of 2^-24, which f32 holds as a normal number.
    return sign | bitcast<u32>(f32(magnitude) * 0x1p-24f);
}

// Rounded once, to nearest even.
fn narrow(dtype: u32, bits: u32) -> u32 {
    if dtype == F32 {
        return bits;
    }
    if dtype == BF16 {
        return narrow_bf16(bits);
    }
    return narrow_f16(bits);
}

fn narrow_bf16(bits: u32) -> u32 {
    if is_nan(bits) {
        return (bits | QUIET) >> 16u;
    }
    return (bits + 0x7fffu + ((bits >> 16u) & 1u)) >> 16u;
}

fn narrow_f16(bits: u32) -> u32 {
    let sign = (bits & SIGN) >> 16u;
    let magnitude = bits & MAGNITUDE;
    if magnitude > INFINITY {
        return sign | 0x7e00u | ((magnitude >> 13u) & 0x03ffu);
    }
    if magnitude >= 0x47800000u {
        // From 2^16 on; 65520 and above, which round up to it, carry into the exponent below.
        return sign | 0x7c00u;
    }
    if magnitude >= 0x38800000u {
        let rebiased = magnitude - 0x38000000u;
        return sign | ((rebiased + 0x0fffu + ((rebiased >> 13u) & 1u)) >> 13u);
    }
    if magnitude <= 0x33000000u {
        // Up to 2^-25, half of the smallest f16, which is a tie with the even zero.
        return sign;
    }
    // A subnormal f16: the significand is shifted to a whole number of 2^-24.
    let significand = (magnitude & 0x007fffffu) | 0x00800000u;
    let shift = 126u - (magnitude >> 23u);
    let whole = significand >> shift;
    let rest = significand & ((1u << shift) - 1u);
    let tie = 1u << (shift - 1u);
    let rounds_up = rest > tie || (rest == tie && (whole & 1u) == 1u);
    return sign | (whole + select(0u, 1u, rounds_up));
}

// Bits of the output dtype without its sign.
fn stored_magnitude(stored: u32) -> u32 {
    return stored & select(0x7fffu, MAGNITUDE, OUTPUT_DTYPE == F32);
}

// Infinity in the output dtype.
fn stored_infinity() -> u32 {
    if OUTPUT_DTYPE == F32 {
        return INFINITY;
    }
    return select(0x7c00u, 0x7f80u, OUTPUT_DTYPE == BF16);
}

// `left != right` as floats of the output dtype compare: zeros are equal whatever their sign, NaN equals nothing.
fn stored_differ(left: u32, right: u32) -> bool {
    let left_magnitude = stored_magnitude(left);
    let right_magnitude = stored_magnitude(right);
    let any_nan = left_magnitude > stored_infinity() || right_magnitude > stored_infinity();
    let both_zero = (left_magnitude | right_magnitude) == 0u;
    return any_nan || (left != right && !both_zero);
}
