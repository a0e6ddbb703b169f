//! Which parts a merged run takes from its shards, or why it takes none. Pure: what a part holds is compared by
//! whoever can read it.

use std::collections::BTreeMap;

use crate::provenance::{PartLabel, PartOrigin};
use crate::resume::{Shard, missing};

/// A part that a shard has.
#[derive(Clone, Debug)]
pub(crate) struct Offer<P> {
    /// By the name of its file.
    pub(crate) chunk: u32,
    pub(crate) label: PartLabel,
    pub(crate) part: P,
}

/// What a shard has, and which chunks were to be its own.
#[derive(Clone, Debug)]
pub(crate) struct Holding<P> {
    /// Nothing where it was to do all of them.
    pub(crate) shard: Option<Shard>,
    pub(crate) offers: Vec<Offer<P>>,
}

/// Why nothing is merged.
#[derive(Debug)]
pub(crate) enum Refusal<P, E> {
    /// A part of another run.
    Foreign(P),
    /// Two parts of one chunk that do not hold the same.
    Differs { chunk: u32, first: P, second: P },
    /// Chunks that nobody has, at least one, in order.
    Missing { chunks: Vec<u32>, owner: Owner },
    /// Parts could not be compared.
    Unread(E),
}

/// Who was to do the first chunk that is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A shard that is there, by its place.
    Present(usize),
    /// One that was not named.
    Absent(Shard),
    /// No folder was named.
    Unknown,
}

/// Every chunk of a plan once, from the first shard that has it.
///
/// Two parts are compared, by `is_same`, only where they are of the same chunk.
///
/// # Errors
/// There is a part of another run, a chunk in two versions, or none of a chunk.
pub(crate) fn choose<P: Clone, E>(
    plan_hash: &str,
    chunks: u32,
    holdings: Vec<Holding<P>>,
    mut is_same: impl FnMut(&P, &P) -> Result<bool, E>,
) -> Result<BTreeMap<u32, Offer<P>>, Refusal<P, E>> {
    let shards: Vec<Option<Shard>> = holdings.iter().map(|holding| holding.shard).collect();
    let mut taken: BTreeMap<u32, Offer<P>> = BTreeMap::new();
    let mut origin: Option<PartOrigin> = None;
    for offer in holdings.into_iter().flat_map(|holding| holding.offers) {
        let (chunk, label) = (offer.chunk, &offer.label);
        let known = origin.get_or_insert_with(|| label.origin.clone());
        let is_planned = known.plan_hash == plan_hash && chunk < chunks;
        if label.origin != *known || label.chunk != chunk || !is_planned {
            return Err(Refusal::Foreign(offer.part));
        }
        match taken.get(&chunk) {
            Some(first) if !is_same(&first.part, &offer.part).map_err(Refusal::Unread)? => {
                let (first, second) = (first.part.clone(), offer.part);
                return Err(Refusal::Differs { chunk, first, second });
            }
            Some(_) => {}
            None => drop(taken.insert(chunk, offer)),
        }
    }
    let left = missing(chunks, None, &taken.keys().copied().collect());
    match left.first() {
        None => Ok(taken),
        Some(&first) => Err(Refusal::Missing { owner: owner(first, &shards), chunks: left }),
    }
}

/// A run that is no shard was to do every chunk.
fn owner(chunk: u32, shards: &[Option<Shard>]) -> Owner {
    let has = |shard: &Option<Shard>| shard.is_none_or(|shard| shard.has(chunk));
    match (shards.iter().position(has), shards.iter().flatten().next()) {
        (Some(place), _) => Owner::Present(place),
        (None, Some(shard)) => Owner::Absent(shard.owner_of(chunk)),
        (None, None) => Owner::Unknown,
    }
}

/// `3, 7-9`.
pub(crate) fn ranges(numbers: &[u32]) -> String {
    const SHOWN: usize = 10;
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for &number in numbers {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => runs.push((number, number)),
        }
    }
    let text = |(first, last): &(u32, u32)| {
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    };
    let mut texts: Vec<String> = runs.iter().take(SHOWN).map(text).collect();
    if runs.len() > SHOWN {
        texts.push("...".to_owned());
    }
    texts.join(", ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    const RUN: &str = "of this run";

    /// What the model knows of a part: who has it, of which chunk, and whether it is as it should be.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
    struct Known {
        shard: usize,
        chunk: u32,
        state: State,
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
    enum State {
        Good,
        /// Its rows are others.
        Differing,
        /// By its origin.
        Foreign,
        /// Its label says another chunk than its name.
        Misnamed,
    }

    /// A case: how many chunks there are, and the parts of each shard.
    #[derive(Clone, Debug)]
    struct Case {
        chunks: u32,
        shards: Vec<Vec<Known>>,
    }

    fn offer(known: Known) -> Offer<Known> {
        let origin = PartOrigin {
            format_version: 1,
            plan_hash: RUN.to_owned(),
            settings: if known.state == State::Foreign { "others" } else { "same" }.to_owned(),
            limits: [1, 1],
            draw_fingerprint: String::new(),
            git_commit: None,
            chunks: 0,
        };
        let chunk = known.chunk + u32::from(known.state == State::Misnamed);
        let label = PartLabel {
            origin,
            chunk,
            jobs: 1,
            failed_jobs: 0,
            reused_jobs: 0,
            simulated_requests: 1,
        };
        Offer { chunk: known.chunk, label, part: known }
    }

    type Chosen = Result<BTreeMap<u32, Offer<Known>>, Refusal<Known, Infallible>>;

    fn chosen(case: &Case, order: &[usize]) -> Chosen {
        let holding = |&place: &usize| {
            let offers = case.shards[place].iter().map(|known| offer(*known)).collect();
            Holding { shard: None, offers }
        };
        let is_same = |one: &Known, other: &Known| {
            assert_eq!(one.chunk, other.chunk, "parts of two chunks are compared");
            Ok(one.state == other.state)
        };
        choose(RUN, case.chunks, order.iter().map(holding).collect(), is_same)
    }

    /// Who has each chunk, if anybody; nearly all of them are good.
    fn cases() -> impl Strategy<Value = Case> {
        let state =
            prop_oneof![Just(State::Differing), Just(State::Foreign), Just(State::Misnamed),];
        let sizes = (1_usize..6, 0_u32..14);
        sizes.prop_flat_map(move |(count, chunks)| {
            let someone = proptest::collection::btree_set(0..count, 1..=count);
            let holders = prop_oneof![30 => someone, 1 => Just(BTreeSet::new())];
            let holders = proptest::collection::vec(holders, chunks as usize);
            let spoilt = (any::<prop::sample::Index>(), state.clone());
            let spoilt = prop_oneof![2 => Just(None), 1 => spoilt.prop_map(Some)];
            (holders, spoilt).prop_map(move |(holders, spoilt)| case(count, &holders, spoilt))
        })
    }

    fn case(
        count: usize,
        holders: &[BTreeSet<usize>],
        spoilt: Option<(prop::sample::Index, State)>,
    ) -> Case {
        let chunks = u32::try_from(holders.len()).unwrap();
        let mut parts: Vec<Known> = (0..chunks)
            .zip(holders)
            .flat_map(|(chunk, holders)| {
                holders.iter().map(move |&shard| Known { shard, chunk, state: State::Good })
            })
            .collect();
        if let Some((index, state)) = spoilt
            && !parts.is_empty()
        {
            let place = index.index(parts.len());
            parts[place].state = state;
        }
        let of = |shard| parts.iter().copied().filter(|known| known.shard == shard).collect();
        Case { chunks, shards: (0..count).map(of).collect() }
    }

    /// All parts of a case, in the order in which they are looked at.
    fn in_order(case: &Case, order: &[usize]) -> Vec<Known> {
        order.iter().flat_map(|&place| case.shards[place].clone()).collect()
    }

    fn orders() -> impl Strategy<Value = (Case, Vec<usize>)> {
        cases().prop_flat_map(|case| {
            let order: Vec<usize> = (0..case.shards.len()).collect();
            (Just(case), Just(order).prop_shuffle())
        })
    }

    /// Whether nobody could tell that a part is not as it should be: there is no other to hold it against.
    fn is_alone(parts: &[Known], spoilt: Known) -> bool {
        match spoilt.state {
            State::Good => true,
            State::Differing => parts.iter().filter(|part| part.chunk == spoilt.chunk).count() == 1,
            State::Foreign => parts.len() == 1,
            State::Misnamed => false,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// Against a plain model, in any order of the shards.
        #[test]
        fn each_chunk_comes_once_from_the_first_that_has_it((case, order) in orders()) {
            let parts = in_order(&case, &order);
            let bad = parts.iter().find(|part| !is_alone(&parts, **part));
            let nobodys: Vec<u32> =
                (0..case.chunks).filter(|chunk| parts.iter().all(|part| part.chunk != *chunk)).collect();
            match (chosen(&case, &order), bad) {
                (Ok(taken), None) => {
                    prop_assert_eq!(&nobodys, &[] as &[u32]);
                    prop_assert!(taken.keys().copied().eq(0..case.chunks));
                    for (chunk, offer) in taken {
                        let first = parts.iter().find(|part| part.chunk == chunk);
                        prop_assert_eq!(Some(&offer.part), first);
                        prop_assert_eq!(offer.label.chunk, chunk);
                    }
                }
                (Err(Refusal::Missing { chunks, owner }), None) => {
                    prop_assert!(!chunks.is_empty());
                    prop_assert_eq!(chunks, nobodys);
                    prop_assert_eq!(owner, Owner::Present(0));
                }
                (Err(Refusal::Foreign(named)), Some(bad)) => {
                    prop_assert!([State::Foreign, State::Misnamed].contains(&bad.state));
                    // The first part says what run it is, so that the second one is foreign to it.
                    let is_first = bad.state == State::Foreign && parts[0] == *bad;
                    prop_assert_eq!(named, if is_first { parts[1] } else { *bad });
                }
                (Err(Refusal::Differs { chunk, first, second }), Some(bad)) => {
                    prop_assert_eq!(bad.state, State::Differing);
                    prop_assert_eq!(chunk, bad.chunk);
                    let of_chunk: Vec<Known> =
                        parts.iter().copied().filter(|part| part.chunk == chunk).collect();
                    prop_assert_eq!(first, of_chunk[0]);
                    let other = of_chunk.iter().find(|part| part.state != first.state);
                    prop_assert_eq!(Some(&second), other);
                }
                (other, bad) => prop_assert!(false, "{other:?} although {bad:?} is bad"),
            }
        }

        /// What a merged run holds, or whether it is refused and why, is the same in any order.
        #[test]
        fn the_order_of_shards_decides_nothing((case, order) in orders()) {
            let sorted: Vec<usize> = (0..case.shards.len()).collect();
            let content = |chosen: Chosen| match chosen {
                Ok(taken) => {
                    let held = taken.values().map(|offer| (offer.chunk, offer.part.state));
                    format!("{:?}", held.collect::<Vec<_>>())
                }
                Err(Refusal::Missing { chunks, .. }) => format!("missing {chunks:?}"),
                Err(Refusal::Foreign(_)) => "foreign".to_owned(),
                Err(Refusal::Differs { chunk, .. }) => format!("{chunk} differs"),
                Err(Refusal::Unread(never)) => match never {},
            };
            prop_assert_eq!(content(chosen(&case, &sorted)), content(chosen(&case, &order)));
        }

        /// As shards are made: of N, some absent, some stopped early.
        #[test]
        fn who_was_to_do_what_is_missing_is_named(
            chunks in 1_u32..40,
            done in proptest::collection::vec(proptest::option::of(0_usize..40), 1..7),
        ) {
            let count = u32::try_from(done.len()).unwrap();
            let shard = |index: u32| format!("{}/{count}", index + 1).parse::<Shard>().unwrap();
            let named: Vec<(u32, usize)> =
                (0..count).zip(&done).filter_map(|(index, most)| Some((index, (*most)?))).collect();
            let holdings = named.iter().map(|&(index, most)| {
                let own = (0..chunks).filter(|chunk| chunk % count == index).take(most);
                let known = |chunk| Known { shard: index as usize, chunk, state: State::Good };
                Holding { shard: Some(shard(index)), offers: own.map(|chunk| offer(known(chunk))).collect() }
            });
            let chosen: Chosen = choose(RUN, chunks, holdings.collect(), |_, _| Ok(true));
            let is_done = |chunk: &u32| {
                done[(chunk % count) as usize].is_some_and(|most| ((chunk / count) as usize) < most)
            };
            match chosen {
                Ok(taken) => {
                    prop_assert!((0..chunks).all(|chunk| is_done(&chunk)));
                    prop_assert_eq!(taken.len(), chunks as usize);
                }
                Err(Refusal::Missing { chunks: left, owner }) => {
                    let lost: Vec<u32> = (0..chunks).filter(|chunk| !is_done(chunk)).collect();
                    let index = lost[0] % count;
                    prop_assert_eq!(left, lost);
                    prop_assert_eq!(owner, match named.iter().position(|(named, _)| *named == index) {
                        Some(place) => Owner::Present(place),
                        None if named.is_empty() => Owner::Unknown,
                        None => Owner::Absent(shard(index)),
                    });
                }
                other => prop_assert!(false, "{other:?}"),
            }
        }
    }

    #[test]
    fn parts_of_another_plan_or_of_no_chunk_are_foreign() {
        let good = |chunk| offer(Known { shard: 0, chunk, state: State::Good });
        let choose = |plan: &str, chunks, offers| -> Chosen {
            choose(plan, chunks, vec![Holding { shard: None, offers }], |_, _| Ok(true))
        };
        assert!(choose(RUN, 2, vec![good(0), good(1)]).is_ok());
        let other = choose("another", 2, vec![good(0), good(1)]);
        assert!(matches!(other, Err(Refusal::Foreign(Known { chunk: 0, .. }))), "{other:?}");
        let beyond = choose(RUN, 2, vec![good(0), good(1), good(2)]);
        assert!(matches!(beyond, Err(Refusal::Foreign(Known { chunk: 2, .. }))), "{beyond:?}");
    }

    #[test]
    fn neighbours_are_written_as_ranges() {
        assert_eq!(ranges(&[3, 7, 8, 9, 11]), "3, 7-9, 11");
        let apart: Vec<u32> = (0..12).map(|number| 2 * number).collect();
        assert_eq!(ranges(&apart), "0, 2, 4, 6, 8, 10, 12, 14, 16, 18, ...");
    }
}
