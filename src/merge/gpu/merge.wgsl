// W + Σ scale · L·R for one chunk of a tile, rounded once, with what the pass learns about it.
//
// A chunk is `rows × columns` elements, packed without gaps: two 16-bit elements in a word, the first in its low half.
// No two threads write the same word. `merge_tiled` multiplies blocks of 64 × 64 through workgroup memory and wants an
// even number of columns, so that no word belongs to two rows; `merge_flat` takes any shape.

struct Params {
    rows: u32,
    columns: u32,
    // Where the chunk's first row stands in `left`.
    first_left_row: u32,
    // Sum of the ranks: columns of `left`, rows of `right`.
    depth: u32,
    update_count: u32,
    // Zero, which the compiler cannot know; see `opaque`.
    zero: u32,
    // For each update: where its factors begin and end in the depth, and the bits of its scale.
    updates: array<vec4<u32>, 16>,
}

// Sums over the elements of a thread, then of a workgroup; the host adds them up in f64.
struct Partial {
    changed: u32,
    base_non_finite: u32,
    output_non_finite: u32,
    // Bits of the largest |W + Δ|; as integers, magnitudes order as floats do.
    max_magnitude: u32,
    weight_square: f32,
    delta_square: f32,
    effect_delta: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<u32>;
@group(0) @binding(2) var<storage, read> left: array<f32>;
@group(0) @binding(3) var<storage, read> right: array<f32>;
@group(0) @binding(4) var<storage, read_write> output: array<u32>;
@group(0) @binding(5) var<storage, read_write> statistics: array<Partial>;

const THREADS: u32 = 256u;
// A workgroup of `merge_tiled` computes BLOCK × BLOCK elements, DEPTH_STEP terms at a time; a thread computes 4 × 4.
const BLOCK: u32 = 64u;
const DEPTH_STEP: u32 = 16u;
// Four more than a block, so that neighbouring threads write to different banks.
const LEFT_STRIDE: u32 = 68u;
// Pairs of elements that a thread of `merge_flat` computes.
const FLAT_PAIRS: u32 = 8u;

var<workgroup> partials: array<Partial, THREADS>;
var<workgroup> left_block: array<f32, 1088>; // DEPTH_STEP × LEFT_STRIDE
var<workgroup> right_block: array<vec4<f32>, 256>; // DEPTH_STEP × BLOCK / 4

// The bits of `value`, with which no compiler can compute: it may fuse a product into a sum, or cancel
// (W + Δ) − W to Δ, but only where it sees both.
fn opaque(value: f32) -> u32 {
    return bitcast<u32>(value) ^ params.zero;
}

// Bits of W + Δ. Only ordinary numbers are left to float arithmetic.
fn add(weight: u32, delta: u32) -> u32 {
    if is_nan(weight) {
        return weight | QUIET;
    }
    if !is_finite(weight) {
        return weight;
    }
    if !is_finite(delta) {
        return delta;
    }
    if (delta & MAGNITUDE) == 0u {
        // W + 0 is W even where the device flushes subnormals; −0 + 0 is 0.
        return select(weight, weight & delta, (weight & MAGNITUDE) == 0u);
    }
    return opaque(bitcast<f32>(weight) + bitcast<f32>(delta));
}

// Merges one element into its stored bits and counts it.
fn merge_element(weight: u32, exact_delta: f32, partial: ptr<function, Partial>) -> u32 {
    let delta = opaque(exact_delta);
    let sum = add(weight, delta);
    let stored = narrow(OUTPUT_DTYPE, sum);
    let weight_converted = narrow(OUTPUT_DTYPE, weight);
    (*partial).changed += select(0u, 1u, stored_differ(stored, weight_converted));
    (*partial).base_non_finite += select(1u, 0u, is_finite(weight));
    (*partial).output_non_finite += select(0u, 1u, stored_magnitude(stored) >= stored_infinity());
    (*partial).max_magnitude = max((*partial).max_magnitude, select(sum & MAGNITUDE, 0u, is_nan(sum)));
    let weight_value = bitcast<f32>(weight);
    let delta_value = bitcast<f32>(delta);
    let effect = bitcast<f32>(widen(OUTPUT_DTYPE, stored)) - weight_value;
    (*partial).weight_square += weight_value * weight_value;
    (*partial).delta_square += delta_value * delta_value;
    (*partial).effect_delta += effect * delta_value;
    return stored;
}

// Merges the elements `element` (an even number) and, where `has_second`, the one after it, and stores them.
fn merge_pair(element: u32, delta: vec2<f32>, has_second: bool, partial: ptr<function, Partial>) {
    var weight: vec2<u32>;
    if INPUT_DTYPE == F32 {
        weight = vec2<u32>(input[element], input[element + 1u]);
    } else {
        let word = input[element / 2u];
        weight = vec2<u32>(widen(INPUT_DTYPE, word & 0xffffu), widen(INPUT_DTYPE, word >> 16u));
    }
    let first = merge_element(weight.x, delta.x, partial);
    var second = 0u;
    if has_second {
        second = merge_element(weight.y, delta.y, partial);
    }
    if OUTPUT_DTYPE == F32 {
        output[element] = first;
        if has_second {
            output[element + 1u] = second;
        }
    } else {
        output[element / 2u] = first | (second << 16u);
    }
}

fn merged(a: Partial, b: Partial) -> Partial {
    return Partial(
        a.changed + b.changed,
        a.base_non_finite + b.base_non_finite,
        a.output_non_finite + b.output_non_finite,
        max(a.max_magnitude, b.max_magnitude),
        a.weight_square + b.weight_square,
        a.delta_square + b.delta_square,
        a.effect_delta + b.effect_delta,
    );
}

// Adds up the threads' sums in a tree and writes them for the workgroup.
fn report(partial: Partial, thread: u32, group: u32) {
    partials[thread] = partial;
    workgroupBarrier();
    for (var reach = THREADS / 2u; reach > 0u; reach /= 2u) {
        if thread < reach {
            partials[thread] = merged(partials[thread], partials[thread + reach]);
        }
        workgroupBarrier();
    }
    if thread == 0u {
        statistics[group] = partials[0];
    }
}

// Brings DEPTH_STEP columns of L, 64 rows of them, into workgroup memory, transposed; zeros beyond the edges.
fn load_left(first_row: u32, depth: vec2<u32>, thread: u32) {
    let term = thread % DEPTH_STEP;
    for (var row = thread / DEPTH_STEP; row < BLOCK; row += THREADS / DEPTH_STEP) {
        var value = 0.0;
        if first_row + row < params.rows && depth.x + term < depth.y {
            value = left[(params.first_left_row + first_row + row) * params.depth + depth.x + term];
        }
        left_block[term * LEFT_STRIDE + row] = value;
    }
}

// Brings DEPTH_STEP rows of R, 64 columns of them, into workgroup memory; zeros beyond the edges.
fn load_right(first_column: u32, depth: vec2<u32>, thread: u32) {
    let term = depth.x + thread / 16u;
    let column = first_column + (thread % 16u) * 4u;
    let start = term * params.columns + column;
    var value = vec4<f32>();
    if term < depth.y {
        if column + 3u < params.columns {
            value = vec4<f32>(right[start], right[start + 1u], right[start + 2u], right[start + 3u]);
        } else if column + 1u < params.columns {
            // The number of columns is even.
            value = vec4<f32>(right[start], right[start + 1u], 0.0, 0.0);
        }
    }
    right_block[thread] = value;
}

// Merges four neighbours in a row.
fn merge_quad(row: u32, column: u32, delta: vec4<f32>, partial: ptr<function, Partial>) {
    if row >= params.rows {
        return;
    }
    let element = row * params.columns + column;
    if column < params.columns {
        merge_pair(element, delta.xy, true, partial);
    }
    if column + 2u < params.columns {
        merge_pair(element + 2u, delta.zw, true, partial);
    }
}

@compute @workgroup_size(16, 16)
fn merge_tiled(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_id) place: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let first_row = group.y * BLOCK;
    let first_column = group.x * BLOCK;
    var delta = mat4x4<f32>();
    for (var index = 0u; index < params.update_count; index++) {
        let update = params.updates[index];
        var product = mat4x4<f32>();
        for (var start = update.x; start < update.y; start += DEPTH_STEP) {
            load_left(first_row, vec2<u32>(start, update.y), thread);
            load_right(first_column, vec2<u32>(start, update.y), thread);
            workgroupBarrier();
            // Short sums added up: their rounding errors grow with DEPTH_STEP, not with the rank.
            var part = mat4x4<f32>();
            for (var term = 0u; term < DEPTH_STEP; term++) {
                let from_right = right_block[term * 16u + place.x];
                let from_left = term * LEFT_STRIDE + place.y * 4u;
                part[0] = fma(vec4<f32>(left_block[from_left]), from_right, part[0]);
                part[1] = fma(vec4<f32>(left_block[from_left + 1u]), from_right, part[1]);
                part[2] = fma(vec4<f32>(left_block[from_left + 2u]), from_right, part[2]);
                part[3] = fma(vec4<f32>(left_block[from_left + 3u]), from_right, part[3]);
            }
            product = product + part;
            workgroupBarrier();
        }
        // The product first, then the scale.
        delta = delta + product * bitcast<f32>(update.z);
    }
    var partial = Partial();
    let row = first_row + place.y * 4u;
    let column = first_column + place.x * 4u;
    merge_quad(row, column, delta[0], &partial);
    merge_quad(row + 1u, column, delta[1], &partial);
    merge_quad(row + 2u, column, delta[2], &partial);
    merge_quad(row + 3u, column, delta[3], &partial);
    report(partial, thread, group.y * groups.x + group.x);
}

// Δ of one element, read straight from the factors.
fn delta_of(element: u32) -> f32 {
    let left_start = (params.first_left_row + element / params.columns) * params.depth;
    let column = element % params.columns;
    var delta = 0.0;
    for (var index = 0u; index < params.update_count; index++) {
        let update = params.updates[index];
        var product = 0.0;
        // Summed as `merge_tiled` sums, so that a cut through a tensor changes no value.
        for (var start = update.x; start < update.y; start += DEPTH_STEP) {
            var part = 0.0;
            for (var term = start; term < min(start + DEPTH_STEP, update.y); term++) {
                part = fma(left[left_start + term], right[term * params.columns + column], part);
            }
            product = product + part;
        }
        delta = delta + product * bitcast<f32>(update.z);
    }
    return delta;
}

@compute @workgroup_size(256)
fn merge_flat(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let count = params.rows * params.columns;
    var partial = Partial();
    for (var index = 0u; index < FLAT_PAIRS; index++) {
        let element = ((group.x * FLAT_PAIRS + index) * THREADS + thread) * 2u;
        if element < count {
            let has_second = element + 1u < count;
            var delta = vec2<f32>(delta_of(element), 0.0);
            if has_second {
                delta.y = delta_of(element + 1u);
            }
            merge_pair(element, delta, has_second, &partial);
        }
    }
    report(partial, thread, group.x);
}
