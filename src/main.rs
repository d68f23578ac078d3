//! Runs the command line and turns the result into an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    // systemd.exec(5): set when stderr is connected to the journal.
    let journal = std::env::var_os("JOURNAL_STREAM").is_some();
    diembao::cli::main(journal)
}
