//! What stands in for the world: real servers on loopback with scripts of (mis)behaviour.

pub mod origin;
//! The world around the program, with scripts of misbehaviour.

pub mod smtpd;
