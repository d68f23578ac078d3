//! Ring 1: stories → one edition, rendered.
//!
//! [`window`] says when an edition is due, `compose` makes its frozen form out of the window's articles, `render`
//! prints it as mail parts, `docx` as a Word file, [`json`] and `csv` as data; `month` counts a month of them. No clock, no files; a rendering needs nothing but the edition.

pub mod compose;
mod corrections;
mod csv;
mod docx;
#[cfg(test)]
mod fixtures;
mod gist;
mod headings;
pub mod json;
pub mod leave;
pub mod month;
mod quote;
pub mod render;
mod report;
pub(crate) mod safe;
mod sample;
mod select;
#[cfg(test)]
mod tests;
mod view;
pub mod window;
mod word;
pub(crate) mod words;
mod wrap;

pub use compose::{
    Corrected, Differing, DigestSettings, Failing, Material, Said, SourceInfo, StoryGroup, Told,
    TopicHeading, compose,
};
pub use corrections::{corrections, is_notice};
pub use csv::to_csv;
pub use docx::docx;
pub use json::to_json;
pub use month::{Month, Tally};
pub use render::{
    RenderOptions, TemplateError, Templates, fallback_note, printed, render, render_somehow,
};
pub use report::{Concern, Trouble, report};
pub use word::WordError;
