//! `demo`: the whole way on this machine with no network and no set-up. Invented papers are served on loopback, polled
//! four times over two days, and two editions are made of them, written as files.

mod server;
mod world;

use super::app::{self, AppError};
use super::args::Args;
use super::{digest, fetch, out};
use crate::config::{self, Config};
use crate::daemon::clock::Clock;
use crate::daemon::desk;
use crate::daemon::works::Works;
use crate::model::{FeedKey, FeedKind, FeedSpec, Source, SourceKey};
use anyhow::Context as _;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use server::Server;
use std::path::Path;
use url::Url;
use world::{Paper, Step, World};

/// When the demo polls, in the zone of Viet Nam; an edition is made after the second and the fourth poll.
const POLLS: [&str; 4] = [
    "2026-11-18T17:00:00+07:00",
    "2026-11-19T06:20:00+07:00",
    "2026-11-19T17:00:00+07:00",
    "2026-11-20T06:20:00+07:00",
];
/// When the editions are made.
const EDITIONS: [(usize, &str); 2] = [
    (1, "2026-11-19T06:30:00+07:00"),
    (3, "2026-11-20T06:30:00+07:00"),
];

/// Viet Nam's zone.
fn zone() -> TimeZone {
    TimeZone::fixed(jiff::tz::offset(7))
}

/// Runs the command.
pub async fn run(args: &Args, dir: &Path) -> Result<(), AppError> {
    // Made here, open to all: the store makes its own folder within closed to others.
    std::fs::create_dir_all(dir).with_context(|| format!("making {}", dir.display()))?;
    let data = dir.join("data");
    if data.exists() {
        std::fs::remove_dir_all(&data).with_context(|| format!("emptying {}", data.display()))?;
    }
    let server = Server::start(World::load()?)
        .await
        .context("opening a port on 127.0.0.1")?;
    let world = World::load()?;
    for (step, at) in POLLS.iter().enumerate() {
        server.set_step(Step(u8::try_from(step + 1).unwrap_or(u8::MAX)));
        let works = at_time(&world, &data, &server, at).await?;
        poll(args, &works, at).await?;
        if let Some((_, at)) = EDITIONS.iter().find(|(after, _)| *after == step) {
            drop(works);
            edition(&at_time(&world, &data, &server, at).await?, dir).await?;
        }
    }
    out::line(&format!(
        "Mở {} bằng trình duyệt hoặc tệp .eml bằng trình đọc thư.",
        dir.join("diem-bao-2026-11-20.html").display()
    ));
    Ok(())
}

/// The demo's parts at one of its moments.
async fn at_time(world: &World, data: &Path, server: &Server, at: &str) -> Result<Works, AppError> {
    let now: Timestamp = at.parse().map_err(anyhow::Error::from)?;
    app::own(
        demo_config(world, data)?,
        Clock::Fixed(now),
        Some(server.addr),
    )
    .await
}

/// The built-in config with the demo's papers in the place of the real ones.
fn demo_config(world: &World, data: &Path) -> Result<Config, AppError> {
    let mut config = config::load(None).map_err(AppError::Config)?;
    config.daemon.data_dir = data.to_owned();
    config.fetch.gap = std::time::Duration::ZERO;
    config.fetch.allow_private = vec![config::Cidr {
        network: std::net::Ipv4Addr::new(127, 0, 0, 0).into(),
        prefix: 8,
    }];
    config.sources = world
        .paper
        .iter()
        .enumerate()
        .map(|(rank, paper)| source(paper, rank))
        .collect::<Result<_, _>>()?;
    let digest = config
        .digests
        .first_mut()
        .context("the built-in config has a digest")?;
    digest.contact = Some("diem-bao@tinh.example".to_owned());
    digest.recipients = vec![config::Recipient {
        name: None,
        address: "can-bo@tinh.example".to_owned(),
    }];
    digest.first_number = 287;
    Ok(config)
}

fn source(paper: &Paper, rank: usize) -> Result<Source, AppError> {
    let url =
        Url::parse(&format!("http://{}/rss/home.rss", paper.host)).map_err(anyhow::Error::from)?;
    Ok(Source {
        key: SourceKey::from(paper.key.as_str()),
        name: paper.name.clone(),
        province: paper.province.clone(),
        domain: paper.host.clone(),
        aliases: Vec::new(),
        // The central press stands first, as in the shipped list.
        publisher: None,
        rank: if paper.province.is_none() {
            1
        } else {
            u16::try_from(rank + 100).unwrap_or(u16::MAX)
        },
        page_rules: Default::default(),
        access: crate::model::SourceAccess::default(),
        time_zone: None,
        feeds: vec![FeedSpec {
            key: FeedKey(format!("{}/home", paper.key)),
            url,
            kind: FeedKind::Feed,
            section: None,
            enabled: true,
            verified: true,
            list: None,
        }],
    })
}

async fn poll(args: &Args, works: &Works, at: &str) -> Result<(), AppError> {
    let (mut polled, mut failed, mut new) = (0, 0, 0);
    // One paper after the other: the articles come in the same order each time, and so have the same numbers.
    for source in &works.setup().config.sources {
        let options = fetch::Options {
            due_only: false,
            pages: true,
            tells: false,
            feeds: &[source.key.to_string()],
        };
        let summary = fetch::pass(args, works, &options).await?;
        polled += summary.polled.len();
        failed += summary.failed();
        new += summary
            .polled
            .iter()
            .filter_map(|p| p.report.as_ref())
            .map(|r| r.new_articles.len())
            .sum::<usize>();
    }
    fetch::analyse_and_read(works).await?;
    out::line(&format!(
        "{at}  {polled} nguồn, {failed} lỗi, {new} bài mới"
    ));
    Ok(())
}

async fn edition(works: &Works, dir: &Path) -> Result<(), AppError> {
    let setup = works.setup();
    let made = desk::compose_due(works)
        .await
        .map_err(anyhow::Error::from)?;
    let composed = made
        .first()
        .context("no edition was due; this is a bug of the demo")?;
    let digest = setup
        .config
        .digests
        .first()
        .context("the built-in config has a digest")?;
    let name = format!("diem-bao-{}", composed.edition.date);
    digest::write_forms(works, digest, composed, dir, &name).await?;
    out::line(&format!(
        "           bản số {}: {} → {name}.eml, .html, .txt, .docx, .csv, .json",
        composed.edition.number, composed.rendered.subject
    ));
    Ok(())
}
