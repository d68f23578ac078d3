//! `feeds discover`: the feeds and sitemaps of a site, each tried.

use super::app::{self, AppError};
use super::args::Args;
use super::feeds_exam::{self, Patient, Report};
use super::out;
use crate::daemon::works::Setup;
use crate::model::{FailureKind, FeedKind, FetchOutcome, Source, Validators};
use crate::net::{Accept, Request};
use crate::page;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::HashSet;
use url::Url;

/// Addresses tried of one site.
const TRIED_MAX: usize = 30;
/// Where the systems that papers use put their feeds and sitemaps; asked where a page names none.
const USUAL: [&str; 9] = [
    "/rss/home.rss",
    "/rss",
    "/rss.xml",
    "/feed",
    "/home.rss",
    "/rss/trang-chu.rss",
    "/news-sitemap.xml",
    "/sitemap-news.xml",
    "/sitemap.xml",
];

/// Runs the command; it fails where nothing is found.
pub async fn run(args: &Args, address: &str) -> Result<(), AppError> {
    let config = app::load_config(args).map_err(AppError::Config)?;
    let setup = Setup::new(config, None).map_err(anyhow::Error::from)?;
    let address = match address.contains("://") {
        true => address.to_owned(),
        false => format!("https://{address}"),
    };
    let url = Url::parse(&address)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .ok_or_else(|| AppError::Usage(format!("{address:?} is not an http address")))?;
    let now = app::clock(args).now();
    let found = discover(&setup, &Patient::stranger(url.clone()).source, &url, now).await;
    if args.json {
        found.iter().for_each(out::json);
    } else {
        print(&found, &feeds_exam::zone(&setup));
    }
    match found.is_empty() {
        true => Err(AppError::Work(anyhow::anyhow!(
            "no feed and no sitemap was found at {url}"
        ))),
        false => Ok(()),
    }
}

/// Discovers and prints what a page offers; for a person who tried the page itself.
pub async fn offer(setup: &Setup, url: &Url, now: Timestamp) {
    let found = discover(setup, &Patient::stranger(url.clone()).source, url, now).await;
    print(&found, &feeds_exam::zone(setup));
}

/// Whether an address looks like a sitemap's.
pub fn is_sitemap(url: &Url) -> bool {
    let path = url.path().to_ascii_lowercase();
    path.contains("sitemap")
        && (path.ends_with(".xml") || path.ends_with(".gz") || path.ends_with(".txt"))
}

/// Everything at a site that can be read as a feed or sitemap with items, in the order in which it was offered: what the
/// page declares, what it links to (one page of feeds deep), what robots.txt names; the usual places where it offers
/// nothing.
pub async fn discover(setup: &Setup, source: &Source, url: &Url, now: Timestamp) -> Vec<Report> {
    let mut search = Search {
        setup,
        source,
        now,
        met: HashSet::new(),
        tried: 0,
        found: Vec::new(),
    };
    let offers = search.offers(url).await;
    search.try_all(offers, true).await;
    let sitemaps = search.sitemaps_of_robots(url).await;
    search.try_all(sitemaps, false).await;
    if search.found.is_empty() {
        let usual = USUAL
            .iter()
            .filter_map(|path| url.join(path).ok())
            .collect();
        search.try_all(usual, true).await;
    }
    search.found
}

struct Search<'s> {
    setup: &'s Setup,
    source: &'s Source,
    now: Timestamp,
    met: HashSet<Url>,
    tried: usize,
    found: Vec<Report>,
}

impl Search<'_> {
    async fn body(&self, url: &Url, accept: Accept) -> Option<(Vec<u8>, Option<String>, Url)> {
        let mut request = Request::feed(url.clone(), Validators::default());
        request.accept = accept;
        request.newspaper = Some(self.source.key.as_str().to_owned());
        request.user_agent.clone_from(&self.source.user_agent);
        match self.setup.client.fetch(&request, self.now).await {
            FetchOutcome::Fresh(fetched) => {
                Some((fetched.body, fetched.content_type, fetched.final_url))
            }
            _ => None,
        }
    }

    /// What a page offers.
    async fn offers(&self, url: &Url) -> Vec<Url> {
        let Some((body, content_type, base)) = self.body(url, Accept::Page).await else {
            return Vec::new();
        };
        let offers = page::discover(&body, content_type.as_deref(), &base);
        offers.into_iter().map(|offer| offer.url).collect()
    }

    /// The `Sitemap:` lines of robots.txt (RFC 9309 leaves them to the sitemap protocol).
    async fn sitemaps_of_robots(&self, url: &Url) -> Vec<Url> {
        let Ok(robots) = url.join("/robots.txt") else {
            return Vec::new();
        };
        let Some((body, ..)) = self.body(&robots, Accept::Robots).await else {
            return Vec::new();
        };
        let text = String::from_utf8_lossy(&body).into_owned();
        text.lines()
            .filter_map(|line| line.split_once(':'))
            .filter(|(field, _)| field.trim().eq_ignore_ascii_case("sitemap"))
            .filter_map(|(_, address)| robots.join(address.trim()).ok())
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .collect()
    }

    /// Tries each address; a page that lists feeds is followed once where `deeper`.
    async fn try_all(&mut self, offers: Vec<Url>, deeper: bool) {
        let mut further = Vec::new();
        for url in offers {
            if self.tried >= TRIED_MAX || !self.met.insert(url.clone()) {
                continue;
            }
            self.tried += 1;
            let kind = match is_sitemap(&url) {
                true => FeedKind::Sitemap,
                false => FeedKind::Feed,
            };
            let patient = Patient {
                url: url.clone(),
                kind,
                list: None,
                section: None,
                source: self.source.clone(),
            };
            let report = feeds_exam::examine(self.setup, &patient, self.now).await;
            let items = report
                .content
                .as_ref()
                .is_some_and(|content| content.items > 0);
            if report.ok && (items || !report.parts.is_empty()) {
                self.found.push(report);
            } else if deeper && report.failure == Some(FailureKind::Html) {
                further.push(url);
            }
        }
        if deeper {
            for page in further {
                let offers = self.offers(&page).await;
                Box::pin(self.try_all(offers, false)).await;
            }
        }
    }
}

fn print(found: &[Report], zone: &TimeZone) {
    if found.is_empty() {
        out::line("Không tìm thấy nguồn tin nào (RSS, Atom, sitemap).");
        return;
    }
    let rows = found.iter().map(|report| {
        let content = report.content.as_ref();
        let kind = match (report.kind, report.parts.is_empty()) {
            (FeedKind::Sitemap, false) => "mục lục sitemap",
            (FeedKind::Sitemap, true) => "sitemap",
            _ => "RSS/Atom",
        };
        let newest = content.and_then(|content| content.newest);
        let newest = newest.map(|at| {
            at.to_zoned(zone.clone())
                .strftime("%H:%M %d/%m/%Y")
                .to_string()
        });
        let taken =
            content.map(|content| content.taken.iter().filter(|item| item.level > 0).count());
        vec![
            report.url.to_string(),
            kind.to_owned(),
            content
                .map(|content| content.items.to_string())
                .unwrap_or_default(),
            newest.unwrap_or_default(),
            taken.map(|taken| taken.to_string()).unwrap_or_default(),
            content
                .and_then(|content| content.title.clone())
                .unwrap_or_default(),
        ]
    });
    out::table(
        &["địa chỉ", "loại", "số mục", "bài mới nhất", "sẽ lấy", "tên"],
        rows,
    );
}
