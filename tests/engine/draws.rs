//! The first draws of every distribution and role, to the last bit.
//!
//! A change of any number here changes every result ever published: it needs a new
//! `STREAM_VERSION`, and the numbers below are then those of the new version.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sweep_engine::plan::{Limits, Plan, plan};
use sweep_engine::random::{
    EXPECTED_FINGERPRINT, Role, STREAM_VERSION, Seeding, StreamKey, draw_fingerprint,
};
use sweep_engine::scenario::Traces;
use sweep_engine::spec::SweepSpec;

use crate::support::{Row, Setting, plan_of, requests, sweep, trace};

const CONTINUOUS: [Setting; 4] = [
    ("prompt_tokens.integer", "false"),
    ("prompt_tokens.min_value", "0"),
    ("output_tokens.integer", "false"),
    ("output_tokens.min_value", "0"),
];

/// A plan with the rows 0, 1, ... 99 under two paths.
fn plan_with_rows(settings: &[Setting]) -> Plan {
    let rows: Vec<Row> = (0..100_u32).map(f64::from).map(|i| (i, i, i)).collect();
    let mut traces = Traces::default();
    traces.insert("t.csv", trace(&rows));
    traces.insert("u.csv", trace(&rows));
    plan(&sweep(settings, 1), &traces, Limits::default()).expect("the settings are valid")
}

/// Holds ten drawn values against the pinned ones.
fn assert_pinned(
    settings: &[Setting],
    replication: u32,
    column: fn(&Row) -> f64,
    expected: [f64; 10],
) {
    let plan = plan_with_rows(settings);
    let drawn: Vec<f64> =
        requests(&plan.cells[0].scenario, replication, 10).iter().map(column).collect();
    let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&drawn), bits(&expected), "{settings:?}: {drawn:?}");
}

fn arrival(row: &Row) -> f64 {
    row.0
}

fn prompt(row: &Row) -> f64 {
    row.1
}

fn output(row: &Row) -> f64 {
    row.2
}

#[test]
fn the_stream_version_is_that_of_these_numbers() {
    assert_eq!(STREAM_VERSION, 1);
    assert_eq!(draw_fingerprint(), EXPECTED_FINGERPRINT);
    assert_eq!([Role::Arrivals as u64, Role::Prompt as u64, Role::Output as u64], [0, 1, 2]);
}

#[test]
fn poisson_arrivals_are_pinned() {
    assert_pinned(
        &[],
        0,
        arrival,
        [
            0.275_850_803_056_649_9,
            0.736_408_265_776_848_8,
            0.808_092_038_840_523_9,
            0.913_174_459_520_329_3,
            1.149_015_936_327_806,
            1.189_269_709_584_311_7,
            1.393_030_590_194_970_4,
            1.442_562_445_268_639_9,
            2.085_432_883_287_536_4,
            3.019_684_330_934_925,
        ],
    );
    assert_pinned(
        &[],
        1,
        arrival,
        [
            0.234_223_183_062_532_9,
            0.327_380_090_641_312_57,
            0.783_640_257_331_273_3,
            1.051_939_097_347_935_2,
            1.083_441_361_625_516,
            1.580_045_226_568_727_7,
            1.986_743_349_779_429_3,
            2.010_935_401_881_759_3,
            3.045_582_755_560_49,
            3.172_589_243_401_858_5,
        ],
    );
}

#[test]
fn default_lengths_are_pinned() {
    assert_pinned(
        &[],
        0,
        prompt,
        [746.0, 126.0, 452.0, 48.0, 597.0, 396.0, 800.0, 533.0, 132.0, 138.0],
    );
    assert_pinned(
        &[],
        0,
        output,
        [335.0, 446.0, 434.0, 588.0, 250.0, 163.0, 1_208.0, 498.0, 776.0, 864.0],
    );
}

#[test]
fn lognormal_draws_are_pinned() {
    let settings = [&CONTINUOUS[..], &[("prompt_tokens.mean", "0"), ("output_tokens.mean", "0")]];
    let settings = settings.concat();
    assert_pinned(
        &settings,
        0,
        prompt,
        [
            1.849_947_282_109_521_5,
            0.313_679_166_479_254_4,
            1.122_577_089_519_671_6,
            0.119_741_042_666_184_2,
            1.480_051_223_797_864_2,
            0.982_090_412_596_076_2,
            1.983_924_303_981_967_2,
            1.322_193_434_096_274_2,
            0.329_601_404_846_894_7,
            0.344_316_997_292_646_3,
        ],
    );
    assert_pinned(
        &settings,
        0,
        output,
        [
            0.832_611_664_382_829_6,
            1.107_566_813_018_155_5,
            1.075_793_103_489_132_4,
            1.459_364_945_387_312_8,
            0.622_093_233_231_117,
            0.405_483_630_277_538_7,
            2.994_579_507_608_976,
            1.234_717_793_997_083_3,
            1.925_592_031_820_981_6,
            2.143_682_959_797_003_3,
        ],
    );
}

#[test]
fn uniform_draws_are_pinned() {
    let settings = [
        &CONTINUOUS[..],
        &[("prompt_tokens.mode", "uniform"), ("output_tokens.mode", "uniform")],
        &[("prompt_tokens.low", "0"), ("output_tokens.low", "0")],
        &[("prompt_tokens.high", "1"), ("output_tokens.high", "1")],
    ];
    let settings = settings.concat();
    assert_pinned(
        &settings,
        0,
        prompt,
        [
            0.776_863_838_058_739_7,
            0.201_975_551_986_910_08,
            0.632_139_601_820_717_8,
            0.107_820_420_694_823,
            0.626_010_199_050_122_5,
            0.494_009_187_202_018_9,
            0.872_770_817_863_289_5,
            0.550_579_086_261_440_7,
            0.159_883_284_151_538_63,
            0.199_911_665_878_389_38,
        ],
    );
    assert_pinned(
        &settings,
        0,
        output,
        [
            0.227_185_786_118_383_25,
            0.542_922_173_995_589_7,
            0.553_112_511_513_303_3,
            0.583_182_931_322_165_9,
            0.396_709_648_477_007_96,
            0.293_806_562_088_464_56,
            0.771_966_245_306_709_3,
            0.549_145_505_036_930_9,
            0.860_023_155_768_516_6,
            0.696_879_159_282_466_1,
        ],
    );
}

#[test]
fn exponential_draws_are_pinned() {
    let settings = [
        &CONTINUOUS[..],
        &[("prompt_tokens.mode", "exponential"), ("output_tokens.mode", "exponential")],
        &[("prompt_tokens.mean", "1"), ("output_tokens.mean", "1")],
    ];
    let settings = settings.concat();
    assert_pinned(
        &settings,
        0,
        prompt,
        [
            0.754_557_157_024_401_1,
            0.506_140_788_715_706_6,
            0.134_438_084_048_869_8,
            0.483_058_315_312_582_7,
            1.069_347_307_843_088_4,
            0.800_673_545_670_501_6,
            0.620_200_588_085_111_2,
            2.557_160_098_423_266_5,
            0.296_173_154_196_260_2,
            0.428_386_003_969_677_24,
        ],
    );
    assert_pinned(
        &settings,
        0,
        output,
        [
            0.031_193_740_032_826_402,
            0.591_182_505_377_650_8,
            0.245_210_189_427_776,
            1.916_742_774_986_760_5,
            1.329_829_863_690_925_4,
            0.904_448_307_844_951_8,
            2.059_277_070_015_411,
            1.631_691_283_352_119_8,
            0.601_467_928_024_501_1,
            1.733_012_586_096_876_4,
        ],
    );
}

const EMPIRICAL: [Setting; 3] = [
    ("prompt_tokens.mode", "empirical"),
    ("prompt_tokens.path", "t.csv"),
    ("output_tokens.mode", "empirical"),
];

#[test]
fn resampled_pairs_are_pinned() {
    let settings = [&CONTINUOUS[..], &EMPIRICAL, &[("output_tokens.path", "t.csv")]].concat();
    assert_pinned(
        &settings,
        0,
        prompt,
        [77.0, 20.0, 63.0, 10.0, 62.0, 49.0, 87.0, 55.0, 15.0, 19.0],
    );
    assert_pinned(
        &settings,
        0,
        output,
        [77.0, 20.0, 63.0, 10.0, 62.0, 49.0, 87.0, 55.0, 15.0, 19.0],
    );
}

#[test]
fn lengths_of_two_traces_are_resampled_apart() {
    let settings = [&CONTINUOUS[..], &EMPIRICAL, &[("output_tokens.path", "u.csv")]].concat();
    assert_pinned(
        &settings,
        0,
        prompt,
        [77.0, 20.0, 63.0, 10.0, 62.0, 49.0, 87.0, 55.0, 15.0, 19.0],
    );
    assert_pinned(
        &settings,
        0,
        output,
        [22.0, 54.0, 55.0, 58.0, 39.0, 29.0, 77.0, 54.0, 86.0, 69.0],
    );
}

#[test]
fn bootstrapped_rows_are_pinned() {
    let settings =
        [("arrival.kind", "trace"), ("arrival.path", "t.csv"), ("arrival.block_requests", "3")];
    assert_pinned(
        &settings,
        1,
        prompt,
        [43.0, 44.0, 45.0, 54.0, 55.0, 56.0, 63.0, 64.0, 65.0, 24.0],
    );
}

#[test]
fn a_stream_is_named_by_seed_replication_and_role() {
    let mut key = [0_u8; 32];
    key[..8].copy_from_slice(&0x0102_0304_0506_0708_u64.to_le_bytes());
    for (replication, role, stream) in [
        (0, Role::Arrivals, 0),
        (0, Role::Output, 2),
        (1, Role::Prompt, 257),
        (70_000, Role::Output, 17_920_002),
    ] {
        let mut expected = ChaCha8Rng::from_seed(key);
        expected.set_stream(stream);
        let mut ours = StreamKey::common(0x0102_0304_0506_0708).stream(replication, role);
        assert_eq!(ours.next_u64(), expected.next_u64());
    }
}

#[test]
fn keys_of_independent_cells_are_pinned() {
    let first = |seed| StreamKey::independent(seed, "mono").stream(0, Role::Output).next_u64();
    assert_eq!((first(42), first(43)), (11_634_800_032_815_344_189, 15_856_334_765_692_736_947));
}

/// The canonical spelling enters the streams of independent seeding: it must not drift.
#[test]
fn the_canonical_scenario_is_pinned() {
    let cells = plan_of(&[("mode", "mono,disagg")], 1).cells;
    let lengths = " poisson 2.0 lognormal 6.0 1.0 8.0 None true lognormal 6.0 1.0 16.0 None true";
    assert_eq!(cells[0].scenario.canonical(), format!("mono 4 (8000.0, 2000.0){lengths}"));
    assert_eq!(cells[1].scenario.canonical(), format!("disagg 2+2 (8000.0, 2000.0){lengths}"));
}

#[test]
fn seeds_and_replications_have_streams_of_their_own() {
    let spec = SweepSpec { seeding: Seeding::Common, ..sweep(&[("random_seed", "1,2")], 2) };
    let plan = plan(&spec, &Traces::default(), Limits::default()).expect("the settings are valid");
    let first = |cell: usize, replication| requests(&plan.cells[cell].scenario, replication, 1)[0];
    let draws = [first(0, 0), first(0, 1), first(1, 0), first(1, 1)];
    for (i, a) in draws.iter().enumerate() {
        for b in &draws[i + 1..] {
            assert!(a.0 != b.0 && a.1 != b.1 && a.2 != b.2, "{draws:?}");
        }
    }
}
