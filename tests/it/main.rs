//! What the parts do together, seen from outside: one binary, so that it is linked once.

mod mail;
mod support;
