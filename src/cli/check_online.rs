//! `check --online`: tries every feed that is switched on, and the login at the mail server. Writes nothing anywhere.

use super::app::{self, AppError};
use super::args::Args;
use super::out;
use crate::config;
use crate::daemon::post;
use crate::daemon::works::Setup;
use crate::feed;
use crate::model::{FeedSpec, FetchOutcome, Source, Validators};
use crate::net::Request;
use jiff::Timestamp;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Runs the command's second half, after the files were found sound.
pub async fn run(args: &Args, file: Option<&Path>) -> Result<(), AppError> {
    let config = config::load(config::locate(file).as_deref()).map_err(AppError::Config)?;
    let setup = Arc::new(Setup::new(config, None).map_err(anyhow::Error::from)?);
    let failing = feeds(args, &setup).await;
    let refused = server(args, &setup).await;
    match (failing, refused) {
        (0, false) => Ok(()),
        _ => Err(AppError::Work(anyhow::anyhow!(
            "{failing} feeds could not be read{}",
            if refused {
                ", and the mail server refused us"
            } else {
                ""
            }
        ))),
    }
}

/// Tries all feeds, as politely as the daemon; how many could not be read.
async fn feeds(args: &Args, setup: &Arc<Setup>) -> usize {
    let now = app::clock(args).now();
    let mut tries = JoinSet::new();
    for source in setup.sources.values() {
        for spec in source.feeds.iter().filter(|spec| spec.enabled) {
            let (setup, source, spec) = (Arc::clone(setup), Arc::clone(source), spec.clone());
            tries.spawn(async move {
                let result = attempt(&setup, &source, &spec, now).await;
                (spec, result)
            });
        }
    }
    let (mut good, mut bad) = (0, Vec::new());
    while let Some(tried) = tries.join_next().await {
        match tried {
            Ok((_, Ok(_))) => good += 1,
            Ok((spec, Err(why))) => bad.push((spec, why)),
            // A reading that breaks down is told by its panic; the others go on.
            Err(_) => {}
        }
    }
    bad.sort_by(|(a, _), (b, _)| a.key.cmp(&b.key));
    for (spec, why) in &bad {
        match args.json {
            true => out::json(
                &json!({"feed": spec.key, "url": spec.url.as_str(), "ok": false, "why": why}),
            ),
            false => out::line(&format!(
                "{}: {} — {}",
                spec.key,
                out::safe(why),
                out::safe(spec.url.as_str())
            )),
        }
    }
    if !args.json {
        out::line(&format!(
            "Nguồn tin: {good} đọc được, {} không đọc được",
            bad.len()
        ));
    }
    bad.len()
}

/// One feed asked and read; how many entries it has, or why not, in Vietnamese with the detail.
async fn attempt(
    setup: &Setup,
    source: &Source,
    spec: &FeedSpec,
    now: Timestamp,
) -> Result<usize, String> {
    let mut request = Request::feed(spec.url.clone(), Validators::default());
    request.configured_host = spec.url.host_str().map(str::to_owned);
    request.newspaper = Some(source.key.to_string());
    request.user_agent.clone_from(&source.user_agent);
    let fetched = match setup.client.fetch(&request, now).await {
        FetchOutcome::Fresh(fetched) => fetched,
        FetchOutcome::Failed(failure) => {
            return Err(format!(
                "{} ({})",
                failure.kind.in_vietnamese(),
                failure.detail
            ));
        }
        FetchOutcome::Gone => return Err("nguồn tin đã bị gỡ hẳn (410)".to_owned()),
        FetchOutcome::Throttled { status, .. } => {
            return Err(format!("máy chủ yêu cầu chờ (HTTP {status})"));
        }
        FetchOutcome::NotModified(_) => return Err("máy chủ trả lời sai quy cách (304)".to_owned()),
    };
    let zone = setup.config.daemon.time_zone.clone();
    let content_type = fetched.content_type.as_deref();
    feed::read(
        &fetched.body,
        content_type,
        &fetched.final_url,
        &zone,
        Some(now),
    )
    .map(|reading| reading.entries.len())
    .map_err(|not| format!("{} ({})", not.kind.in_vietnamese(), not.detail))
}

/// Greets the mail server and logs in; whether it refused us.
async fn server(args: &Args, setup: &Setup) -> bool {
    let Some(smtp) = &setup.config.smtp else {
        return false;
    };
    let refused = match post::probe(setup).await {
        Ok(None) => None,
        Ok(Some(verdict)) => Some(verdict.outcome.words().to_owned()),
        Err(err) => Some(err.to_string()),
    };
    let place = format!("{}:{}", smtp.host, smtp.port);
    match (args.json, &refused) {
        (true, why) => out::json(&json!({"smtp": place, "ok": why.is_none(), "why": why})),
        (false, None) => out::line(&format!(
            "Máy chủ thư {place}: kết nối, mã hóa và đăng nhập được"
        )),
        (false, Some(why)) => out::line(&format!("Máy chủ thư {place}: {}", out::safe(why))),
    }
    refused.is_some()
}
