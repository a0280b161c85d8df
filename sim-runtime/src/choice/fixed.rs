//! Logarithm and power of two in fixed point, from tables made at compile time by integer arithmetic alone.

const STEPS: usize = 256;

/// `log2(1 + i/256)` in 32 fractional bits.
const LOG2: [u64; STEPS + 1] = log2_table();
/// `2^(i/256)` in 32 fractional bits.
const EXP2: [u64; STEPS + 1] = exp2_table();

/// ln 2 in 32 fractional bits.
const LN2: u128 = 2_977_044_472;

const fn log2_table() -> [u64; STEPS + 1] {
    let mut table = [0; STEPS + 1];
    let mut i = 0;
    while i <= STEPS {
        // Squaring a number in [1, 2) yields the next binary digit of its logarithm.
        let mut x = ((STEPS + i) as u128) << 54;
        let (mut log, mut bit) = (0_u64, 1_u64 << 31);
        if i == STEPS {
            log = 1 << 32;
            bit = 0;
        }
        while bit > 0 {
            x = (x * x) >> 62;
            if x >= 1 << 63 {
                x >>= 1;
                log |= bit;
            }
            bit >>= 1;
        }
        table[i] = log;
        i += 1;
    }
    table
}

const fn exp2_table() -> [u64; STEPS + 1] {
    // roots[k] = 2^(2^-(k+1)) in 62 fractional bits, by repeated square roots.
    let mut roots = [0_u128; 8];
    let mut root = 2_u128 << 62;
    let mut k = 0;
    while k < 8 {
        root = (root << 62).isqrt();
        roots[k] = root;
        k += 1;
    }
    let mut table = [0; STEPS + 1];
    let mut i = 0;
    while i <= STEPS {
        let mut x = 1_u128 << 62;
        let mut k = 0;
        while k < 8 {
            if i & (128 >> k) != 0 {
                x = (x * roots[k]) >> 62;
            }
            k += 1;
        }
        table[i] = if i == STEPS { 2 << 32 } else { (x >> 30) as u64 };
        i += 1;
    }
    table
}

fn interpolate(table: &[u64; STEPS + 1], fraction: u32) -> u64 {
    let (at, rest) = ((fraction >> 24) as usize, u64::from(fraction & 0xFF_FFFF));
    table[at] + (((table[at + 1] - table[at]) * rest) >> 24)
}

/// `-ln(u)` in 32 fractional bits, where `u` is `raw / 2^64` (a `raw` of 0 counts as 1).
pub(super) fn minus_ln(raw: u64) -> u64 {
    let raw = raw.max(1);
    let zeros = raw.leading_zeros();
    let mantissa = raw << zeros;
    let log = interpolate(&LOG2, ((mantissa << 1) >> 32) as u32);
    let minus_log2 = (u64::from(zeros + 1) << 32) - log;
    ((u128::from(minus_log2) * LN2) >> 32) as u64
}

/// `value * 2^(exponent / 2^32)`, saturating.
pub(super) fn scale_exp2(value: u64, exponent: i64) -> u64 {
    let whole = exponent >> 32;
    let scaled = u128::from(value) * u128::from(interpolate(&EXP2, exponent as u32));
    let shift = 32 - whole;
    if shift >= 128 {
        return 0;
    }
    if shift < -30 {
        return if value == 0 { 0 } else { u64::MAX };
    }
    let result = if shift >= 0 { scaled >> shift } else { scaled << -shift };
    u64::try_from(result).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minus_ln_agrees_with_floating_point() {
        for raw in [1, 2, 3, 1 << 20, 1 << 40, u64::MAX / 3, u64::MAX / 2, u64::MAX - 1, u64::MAX] {
            let want = -((raw as f64) / 2f64.powi(64)).ln();
            let got = minus_ln(raw) as f64 / 2f64.powi(32);
            assert!((want - got).abs() < 1e-4, "{raw}: {want} {got}");
        }
    }

    #[test]
    fn scale_exp2_agrees_with_floating_point() {
        for exponent in [-5.25, -1.0, -0.3, 0.0, 0.1, 0.999, 1.0, 3.7, 12.5] {
            let want = 1e6 * 2f64.powf(exponent);
            let got = scale_exp2(1_000_000, (exponent * 2f64.powi(32)) as i64) as f64;
            assert!((want - got).abs() <= 1.0 + want * 1e-5, "{exponent}: {want} {got}");
        }
        assert_eq!(scale_exp2(u64::MAX, 20 << 32), u64::MAX);
        assert_eq!(scale_exp2(5, -(200 << 32)), 0);
    }
}
