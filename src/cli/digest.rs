//! `digest`: compose today's edition, or render a frozen one again; optionally send it.

use super::app::{self, AppError};
use super::args::Args;
use super::out;
use crate::config::DigestConfig;
use crate::daemon::gate::Gate;
use crate::daemon::letter::{self, Composed, Writer};
use crate::daemon::post;
use crate::daemon::works::{Setup, Works};
use crate::daemon::{calendar, desk};
use crate::edition::{self, window};
use crate::model::Span;
use crate::store::{NewDelivery, StoreError, StoredEdition};
use anyhow::Context as _;
use jiff::civil::Date;
use std::path::Path;
use std::sync::Arc;

/// What the command line asks for.
pub struct Options<'a> {
    /// The digest's name.
    pub name: &'a str,
    /// Which day's edition; today's by default.
    pub date: Option<Date>,
    /// Compose without freezing.
    pub dry_run: bool,
    /// Where to write the forms.
    pub out: Option<&'a Path>,
    /// Send what is due afterwards.
    pub send: bool,
    /// Send the frozen edition to this recipient once more.
    pub resend: Option<&'a str>,
    /// Compose the edition of this day anew, beside the frozen one.
    pub replay: Option<Date>,
    /// List what was passed over by the least.
    pub near_misses: bool,
}

/// Runs the command.
pub async fn run(args: &Args, options: &Options<'_>) -> Result<(), AppError> {
    let works = match app::owner(args).await {
        Err(AppError::Store(StoreError::InUse { .. })) => app::beside(args)
            .await?
            .ok_or_else(|| AppError::Usage(app::no_data(args)))?,
        works => works?,
    };
    let setup = works.setup();
    let digest = find(&setup, options.name)?;
    if let Some(recipient) = options.resend {
        resend(&works, &setup, digest, options.date, recipient).await?;
        return send(&works).await;
    }
    if let Some(date) = options.replay {
        return super::replay::run(args, &works, digest, date, options.out).await;
    }
    let composed = edition_of(&works, &setup, digest, options).await?;
    if let Some(dir) = options.out {
        write_forms(&works, digest, &composed, dir, "edition").await?;
    }
    report(args, &composed);
    if options.near_misses {
        // The hours that an edition names end with a whole minute; what came after that was looked at too.
        let covers = composed.edition.window.covers;
        let known = Span {
            to: covers.to.max(composed.edition.composed_at),
            ..covers
        };
        super::near_misses::print(args, &works, known).await?;
    }
    if options.send {
        send(&works).await?;
    }
    Ok(())
}

/// The digest of that name.
pub fn find<'a>(setup: &'a Setup, name: &str) -> Result<&'a DigestConfig, AppError> {
    setup
        .config
        .digests
        .iter()
        .find(|digest| digest.name.as_str() == name)
        .ok_or_else(|| {
            let known: Vec<&str> = setup
                .config
                .digests
                .iter()
                .map(|digest| digest.name.as_str())
                .collect();
            AppError::Usage(format!(
                "no digest {name:?} in diembao.toml; there is: {}",
                known.join(", ")
            ))
        })
}

/// The frozen edition of the day, or a new one for today.
async fn edition_of(
    works: &Works,
    setup: &Arc<Setup>,
    digest: &DigestConfig,
    options: &Options<'_>,
) -> Result<Composed, AppError> {
    let now = works.clock.now();
    let today = now.to_zoned(setup.config.daemon.time_zone.clone()).date();
    let date = options.date.unwrap_or(today);
    if !options.dry_run
        && let Some(stored) = works.store.find_edition(&digest.name, date).await?
    {
        return Ok(Composed {
            edition: stored.edition,
            rendered: stored.rendered,
            frozen: false,
        });
    }
    if date != today {
        return Err(AppError::Work(anyhow::anyhow!(
            "there is no edition of {} for {date}",
            digest.name
        )));
    }
    if works.store.is_owner() {
        desk::analyse_pending(works, || ())
            .await
            .map_err(anyhow::Error::from)?;
    }
    let plan = calendar::plan(works, setup, digest).await?;
    let slot = plan
        .schedule
        .appointment(date)
        .context("the date stands outside of all calendars")?;
    let covers =
        window::covers(&plan, &slot, now).context("the clock stands outside of all calendars")?;
    let due = window::Due {
        digest: digest.name.clone(),
        slot: slot.text,
        covers,
    };
    if options.dry_run {
        return Ok(desk::compose(works, setup, digest, &due)
            .await
            .map_err(anyhow::Error::from)?);
    }
    let made = desk::compose_and_freeze(works, setup, digest, &due)
        .await
        .map_err(anyhow::Error::from)?;
    Ok(made.context(
        "another process composed this edition at the same moment; run the command again",
    )?)
}

/// Writes `NAME.eml`, `.html`, `.txt`, `.json`, `.csv` and `.docx` into `dir`.
pub async fn write_forms(
    works: &Works,
    digest: &DigestConfig,
    composed: &Composed,
    dir: &Path,
    name: &str,
) -> Result<(), AppError> {
    let recipient = letter::recipients(digest)
        .into_iter()
        .next()
        .unwrap_or_default();
    let setup = works.setup();
    let letter = letter_to(works, &setup, digest, composed, &recipient)
        .await?
        .message;
    let json = edition::to_json(&composed.edition).to_string();
    let word = letter::word_file(&setup, digest, &composed.edition).map_err(anyhow::Error::from)?;
    let write = |ending: &str, bytes: &[u8]| {
        let path = dir.join(format!("{name}.{ending}"));
        std::fs::write(&path, bytes).with_context(|| format!("writing {}", path.display()))
    };
    std::fs::create_dir_all(dir).with_context(|| format!("making {}", dir.display()))?;
    write("eml", &letter)?;
    write("html", composed.rendered.html.as_bytes())?;
    write("txt", composed.rendered.text.as_bytes())?;
    write("json", json.as_bytes())?;
    write("csv", &edition::to_csv(&composed.edition))?;
    write("docx", &word)?;
    Ok(())
}

async fn letter_to(
    works: &Works,
    setup: &Setup,
    digest: &DigestConfig,
    composed: &Composed,
    recipient: &str,
) -> Result<NewDelivery, AppError> {
    let writer = Writer::new(works, setup, digest, composed).await;
    let letter = writer.and_then(|writer| writer.letter(recipient));
    Ok(letter.map_err(anyhow::Error::from)?)
}

fn report(args: &Args, composed: &Composed) {
    if args.json {
        out::json(&edition::to_json(&composed.edition));
    } else if !args.quiet {
        out::line(&format!(
            "Số {}: {}",
            composed.edition.number, composed.rendered.subject
        ));
    }
}

/// Puts the edition of a day, by default the last one, into the outbox once more for one recipient: the same bytes and
/// Message-ID where it has had it, else the letter as it would have got it.
async fn resend(
    works: &Works,
    setup: &Setup,
    digest: &DigestConfig,
    date: Option<Date>,
    recipient: &str,
) -> Result<(), AppError> {
    let last = works.store.last_edition(&digest.name).await?;
    let stored = match (date, last) {
        (Some(date), _) => works.store.find_edition(&digest.name, date).await?,
        (None, Some(last)) => works.store.edition(last.id).await?,
        (None, None) => None,
    };
    let stored = stored
        .with_context(|| format!("chưa có bản {} nào của ngày này để gửi lại", digest.name))?;
    if works.store.has_left(&digest.name, recipient).await? {
        return Err(AppError::Work(anyhow::anyhow!(
            "{recipient} đã tự ngừng nhận {0}; muốn gửi lại thì trước hết: diembao outbox rejoin {recipient} --digest {0}",
            digest.name
        )));
    }
    let (now, number) = (works.clock.now(), stored.edition.number);
    let queued = works.store.resend(stored.id, recipient, now).await?
        || add(works, setup, digest, stored, recipient).await?;
    if !queued {
        return Err(AppError::Work(anyhow::anyhow!(
            "bản số {number} đang được gửi tới {recipient}; xem `diembao outbox list`"
        )));
    }
    Gate::open_now(&works.store).await?;
    out::line(&format!(
        "Bản {} số {number} được xếp gửi lại cho {}.",
        digest.name,
        out::safe(recipient)
    ));
    Ok(())
}

/// A first delivery for somebody who was put on the list later; `false` if there is one already.
async fn add(
    works: &Works,
    setup: &Setup,
    digest: &DigestConfig,
    stored: StoredEdition,
    recipient: &str,
) -> Result<bool, AppError> {
    let Some(address) = letter::recipients(digest)
        .into_iter()
        .find(|address| address.eq_ignore_ascii_case(recipient))
    else {
        return Err(AppError::Usage(format!(
            "{recipient} không có trong recipients của {}; hãy thêm vào diembao.toml trước",
            digest.name
        )));
    };
    let composed = Composed {
        edition: stored.edition,
        rendered: stored.rendered,
        frozen: false,
    };
    let new = letter_to(works, setup, digest, &composed, &address).await?;
    let now = works.clock.now();
    Ok(works.store.add_delivery(stored.id, new, now).await?)
}

/// Sends what is due; beside the daemon, the daemon does.
async fn send(works: &Works) -> Result<(), AppError> {
    if !works.store.is_owner() {
        out::line("Dịch vụ đang chạy sẽ gửi ngay.");
        return Ok(());
    }
    let sent = post::pass(works, || true)
        .await
        .map_err(anyhow::Error::from)?;
    out::line(&format!(
        "Đã gửi {}, hoãn {}, bị từ chối {}.",
        sent.sent, sent.deferred, sent.failed
    ));
    if sent.deferred + sent.failed > 0 {
        return Err(AppError::Work(anyhow::anyhow!(
            "not every mail went out; see `diembao outbox list`"
        )));
    }
    Ok(())
}
