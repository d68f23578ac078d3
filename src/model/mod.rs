//! Ring 0: the words of the trade as plain structs and enums. No I/O, no clock, no decisions.
//!
//! *Sapo* is the newspaper's word for the lead paragraph set apart under the headline; in JSON it is `lead`.

mod article;
mod edition;
mod feed;
mod hub;
mod ids;

pub use article::*;
pub use edition::*;
pub use feed::*;
pub use hub::*;
pub use ids::*;
