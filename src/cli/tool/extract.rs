//! `tool extract`: an article page to JSON.

use crate::{model::PageRules, page};
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

/// Contract: product.md, "Plumbing contracts".
pub fn run(_no_site_rules: bool, url: Option<&str>, file: &Path) -> ExitCode {
    match read(url, file) {
        Ok(json) => {
            #[expect(clippy::print_stdout, reason = "the command's output")]
            {
                println!("{json}");
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("diembao: {}: {error:#}", file.display());
            ExitCode::FAILURE
        }
    }
}

fn read(url: Option<&str>, file: &Path) -> anyhow::Result<String> {
    let url = url.map(Url::parse).transpose()?;
    let html = std::fs::read(file)?;
    let zone = TimeZone::get("Asia/Ho_Chi_Minh")?;
    let article = page::extract(&html, None, url.as_ref(), &PageRules::default(), &zone)?;
    let published = article.published.map(|at| {
        at.to_zoned(zone)
            .strftime("%Y-%m-%dT%H:%M:%S%:z")
            .to_string()
    });
    Ok(serde_json::to_string(&Printed {
        title: Some(article.title.as_str()).filter(|t| !t.is_empty()),
        lead: article.lead.as_deref(),
        text: &article.text,
        author: article.author.as_deref(),
        published,
        canonical_url: article.canonical_url.as_deref(),
    })?)
}
