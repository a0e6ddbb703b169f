//! libFuzzer feeds `altered_part`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sweep_fuzz::altered_part(data));
