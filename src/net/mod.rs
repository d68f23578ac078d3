//! Ring 2: HTTP; the only user of reqwest.
//!
//! A [`Request`] goes in, a [`FetchOutcome`](crate::model::FetchOutcome) comes out: what servers do is never an `Err`.
//! Here are the limits on bytes, time, hops and addresses, and the manners towards servers (one request per newspaper
//! at once, a gap, few newspapers at a time). Not here: when to ask (`daemon::pace`) and what the bytes say (`feed`, `page`).

mod budget;
mod cachectl;
mod client;
mod cookies;
mod failure;
mod fetch;
mod guard;
mod links;
mod post;
mod robots;
mod slots;
mod wall;

pub use client::{Client, NetConfig, NetError, Paper};
pub use fetch::{Accept, Held, Request};
pub use guard::{Cidr, CidrError};
pub use post::{Form, Posted};
pub use robots::{Robots, Verdict};
pub use wall::recognise;
