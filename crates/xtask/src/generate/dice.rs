//! Numbers that look random and are not: xoshiro256++ (Blackman and Vigna 2019), seeded by SplitMix64.

/// A stream of numbers, decided by its seed.
pub(crate) struct Dice([u64; 4]);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        let mut state = seed;
        Dice(std::array::from_fn(|_| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        }))
    }

    pub(crate) fn next(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.0;
        let result = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        result
    }

    /// 0 ≤ number < `end`; `end` is far below 2³², so the modulo bias does not matter here.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 32) % end
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    /// 0 < number ≤ 1.
    fn unit(&mut self) -> f64 {
        ((self.next() >> 11) + 1) as f64 / (1u64 << 53) as f64
    }

    /// A log-normal number of microseconds: e^(mean + spread · N(0,1)) milliseconds (Box and Muller 1958).
    pub(crate) fn latency_us(&mut self, mean: f64, spread: f64) -> u64 {
        let normal = (-2.0 * self.unit().ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos();
        ((mean + spread * normal).exp() * 1000.0) as u64
    }

    /// 200 mostly; 404 and 503 now and then (99.4 %, 0.3 %, 0.3 %).
    pub(crate) fn status(&mut self) -> u64 {
        match self.below(1000) {
            0..994 => 200,
            994..997 => 404,
            _ => 503,
        }
    }
}
