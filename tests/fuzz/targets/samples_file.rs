//! libFuzzer feeds `samples_file`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sweep_fuzz::samples_file(data));
