//! Parses the command line, installs the crypto provider, runs, and turns the result into an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    diembao::cli::main()
}
