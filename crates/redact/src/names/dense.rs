//! Matrix products for many rows at once.
//!
//! Each output is summed over the inputs in their order, with fused multiply-adds, whatever the width of the vectors:
//! every processor that has the instruction (all since 2013) gives the same bits, and so does every batch. Those that
//! have not may differ in the last bit.

use pulp::{Arch, Simd, WithSimd};

/// Vectors of outputs that are computed together: the pieces of a maxout, or neighbours.
const TOGETHER: usize = 3;

/// A layer `y = W x + b`, its weights packed as they are read.
pub(super) struct Dense {
    arch: Arch,
    inputs: usize,
    /// Outputs in one vector of this processor.
    width: usize,
    /// By block of outputs, input, which of [`TOGETHER`], output.
    weights: Aligned,
    /// By block of outputs, which of [`TOGETHER`], output.
    bias: Aligned,
    blocks: usize,
    /// Whether the three vectors of a block are pieces, of which the largest counts.
    is_maxout: bool,
}

impl Dense {
    /// A maxout of three pieces: `weight(output, piece, input)`, `bias[output][piece]`.
    pub(super) fn maxout(inputs: usize, weights: &[f32], bias: &[f32]) -> Self {
        Dense::maxout_on(Arch::new(), inputs, weights, bias)
    }

    fn maxout_on(arch: Arch, inputs: usize, weights: &[f32], bias: &[f32]) -> Self {
        let outputs = bias.len() / TOGETHER;
        Dense::pack(arch, inputs, outputs, true, |block, together, lane, width| {
            let row = (block * width + lane) * TOGETHER + together;
            (&weights[row * inputs..][..inputs], bias[row])
        })
    }

    /// A linear layer, `weights[output][input]`; its outputs are a multiple of 48.
    pub(super) fn linear(inputs: usize, weights: &[f32], bias: &[f32]) -> Self {
        Dense::pack(Arch::new(), inputs, bias.len() / TOGETHER, false, |block, together, lane, width| {
            let row = (block * TOGETHER + together) * width + lane;
            (&weights[row * inputs..][..inputs], bias[row])
        })
    }

    fn pack<'w>(
        arch: Arch,
        inputs: usize,
        outputs: usize,
        is_maxout: bool,
        row: impl Fn(usize, usize, usize, usize) -> (&'w [f32], f32),
    ) -> Self {
        let width = arch.dispatch(Width);
        let blocks = outputs / width;
        assert!(blocks * width == outputs, "layers are multiples of 16 wide");
        let mut weights = Aligned::new(outputs * TOGETHER * inputs);
        let mut bias = Aligned::new(outputs * TOGETHER);
        for block in 0..blocks {
            for together in 0..TOGETHER {
                for lane in 0..width {
                    let (values, offset) = row(block, together, lane, width);
                    bias.values_mut()[(block * TOGETHER + together) * width + lane] = offset;
                    for (input, value) in values.iter().enumerate() {
                        let at = ((block * inputs + input) * TOGETHER + together) * width + lane;
                        weights.values_mut()[at] = *value;
                    }
                }
            }
        }
        Dense { arch, inputs, width, weights, bias, blocks, is_maxout }
    }

    /// How many numbers a row of the result has.
    pub(super) fn outputs(&self) -> usize {
        self.blocks * self.width * if self.is_maxout { 1 } else { TOGETHER }
    }

    /// Computes `rows` rows: row r of the input begins at `r * stride`, those of the output follow each other.
    pub(super) fn apply(&self, input: &[f32], stride: usize, rows: usize, output: &mut [f32]) {
        self.arch.dispatch(Apply { dense: self, input, stride, rows, output });
    }
}

/// Numbers that begin where a cache line does.
struct Aligned {
    values: Vec<f32>,
    start: usize,
    length: usize,
}

impl Aligned {
    fn new(length: usize) -> Self {
        let values = vec![0.0; length + 16];
        let start = values.as_ptr().align_offset(64).min(16);
        Aligned { values, start, length }
    }

    fn values(&self) -> &[f32] {
        &self.values[self.start..][..self.length]
    }

    fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values[self.start..][..self.length]
    }
}

struct Width;

impl WithSimd for Width {
    type Output = usize;

    fn with_simd<S: Simd>(self, _: S) -> usize {
        S::F32_LANES
    }
}

struct Apply<'a> {
    dense: &'a Dense,
    input: &'a [f32],
    stride: usize,
    rows: usize,
    output: &'a mut [f32],
}

impl WithSimd for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let mut row = 0;
        if S::F32_LANES >= 16 {
            row = self.groups::<S, 8>(simd, row);
        }
        row = self.groups::<S, 4>(simd, row);
        row = self.groups::<S, 2>(simd, row);
        self.groups::<S, 1>(simd, row);
    }
}

impl Apply<'_> {
    /// Computes rows in groups of `N` from `row` on, and says which row is next.
    #[inline(always)]
    fn groups<S: Simd, const N: usize>(&mut self, simd: S, mut row: usize) -> usize {
        while row + N <= self.rows {
            self.group::<S, N>(simd, row);
            row += N;
        }
        row
    }

    #[inline(always)]
    fn group<S: Simd, const N: usize>(&mut self, simd: S, row: usize) {
        let dense = self.dense;
        let (width, inputs, outputs) = (S::F32_LANES, dense.inputs, dense.outputs());
        let rows: [&[f32]; N] = std::array::from_fn(|n| &self.input[(row + n) * self.stride..][..inputs]);
        let (weights, _) = S::as_simd_f32s(dense.weights.values());
        let (bias, _) = S::as_simd_f32s(dense.bias.values());
        for block in 0..dense.blocks {
            let weights = &weights[block * inputs * TOGETHER..][..inputs * TOGETHER];
            let bias = &bias[block * TOGETHER..][..TOGETHER];
            let mut sums = [[bias[0], bias[1], bias[2]]; N];
            for (input, weight) in weights.as_chunks::<TOGETHER>().0.iter().enumerate() {
                for n in 0..N {
                    let x = simd.splat_f32s(rows[n][input]);
                    for (sum, weight) in sums[n].iter_mut().zip(weight) {
                        *sum = simd.mul_add_e_f32s(x, *weight, *sum);
                    }
                }
            }
            for (n, [a, b, c]) in sums.into_iter().enumerate() {
                let row = &mut self.output[(row + n) * outputs..][..outputs];
                let (row, _) = S::as_mut_simd_f32s(row);
                if dense.is_maxout {
                    row[block] = simd.max_f32s(simd.max_f32s(a, b), c);
                } else {
                    row[block * TOGETHER..][..TOGETHER].copy_from_slice(&[a, b, c]);
                }
            }
        }
        debug_assert_eq!(width, dense.width);
    }
}

/// Brings a row of 96 to mean 0 and variance 1, then scales and shifts it.
pub(super) fn normalise(row: &mut [f32; 96], gain: &[f32; 96], shift: &[f32; 96]) {
    let mean = sum(row, |x| x) / 96.0;
    let variance = sum(row, |x| (x - mean) * (x - mean)) / 96.0;
    let scale = 1.0 / (variance + 1e-8).sqrt();
    for ((x, gain), shift) in row.iter_mut().zip(gain).zip(shift) {
        *x = (*x - mean) * scale * gain + shift;
    }
}

/// The sum of `term` over a row, in 16 lanes, so that it is the same whatever the width of the vectors.
fn sum(row: &[f32; 96], term: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0f32; 16];
    for part in row.as_chunks::<16>().0 {
        for (lane, x) in lanes.iter_mut().zip(part) {
            *lane += term(*x);
        }
    }
    lanes.iter().sum()
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use pulp::x86::{V3, V4};

    use super::*;

    /// Processors with narrow vectors give the bits of those with wide ones; those without fused multiply-adds almost.
    #[test]
    fn every_processor_gives_the_same() {
        let (inputs, outputs, rows) = (288, 96, 13);
        let numbers = |count: usize, step: u64| -> Vec<f32> {
            (0..count as u64).map(|at| (at * step % 2003) as f32 / 1001.0 - 1.0).collect()
        };
        let (weights, bias, input) =
            (numbers(outputs * 3 * inputs, 7919), numbers(outputs * 3, 31), numbers(96 * (rows + 2), 613));
        let mut expect = vec![0.0f32; rows * outputs];
        for (at, value) in expect.iter_mut().enumerate() {
            let (row, output) = (at / outputs, at % outputs);
            let piece = |piece: usize| {
                let from = output * 3 + piece;
                let terms = weights[from * inputs..][..inputs].iter().zip(&input[row * 96..]);
                terms.fold(bias[from], |sum, (weight, x)| weight.mul_add(*x, sum))
            };
            *value = piece(0).max(piece(1)).max(piece(2));
        }
        let all = [V4::try_new().map(Arch::V4), V3::try_new().map(Arch::V3), Some(Arch::Scalar)];
        for arch in all.into_iter().flatten() {
            let mut output = vec![0.0; rows * outputs];
            Dense::maxout_on(arch, inputs, &weights, &bias).apply(&input, 96, rows, &mut output);
            let near = output.iter().zip(&expect).all(|(a, b)| (a - b).abs() < 1e-3);
            assert!(near && (matches!(arch, Arch::Scalar) || output == expect), "{arch:?}");
        }
    }
}
