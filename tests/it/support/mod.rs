//! The world around the program, with scripts of misbehaviour.

pub mod smtpd;
