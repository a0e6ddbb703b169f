//! The columns of `cells` that theory fills: what a cell would show in steady state.

use std::borrow::Cow;

use sweep_engine::theory::{Prediction, Waiting};

use super::column::{Column, Field, column};

/// Predictions of queueing theory for the steady state, after the results.
pub(crate) static THEORY_COLUMNS: [Column<Prediction>; 8] = [
    column(
        "theory_mean_wait_prefill_s",
        "s",
        "predicted mean wait for a prefill GPU (mono: for a GPU); null for a saturated pool and for traces",
        "by theory_method_prefill",
        Field::F64(|prediction| prediction.prefill.map(|wait| wait.mean_s)),
    ),
    column(
        "theory_mean_wait_decode_s",
        "s",
        "predicted mean wait for a decode GPU; null in mono, too",
        "by theory_method_decode",
        Field::F64(|prediction| prediction.decode.map(|wait| wait.mean_s)),
    ),
    column(
        "theory_mean_ttft_s",
        "s",
        "predicted mean time to first token",
        "predicted mean waits + E[P]/r_p + 1/r_d",
        Field::F64(|prediction| prediction.mean_ttft_s),
    ),
    column(
        "theory_p99_wait_prefill_s",
        "s",
        "99th percentile of the wait for a prefill GPU (mono: for a GPU); null where it is not known exactly",
        "",
        Field::F64(|prediction| prediction.prefill.and_then(|wait| wait.p99_s)),
    ),
    column(
        "theory_prob_wait_prefill",
        "",
        "probability of a wait for a prefill GPU (mono: for a GPU); null where it is not known exactly",
        "",
        Field::F64(|prediction| prediction.prefill.and_then(|wait| wait.probability)),
    ),
    column(
        "theory_method_prefill",
        "",
        "formula behind theory_mean_wait_prefill_s: `exact ...` or `approximation ...`",
        "",
        Field::Text(|prediction| method(prediction.prefill)),
    ),
    column(
        "theory_method_decode",
        "",
        "formula behind theory_mean_wait_decode_s: `exact ...` or `approximation ...`",
        "",
        Field::Text(|prediction| method(prediction.decode)),
    ),
    column(
        "theory_exact",
        "",
        "whether theory_mean_ttft_s is exact; null where there is none",
        "",
        Field::Bool(Prediction::is_exact),
    ),
];

fn method(waiting: Option<Waiting>) -> Option<Cow<'static, str>> {
    waiting.map(|waiting| Cow::Borrowed(waiting.method.name()))
}
