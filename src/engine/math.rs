//! The one place that applies transcendental functions to drawn numbers.
//!
//! `std` forwards `exp` and `ln` to the platform's mathematics library, whose last bit differs
//! between platforms. Everything that ends in a result goes through here instead, so that scalar
//! and later vector paths, and all machines, agree bit for bit.

/// e^x, within 1 ulp (a test measures it against correctly rounded values); x is cut to
/// [-700, 700], beyond which no token length and no probability of ours lies.
///
/// Reduction by multiples of ln 2 in two parts (Cody & Waite 1980), then the Taylor polynomial on
/// [-ln 2 / 2, ln 2 / 2]. No branch, no table, no fused multiply-add, so that a compiler may run
/// several at once and every lane gets the bits of this very sequence; `libm::exp` takes 2.6 times
/// as long.
#[inline(always)] // To run on the vectors of its caller.
pub(crate) fn exp(x: f64) -> f64 {
    // Adding 1.5 x 2^52 leaves the nearest integer in the low bits of the mantissa.
    const ROUNDER: f64 = 6_755_399_441_055_744.0;
    const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
    const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    const EXPONENT_BIAS: u64 = 1023;
    const LARGEST: f64 = 700.0;
    const MANTISSA_BITS: u32 = 52;

    let x = if x < LARGEST { x } else { LARGEST };
    let x = if x > -LARGEST { x } else { -LARGEST };
    let rounded = x * std::f64::consts::LOG2_E + ROUNDER;
    let multiple = rounded - ROUNDER;
    let r = (x - multiple * LN_2_HIGH) - multiple * LN_2_LOW;
    let [c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13] = INVERSE_FACTORIALS;
    // Estrin's scheme: short chains of dependent operations.
    let r2 = r * r;
    let r4 = r2 * r2;
    let r8 = r4 * r4;
    let low = (c2 + c3 * r) + (c4 + c5 * r) * r2;
    let middle = (c6 + c7 * r) + (c8 + c9 * r) * r2;
    let high = (c10 + c11 * r) + (c12 + c13 * r) * r2;
    let tail = (low + middle * r4) + high * r8;
    let reduced = 1.0 + (r + r2 * tail);
    let power_of_two = (rounded.to_bits().wrapping_add(EXPONENT_BIAS)) << MANTISSA_BITS;
    reduced * f64::from_bits(power_of_two)
}

/// 1/2!, 1/3!, ... 1/13!: the Taylor coefficients of e^r beyond 1 + r.
const INVERSE_FACTORIALS: [f64; 12] = {
    let mut coefficients = [0.5; 12];
    let mut factorial = 2.0;
    let mut factor = 2.0;
    let mut n = 1;
    while n < coefficients.len() {
        factor += 1.0;
        factorial *= factor;
        coefficients[n] = 1.0 / factorial;
        n += 1;
    }
    coefficients
};

/// Natural logarithm.
pub(crate) fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// `base` to the power of `exponent`.
pub(crate) fn pow(base: f64, exponent: f64) -> f64 {
    libm::pow(base, exponent)
}

/// P(Z >= z) for a standard normal Z.
pub(crate) fn normal_tail(z: f64) -> f64 {
    0.5 * libm::erfc(z / std::f64::consts::SQRT_2)
}

/// The largest integer not above `x`, for x >= 0.
///
/// `f64::floor` is a call on baseline x86-64. Adding and subtracting 2^52 rounds to the nearest
/// integer instead, and from 2^52 on every double is an integer already.
#[inline(always)] // To run on the vectors of its caller.
pub(crate) fn floor_non_negative(x: f64) -> f64 {
    const ALL_INTEGERS_FROM: f64 = 4_503_599_627_370_496.0;
    let nearest = (x + ALL_INTEGERS_FROM) - ALL_INTEGERS_FROM;
    let floor = if nearest > x { nearest - 1.0 } else { nearest };
    if x < ALL_INTEGERS_FROM { floor } else { x }
}

/// A count as a floating-point number.
///
/// Exact up to 2^53, far above every limit of a plan.
#[inline]
#[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53 by the limits of a plan")]
pub(crate) fn count(n: u64) -> f64 {
    n as f64
}
