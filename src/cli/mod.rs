//! Ring 3: the commands. Names, flags and exit codes are a contract.

mod args;
pub mod check;
mod tool;

use clap::Parser as _;
use std::process::ExitCode;

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    // The one crypto provider of the process; a second install (tests) is an error of no meaning.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let args = args::Args::parse();
    match args.command {
        args::Command::Tool { tool } => tool::run(tool),
    }
}
