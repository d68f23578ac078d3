//! Which texts may be copies of one: those that share some of a few windows chosen by their hash.
//!
//! A window is chosen by its hash alone, so that two texts that share it both choose it: of a short text every window,
//! of a long one a part, of its opening always half. Copies share their opening, or most of the shorter one: at least
//! seven chosen windows are shared in the worst case, some dozens in the usual one, and whether texts are copies is
//! judged on the whole of both.

use crate::model::NearKeys;
use std::{cmp::Reverse, collections::HashMap};

/// Texts that are looked at for one window; those beyond are left out by their tag, which is content and not arrival.
/// Windows in more texts are boilerplate, or belong to copies that are found by one another.
pub const MAX_HOLDERS: usize = 64;
/// Texts that one is compared with, the nearest first.
pub const MAX_NEAR: usize = 32;
/// Of the shorter list of keys this part must be shared…
const LEAST_SHARE: usize = 16;
/// …and so many.
const LEAST: usize = 2;

/// Up to so many windows one in so many is chosen.
const DENSITY: [(usize, u64); 4] = [(40, 1), (120, 2), (360, 4), (1_200, 8)];
/// One in so many of a longer text.
const SPARSE: u64 = 16;
/// One in so many of the opening.
const OPENING: u64 = 2;

/// The choice among a text's windows and those of its opening, as hashes; both sorted and distinct.
pub(super) fn choose(all: &[u64], opening: &[u64]) -> NearKeys {
    let density = DENSITY.iter().find(|(upto, _)| all.len() <= *upto);
    let density = density.map_or(SPARSE, |(_, density)| *density);
    let chosen = |of: &[u64], one_in: u64| -> Vec<u32> {
        let below = u64::MAX / one_in;
        let few = of.iter().filter(|&&window| window <= below);
        // The high bits say whether it is chosen, the low ones which it is.
        few.map(|window| (window & u64::from(u32::MAX)) as u32)
            .collect()
    };
    let mut windows = chosen(all, density);
    windows.extend(chosen(opening, OPENING));
    windows.sort_unstable();
    windows.dedup();
    let content = windows.iter().fold(all.len() as u64, |hash, window| {
        (hash.rotate_left(7) ^ u64::from(*window)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    });
    NearKeys {
        windows,
        tag: (content >> 48) as u16,
    }
}

/// A text that shares windows with another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Neighbour<T> {
    /// Which text.
    pub text: T,
    /// Windows that both chose.
    pub shared: usize,
    /// Windows that it chose.
    pub size: usize,
    /// Its tag.
    pub tag: u16,
}

/// Of the texts that share windows with one that chose `own`, those to compare it with: at most [`MAX_NEAR`], the nearest
/// first, whatever the order they came in.
pub fn nearest<T: Copy + Ord>(own: usize, found: impl Iterator<Item = Neighbour<T>>) -> Vec<T> {
    let mut near: Vec<Neighbour<T>> = found.filter(|n| is_near(n.shared, own, n.size)).collect();
    near.sort_by_key(|n| (Reverse(n.shared), n.tag, n.text));
    near.truncate(MAX_NEAR);
    near.into_iter().map(|n| n.text).collect()
}

fn is_near(shared: usize, own: usize, other: usize) -> bool {
    let smaller = own.min(other);
    // A text of a single window has one to share.
    shared >= LEAST.min(smaller.max(1)) && shared * LEAST_SHARE >= smaller
}

/// An index in memory: of one edition's articles.
#[derive(Debug, Default)]
pub struct Index {
    /// By window: tag and place of each text that chose it, sorted.
    holders: HashMap<u32, Vec<(u16, usize)>>,
    /// How many windows each text chose.
    sizes: HashMap<usize, usize>,
}

impl Index {
    /// Adds the text at `place`.
    pub fn add(&mut self, place: usize, keys: &NearKeys) {
        self.sizes.insert(place, keys.windows.len());
        for window in &keys.windows {
            let holders = self.holders.entry(*window).or_default();
            let at = holders.partition_point(|held| *held < (keys.tag, place));
            holders.insert(at, (keys.tag, place));
        }
    }

    /// The places of the texts to compare with one of these keys; itself among them if it was added.
    pub fn near(&self, keys: &NearKeys) -> Vec<usize> {
        let mut shared: HashMap<(u16, usize), usize> = HashMap::new();
        let known = keys
            .windows
            .iter()
            .filter_map(|window| self.holders.get(window));
        for holder in known.flat_map(|holders| holders.iter().take(MAX_HOLDERS)) {
            *shared.entry(*holder).or_default() += 1;
        }
        let found = shared.into_iter().map(|((tag, text), shared)| Neighbour {
            text,
            shared,
            size: self.sizes.get(&text).copied().unwrap_or(0),
            tag,
        });
        nearest(keys.windows.len(), found)
    }
}
