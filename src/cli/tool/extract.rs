//! `tool extract`: an article page to JSON.

use crate::cli::app::{self, AppError};
use crate::cli::args::Args;
use crate::cli::{USAGE, check};
use crate::model::Source;
use crate::page::{self, PageArticle};
use jiff::tz::TimeZone;
use serde::Serialize;
use std::{path::Path, process::ExitCode};
use url::Url;

/// The contract's keys, in its order.
#[derive(Serialize)]
struct Printed<'a> {
    title: Option<&'a str>,
    lead: Option<&'a str>,
    text: &'a str,
    author: Option<&'a str>,
    published: Option<String>,
    canonical_url: Option<&'a str>,
}

/// Contract: product.md, "Plumbing contracts". The site rules are those of the source to whose hosts `--url` belongs, or
/// the page's own address where none is given.
pub fn run(args: &Args, no_site_rules: bool, url: Option<&str>, file: &Path) -> ExitCode {
    match read(args, no_site_rules, url, file) {
        Ok(json) => {
            crate::cli::out::line(&json);
            ExitCode::SUCCESS
        }
        Err(AppError::Config(problems)) => {
            check::print_problems(&problems);
            ExitCode::from(USAGE)
        }
        Err(error) => {
            eprintln!("diembao: {}: {error}", file.display());
            ExitCode::FAILURE
        }
    }
}

fn read(
    args: &Args,
    no_site_rules: bool,
    url: Option<&str>,
    file: &Path,
) -> Result<String, AppError> {
    let url = url
        .map(Url::parse)
        .transpose()
        .map_err(anyhow::Error::from)?;
    let html = std::fs::read(file).map_err(anyhow::Error::from)?;
    let config = match no_site_rules {
        true => None,
        false => Some(app::load_config(args).map_err(AppError::Config)?),
    };
    let zone = TimeZone::get("Asia/Ho_Chi_Minh").map_err(anyhow::Error::from)?;
    let extract = |source: Option<&Source>| {
        let rules = source.map(|source| source.page_rules.clone());
        let own = source.and_then(|source| TimeZone::get(source.time_zone.as_deref()?).ok());
        let zone = own.as_ref().unwrap_or(&zone);
        page::extract(&html, None, url.as_ref(), &rules.unwrap_or_default(), zone)
    };
    let sources = config.as_ref().map_or(&[][..], |config| &config.sources);
    let mut source = url.as_ref().and_then(|url| source_of(sources, url));
    let mut article = extract(source).map_err(anyhow::Error::from)?;
    if url.is_none() {
        let own = article.canonical_url.as_deref();
        source = own
            .and_then(|own| Url::parse(own).ok())
            .and_then(|own| source_of(sources, &own));
        if source.is_some() {
            article = extract(source).map_err(anyhow::Error::from)?;
        }
    }
    Ok(print(&article, zone))
}

fn source_of<'c>(sources: &'c [Source], url: &Url) -> Option<&'c Source> {
    let host = url.host_str()?;
    sources.iter().find(|source| source.has_host(host))
}

fn print(article: &PageArticle, zone: TimeZone) -> String {
    let published = article.published.map(|at| {
        at.to_zoned(zone)
            .strftime("%Y-%m-%dT%H:%M:%S%:z")
            .to_string()
    });
    let printed = Printed {
        title: Some(article.title.as_str()).filter(|t| !t.is_empty()),
        lead: article.lead.as_deref(),
        text: &article.text,
        author: article.author.as_deref(),
        published,
        canonical_url: article.canonical_url.as_deref(),
    };
    serde_json::to_string(&printed).unwrap_or_default()
}
