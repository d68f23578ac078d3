//! The invented papers and articles of the demo, as `world.toml` carries them, and what each paper shows when.

use jiff::Timestamp;
use serde::Deserialize;
use std::collections::HashMap;

/// The text that the binary carries.
const WORLD: &str = include_str!("world.toml");

/// The moments at which the demo polls; an edition is made after the second and the fourth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
pub struct Step(pub u8);

/// All papers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct World {
    /// The papers.
    pub paper: Vec<Paper>,
}

/// One invented newspaper.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paper {
    /// Its key as a source.
    pub key: String,
    /// Its printed name.
    pub name: String,
    /// Its province's key; absent for the central press.
    pub province: Option<String>,
    /// Its host, under `.example`.
    pub host: String,
    /// From this step on its feed answers with a maintenance page.
    pub broken_from: Option<Step>,
    /// Its articles.
    #[serde(default)]
    pub item: Vec<Item>,
}

/// One invented article.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// The path of its address, without the leading slash.
    pub path: String,
    /// When it was published.
    pub at: Timestamp,
    /// The first poll at which the feed shows it.
    pub step: Step,
    /// The section printed in the feed.
    pub category: String,
    /// `host/path` of the article that this one copies: what is not given here is taken from there.
    pub copy_of: Option<String>,
    /// The headline.
    pub title: Option<String>,
    /// The lead.
    pub sapo: Option<String>,
    /// Paragraphs, separated by blank lines.
    pub body: Option<String>,
    /// The headline from the step after its first on, where it was retouched.
    pub retitled: Option<String>,
}

impl World {
    /// The world of the binary.
    ///
    /// # Errors
    /// When `world.toml` does not fit [`World`], or a copy names an article that is not there.
    pub fn load() -> anyhow::Result<Self> {
        let mut world: Self = toml::from_str(WORLD)?;
        world.fill_copies()?;
        Ok(world)
    }

    /// Gives every copy the texts of its original.
    fn fill_copies(&mut self) -> anyhow::Result<()> {
        let originals: HashMap<String, Item> = self
            .paper
            .iter()
            .flat_map(|paper| {
                paper
                    .item
                    .iter()
                    .map(|item| (format!("{}/{}", paper.host, item.path), item.clone()))
            })
            .collect();
        for item in self.paper.iter_mut().flat_map(|paper| &mut paper.item) {
            let Some(name) = &item.copy_of else { continue };
            let original = originals
                .get(name)
                .ok_or_else(|| anyhow::anyhow!("demo: no article {name} to copy"))?;
            for (own, theirs) in [
                (&mut item.title, &original.title),
                (&mut item.sapo, &original.sapo),
                (&mut item.body, &original.body),
            ] {
                if own.is_none() {
                    own.clone_from(theirs);
                }
            }
        }
        Ok(())
    }

    /// What `host` answers to `path` at `step`: status, content type and body.
    pub fn answer(&self, host: &str, path: &str, step: Step) -> (u16, &'static str, String) {
        let Some(paper) = self.paper.iter().find(|paper| paper.host == host) else {
            return (404, "text/plain", String::new());
        };
        match path {
            "/rss/home.rss" if paper.broken_from.is_some_and(|from| from <= step) => {
                (200, "text/html; charset=utf-8", maintenance(paper))
            }
            "/rss/home.rss" => (200, "application/rss+xml; charset=utf-8", rss(paper, step)),
            _ => match paper
                .item
                .iter()
                .find(|item| item.step <= step && path.trim_start_matches('/') == item.path)
            {
                Some(item) => (200, "text/html; charset=utf-8", page(paper, item, step)),
                None => (404, "text/plain", String::new()),
            },
        }
    }
}

impl Item {
    fn title_at(&self, step: Step) -> &str {
        match &self.retitled {
            Some(title) if step > self.step => title,
            _ => self.title.as_deref().unwrap_or_default(),
        }
    }
}

/// The newest items, newest first, as a newspaper's RSS 2.0.
fn rss(paper: &Paper, step: Step) -> String {
    let mut items: Vec<&Item> = paper.item.iter().filter(|item| item.step <= step).collect();
    items.sort_by_key(|item| std::cmp::Reverse(item.at));
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\"><channel><title>{}</title>\
         <link>http://{}/</link><description>Tin mới nhất</description><language>vi-vn</language>\n",
        xml(&paper.name),
        paper.host
    );
    for item in items {
        let link = format!("http://{}/{}", paper.host, item.path);
        let date = item
            .at
            .to_zoned(super::zone())
            .strftime("%a, %d %b %Y %H:%M:%S %z");
        out.push_str(&format!(
            "<item><title>{}</title><link>{link}</link><guid isPermaLink=\"true\">{link}</guid><pubDate>{date}</pubDate>\
             <category>{}</category><description>{}</description></item>\n",
            xml(item.title_at(step)),
            xml(&item.category),
            xml(item.sapo.as_deref().unwrap_or_default()),
        ));
    }
    out.push_str("</channel></rss>\n");
    out
}

/// An article page as a newspaper's CMS prints it.
fn page(paper: &Paper, item: &Item, step: Step) -> String {
    let printed = item.at.to_zoned(super::zone()).strftime("%d/%m/%Y - %H:%M");
    let paragraphs: String = item
        .body
        .as_deref()
        .unwrap_or_default()
        .split("\n\n")
        .filter(|text| !text.trim().is_empty())
        .map(|text| format!("<p>{}</p>\n", xml(text.trim())))
        .collect();
    let (title, sapo) = (
        xml(item.title_at(step)),
        xml(item.sapo.as_deref().unwrap_or_default()),
    );
    format!(
        "<!doctype html><html lang=\"vi\"><head><meta charset=\"utf-8\"><title>{title} - {name}</title>\
         <link rel=\"canonical\" href=\"http://{host}/{path}\">\
         <meta property=\"article:published_time\" content=\"{iso}\"></head><body>\
         <header><nav><a href=\"/\">Trang chủ</a> <a href=\"/chinh-tri\">Chính trị</a></nav></header>\
         <article><h1>{title}</h1><p class=\"time\">{printed}</p><p class=\"sapo\"><strong>{sapo}</strong></p>\n\
         <div class=\"content\">{paragraphs}</div></article><footer>{name}</footer></body></html>\n",
        name = xml(&paper.name),
        host = paper.host,
        path = item.path,
        iso = item
            .at
            .to_zoned(super::zone())
            .strftime("%Y-%m-%dT%H:%M:%S%:z"),
    )
}

fn maintenance(paper: &Paper) -> String {
    format!(
        "<!doctype html><html lang=\"vi\"><head><title>Bảo trì</title></head><body><h1>{}</h1>\
         <p>Hệ thống đang được bảo trì, mời bạn đọc quay lại sau.</p></body></html>",
        xml(&paper.name)
    )
}

fn xml(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_world_is_large_and_mixed_enough() {
        let world = World::load().unwrap();
        let items = world
            .paper
            .iter()
            .map(|paper| paper.item.len())
            .sum::<usize>();
        let provinces: std::collections::BTreeSet<_> = world
            .paper
            .iter()
            .filter_map(|paper| paper.province.as_deref())
            .collect();
        assert!(world.paper.len() >= 12, "{} papers", world.paper.len());
        assert!(provinces.len() >= 8, "{} provinces", provinces.len());
        assert!(items >= 120, "{items} items");
        assert_eq!(
            world
                .paper
                .iter()
                .filter(|paper| paper.broken_from.is_some())
                .count(),
            1
        );
        assert!(
            world
                .paper
                .iter()
                .flat_map(|paper| &paper.item)
                .any(|item| item.retitled.is_some())
        );
    }

    #[test]
    fn every_item_has_its_texts_and_an_address_of_its_own() {
        let world = World::load().unwrap();
        for paper in &world.paper {
            assert!(paper.host.ends_with(".example"), "{}", paper.host);
            let mut paths = std::collections::BTreeSet::new();
            for item in &paper.item {
                assert!(
                    paths.insert(&item.path),
                    "{}/{} stands twice",
                    paper.host,
                    item.path
                );
                assert!(
                    item.title.as_deref().is_some_and(|t| !t.is_empty()),
                    "{}/{}",
                    paper.host,
                    item.path
                );
                assert!(
                    item.sapo.as_deref().is_some_and(|t| t.len() > 60),
                    "{}/{}",
                    paper.host,
                    item.path
                );
                assert!(
                    (1..=4).contains(&item.step.0),
                    "{}/{}",
                    paper.host,
                    item.path
                );
            }
        }
    }
}
