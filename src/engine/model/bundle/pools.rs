//! What pools of many lanes have in common: one system per lane, the same admissions as `FifoPool`.
//!
//! `sorted` and `trees` are two ways to keep the times at which GPUs become free.
#![expect(clippy::inline_always, reason = "vector instructions are inlined where they exist only")]

use pulp::{Simd, bytemuck};

/// A value per lane, on a cache line of its own.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Line<V>(pub(super) V);

/// Lanes of a vector as a slice.
#[inline(always)]
pub(super) fn lanes<V: bytemuck::Pod>(vector: &V) -> &[f64] {
    bytemuck::cast_slice(std::slice::from_ref(vector))
}

/// Lanes of a vector as a slice to write.
#[inline(always)]
pub(super) fn lanes_mut<V: bytemuck::Pod>(vector: &mut V) -> &mut [f64] {
    bytemuck::cast_slice_mut(std::slice::from_mut(vector))
}

/// Start and end of a service, seconds.
#[derive(Clone, Copy)]
pub(super) struct Admitted<V> {
    pub(super) start_s: V,
    pub(super) end_s: V,
}

/// A request on its way through the prefill pool.
#[derive(Clone, Copy)]
#[expect(clippy::struct_field_names, reason = "every field is a time, with its unit")]
pub(super) struct Prefilled<V> {
    /// When prefill ends.
    pub(super) end_s: V,
    pub(super) arrival_s: V,
    pub(super) wait_s: V,
    pub(super) prefill_s: V,
    pub(super) decode_s: V,
}

/// A pool from which nothing goes on.
pub(super) trait LastPool<S: Simd> {
    /// Serves the next request of every lane.
    fn admit(&mut self, simd: S, joined_s: S::f64s, service_s: S::f64s) -> Admitted<S::f64s>;
}
