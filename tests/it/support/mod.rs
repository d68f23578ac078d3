//! What stands in for the world: real servers on loopback with scripts of (mis)behaviour.

pub mod https;
pub mod office;
pub mod origin;
pub mod poller;
pub mod smtpd;
