//! Tests across modules and over real sockets, as one binary: one link step instead of many.

// A failing test is where a panic belongs; clippy knows this of test functions, not of what helps them.
#![allow(clippy::unwrap_used)]

mod admin;
mod admin_mail;
mod bad_servers;
mod calendar;
mod cli;
mod config;
mod crash;
mod daemon;
mod doctor;
mod faults;
mod histories;
mod identity;
mod mail;
mod manners;
mod marks;
mod mistakes;
mod month;
mod net;
mod order;
mod post;
mod readme;
mod reread;
mod sources;
mod support;
mod threats;
mod web;
mod web_leave;
mod websub;
mod week;
