//! libFuzzer feeds `resealed_part`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sweep_fuzz::resealed_part(data));
