//! Ring 3: the commands. Names, flags and exit codes are a contract.

mod app;
mod args;
mod backup;
mod check;
mod check_diff;
mod check_online;
mod demo;
mod digest;
mod dump;
mod explain;
mod feeds;
mod feeds_discover;
mod feeds_edit;
mod feeds_exam;
mod feeds_test;
mod feeds_verify;
mod fetch;
mod mark;
mod month;
mod near_misses;
mod now;
mod out;
mod outbox;
mod replay;
mod run;
mod search;
mod status;
mod template;
mod tool;

use app::AppError;
use args::{Args, Command};
use clap::{CommandFactory as _, Parser as _};
use std::io::IsTerminal as _;
use std::process::ExitCode;

/// Ran, but the command's own work failed.
const FAILED: u8 = 1;
/// Wrong usage or config.
const USAGE: u8 = 2;
/// EX_CONFIG of sysexits.h: `run` ends with it on a wrong config, and systemd does not start it again.
const EX_CONFIG: u8 = 78;

/// Runs the command line of this process. `journal` says that stderr is connected to the journal.
pub fn main(journal: bool) -> ExitCode {
    // The one crypto provider of the process; a second install (tests) is an error of no meaning.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let args = Args::parse();
    crate::log::init(verbosity(&args), journal);
    match &args.command {
        Command::Tool { tool } => tool::run(&args, tool),
        Command::Check {
            diff: false,
            online: false,
            file,
        } => check::run(file.as_deref().or(args.config.as_deref()), args.json),
        Command::Check { file, diff, online } => {
            let file = file.as_deref().or(args.config.as_deref());
            let verdict = check::run(file, args.json);
            if verdict != ExitCode::SUCCESS {
                return verdict;
            }
            finish(runtime().and_then(|runtime| {
                runtime.block_on(Box::pin(further_checks(&args, file, *diff, *online)))
            }))
        }
        Command::Restore { file, mailed_until } => {
            finish(backup::restore(&args, file, mailed_until.as_deref()))
        }
        Command::Completions { shell } => {
            clap_complete::generate(
                *shell,
                &mut Args::command(),
                "diembao",
                &mut std::io::stdout(),
            );
            ExitCode::SUCCESS
        }
        Command::Man => finish(man()),
        Command::Run => run::run(&args),
        _ => on_runtime(&args),
    }
}

/// Commands that do I/O, on a runtime of their own.
fn on_runtime(args: &Args) -> ExitCode {
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(err) => return finish(Err(err)),
    };
    let result = runtime.block_on(async {
        match &args.command {
            Command::Demo { out } => Box::pin(demo::run(args, out)).await,
            Command::Now { out } => Box::pin(now::run(args, out)).await,
            Command::Fetch {
                due_only,
                pages,
                feeds,
            } => {
                Box::pin(fetch::run(
                    args,
                    &fetch::Options {
                        due_only: *due_only,
                        pages: *pages,
                        tells: true,
                        feeds,
                    },
                ))
                .await
            }
            Command::Digest {
                action: Some(args::DigestAction::Template { action }),
                ..
            } => template::run(args, action),
            Command::Digest {
                name: Some(name),
                month: Some(first),
                out,
                ..
            } => Box::pin(month::run(args, name, *first, out.as_deref())).await,
            Command::Digest {
                name: Some(name),
                date,
                dry_run,
                out,
                preview,
                send,
                resend,
                replay,
                near_misses,
                ..
            } => {
                let options = digest::Options {
                    name,
                    date: *date,
                    dry_run: *dry_run || preview.is_some(),
                    out: out.as_deref().or(preview.as_deref()),
                    send: *send,
                    resend: resend.as_deref(),
                    replay: *replay,
                    near_misses: *near_misses,
                };
                Box::pin(digest::run(args, &options)).await
            }
            Command::Feeds { action } => Box::pin(feeds::run(args, action)).await,
            Command::Search(wanted) => search::run(args, wanted).await,
            Command::Explain { article } => explain::run(args, article).await,
            Command::Outbox { action } => outbox::run(args, action).await,
            Command::Mark {
                article,
                word,
                undo,
                export,
                ..
            } => {
                let options = mark::Options {
                    article: article.as_deref(),
                    word: word.as_deref(),
                    undo: *undo,
                    export: *export,
                };
                mark::run(args, &options).await
            }
            Command::Backup { file, keep } => backup::backup(args, file, *keep).await,
            Command::Verify => backup::verify(args).await,
            Command::Status => status::run(args).await,
            Command::Dump { what } => dump::run(args, *what).await,
            // clap asks for a name where there is no action.
            Command::Digest { name: None, .. } => Ok(()),
            Command::Run
            | Command::Check { .. }
            | Command::Restore { .. }
            | Command::Tool { .. }
            | Command::Completions { .. }
            | Command::Man => Ok(()),
        }
    });
    finish(result)
}

/// What `check` does beyond reading files.
async fn further_checks(
    args: &Args,
    file: Option<&std::path::Path>,
    diff: bool,
    online: bool,
) -> Result<(), AppError> {
    if diff {
        check_diff::run(args, file).await?;
    }
    if online {
        check_online::run(args, file).await?;
    }
    Ok(())
}

/// One thread for all I/O: a second one would be woken at every answer, for a few microseconds of work. CPU work goes to the
/// blocking threads.
fn runtime() -> Result<tokio::runtime::Runtime, AppError> {
    started(tokio::runtime::Builder::new_current_thread())
}

fn started(mut builder: tokio::runtime::Builder) -> Result<tokio::runtime::Runtime, AppError> {
    let runtime = builder.enable_all().build();
    runtime.map_err(|err| AppError::Work(anyhow::Error::from(err).context("starting the runtime")))
}

/// The exit code of a result; what went wrong stands on stderr.
fn finish(result: Result<(), AppError>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(AppError::Unwell) => ExitCode::from(FAILED),
        Err(AppError::Config(problems)) => {
            check::print_problems(&problems);
            ExitCode::from(USAGE)
        }
        Err(AppError::Usage(what)) => {
            tracing::error!("{}", out::safe(&what));
            ExitCode::from(USAGE)
        }
        Err(err) => {
            tracing::error!("{}", out::safe(&err.to_string()));
            ExitCode::from(FAILED)
        }
    }
}

fn verbosity(args: &Args) -> crate::log::Verbosity {
    use crate::log::Verbosity;
    match (args.quiet, args.verbose) {
        (true, _) => Verbosity::Quiet,
        (_, 0) => Verbosity::Normal,
        (_, 1) => Verbosity::Verbose,
        _ => Verbosity::Debug,
    }
}

/// Whether progress may be drawn: a person looks on.
fn draws_progress(args: &Args) -> bool {
    !args.quiet && !args.json && std::io::stderr().is_terminal()
}

fn man() -> Result<(), AppError> {
    clap_mangen::Man::new(Args::command())
        .render(&mut std::io::stdout())
        .map_err(|err| AppError::Work(err.into()))
}
