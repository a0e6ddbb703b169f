//! libFuzzer feeds `sweep_file`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sweep_fuzz::sweep_file(data));
