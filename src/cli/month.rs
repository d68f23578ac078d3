//! `digest NAME --month YYYY-MM`: a month of editions in counts, for the monthly press briefing.

use super::app::{self, AppError};
use super::args::Args;
use super::{digest, out};
use crate::daemon::material;
use crate::edition::{Month, Tally};
use anyhow::Context as _;
use jiff::ToSpan as _;
use jiff::civil::Date;
use std::path::Path;

/// Columns of the longest bar.
const BAR: u32 = 30;

/// Runs the command; reads only, also beside the service.
pub async fn run(args: &Args, name: &str, first: Date, dir: Option<&Path>) -> Result<(), AppError> {
    let Some(works) = app::beside(args).await? else {
        return Err(AppError::Usage(app::no_data(args)));
    };
    let setup = works.setup();
    let digest = digest::find(&setup, name)?;
    let last = first.saturating_add(1.month()).saturating_sub(1.day());
    let stored = works
        .store
        .editions_between(&digest.name, first, last)
        .await?;
    let editions: Vec<_> = stored.into_iter().map(|stored| stored.edition).collect();
    let month = Month::of(&digest.title, first, &editions, &material::topics(&setup));
    if let Some(dir) = dir {
        let now = works.clock.now();
        let today = now.to_zoned(setup.config.daemon.time_zone.clone()).date();
        let html = month.html().map_err(anyhow::Error::from)?;
        let word = month
            .docx(&digest.docx, now, today)
            .map_err(anyhow::Error::from)?;
        std::fs::create_dir_all(dir).with_context(|| format!("making {}", dir.display()))?;
        let stem = format!("thang-{}", first.strftime("%Y-%m"));
        for (ending, bytes) in [
            ("html", html.into_bytes()),
            ("docx", word),
            ("csv", month.csv()),
        ] {
            let path = dir.join(format!("{stem}.{ending}"));
            std::fs::write(&path, bytes).with_context(|| format!("writing {}", path.display()))?;
        }
    }
    if args.json {
        out::json(&month);
    } else if !args.quiet {
        print(&month);
    }
    Ok(())
}

fn print(month: &Month) {
    out::line(&month.title());
    out::line(&month.summary());
    for (heading, tallies) in [
        ("Theo lĩnh vực (số sự việc)", &month.by_topic),
        ("Theo tỉnh, thành phố (số sự việc)", &month.by_province),
        ("Theo báo (số bài)", &month.by_paper),
        ("Theo kỳ (số bài)", &month.by_day),
    ] {
        out::line("");
        out::table(&[heading, "", ""], rows(tallies));
    }
}

fn rows(tallies: &[Tally]) -> Vec<Vec<String>> {
    let longest = tallies.iter().map(|tally| tally.count).max().unwrap_or(0);
    let bar = |count: u32| "#".repeat((count * BAR / longest.max(1)) as usize);
    tallies
        .iter()
        .map(|tally| {
            vec![
                tally.label.clone(),
                tally.count.to_string(),
                bar(tally.count),
            ]
        })
        .collect()
}
