//! Ring 1: stories → one edition, rendered.
//!
//! [`window`] says when an edition is due, `compose` makes its frozen form out of the window's articles, `render`
//! prints it as mail parts, [`json`] as data. No clock, no files; a rendering needs nothing but the edition.

pub mod compose;
#[cfg(test)]
mod fixtures;
mod gist;
pub mod json;
mod quote;
pub mod render;
mod safe;
mod sample;
mod select;
#[cfg(test)]
mod tests;
mod view;
pub mod window;
mod words;
mod wrap;

pub use compose::{
    Differing, DigestSettings, Failing, Material, Said, SourceInfo, StoryGroup, Told, TopicHeading,
    compose,
};
pub use json::to_json;
pub use render::{RenderOptions, TemplateError, Templates, render};
