//! Whether today's editions are out. An edition half an hour behind its time is a signal: for `status`, the log, and the
//! admin's mail.

use super::calendar;
use super::works::{Setup, Works};
use crate::model::{DeliveryState, DigestName};
use crate::store::{DeliveryRow, StoreError};
use jiff::{SignedDuration, Timestamp};

/// How long an edition may take from its time until the first recipient has it.
pub const OUT_WITHIN: SignedDuration = SignedDuration::from_mins(30);
/// A slot is looked back at for as long as a missed one would be made up.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// An edition that should be out and is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Late {
    /// Whose.
    pub digest: DigestName,
    /// Its slot, `YYYY-MM-DDTHH:MM`.
    pub slot: String,
    /// When it was due.
    pub due: Timestamp,
    /// `None`: it was not even made; else how many mails wait while nobody has one.
    pub waiting: Option<usize>,
}

impl Late {
    /// For people: "hang-ngay, kỳ 06:30 ngày 23/11: chưa lập được".
    pub fn in_vietnamese(&self) -> String {
        let (day, time) = self.slot.split_once('T').unwrap_or((&self.slot, ""));
        let mut parts = day.split('-').rev();
        let day = parts.next().unwrap_or_default();
        let month = parts.next().unwrap_or_default();
        let what = match self.waiting {
            None => "chưa lập được".to_owned(),
            Some(mails) => format!("đã lập nhưng chưa ai nhận được, {mails} thư đang chờ"),
        };
        format!("{}, kỳ {time} ngày {day}/{month}: {what}", self.digest)
    }
}

/// The editions that are late now.
///
/// # Errors
/// When the store cannot be read.
pub async fn late(works: &Works, setup: &Setup) -> Result<Vec<Late>, StoreError> {
    let now = works.clock.now();
    let mut found = Vec::new();
    for plan in calendar::plans(works, setup).await? {
        let Some(slot) = plan.schedule.last_slot(now) else {
            continue;
        };
        let waited = now.duration_since(slot.at);
        if waited < OUT_WITHIN || waited > LOOK_BACK || slot.at < plan.since {
            continue;
        }
        let late = |waiting| Late {
            digest: plan.digest.clone(),
            slot: slot.text.clone(),
            due: slot.at,
            waiting,
        };
        match &plan.last {
            Some(last) if last.slot >= slot.text => {
                let mails = works.store.deliveries_of(&plan.digest, &last.slot).await?;
                found.extend(all_wait(&mails).map(|mails| late(Some(mails))));
            }
            _ => found.push(late(None)),
        }
    }
    Ok(found)
}

/// How many mails wait, if nobody has one yet.
fn all_wait(mails: &[DeliveryRow]) -> Option<usize> {
    let open = |mail: &&DeliveryRow| mail.due_at.is_some();
    let waiting = mails.iter().filter(open).count();
    let sent = mails.iter().any(|mail| mail.state == DeliveryState::Sent);
    (waiting > 0 && !sent).then_some(waiting)
}
