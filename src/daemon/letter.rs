//! From an edition to one recipient's letter: who it is from, to whom, and its exact bytes.

use super::works::Setup;
use crate::config::DigestConfig;
use crate::edition::{self, RenderOptions};
use crate::mail::{self, Address, Attachment, BuildError, Envelope};
use crate::model::{Edition, Rendered};

/// Sender and recipient of mails as files where the config names none (RFC 2606: no such host).
const NOBODY: &str = "diem-bao@diembao.invalid";
/// The media type of a Word file (ECMA-376).
const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
/// The subject of a mail by which a recipient takes leave.
const UNSUBSCRIBE_SUBJECT: &str = "Ngừng nhận điểm báo";

/// An edition with its forms, frozen or not.
#[derive(Debug, Clone)]
pub struct Composed {
    /// What it says.
    pub edition: Edition,
    /// As it is sent.
    pub rendered: Rendered,
    /// Whether this call froze it.
    pub frozen: bool,
}

/// Who gets a digest: its recipients, or for one without any the file's own reader.
pub fn recipients(digest: &DigestConfig) -> Vec<String> {
    if digest.recipients.is_empty() {
        return vec![digest.contact.clone().unwrap_or_else(|| NOBODY.to_owned())];
    }
    digest
        .recipients
        .iter()
        .map(|recipient| recipient.address.clone())
        .collect()
}

/// What the edition's footer says of this digest.
pub fn render_options(setup: &Setup, digest: &DigestConfig) -> RenderOptions {
    let sender = setup
        .config
        .smtp
        .as_ref()
        .map(|smtp| smtp.from.address.as_str());
    let leave = digest
        .contact
        .as_deref()
        .or(sender)
        .unwrap_or(NOBODY)
        .parse::<Address>()
        .ok();
    RenderOptions {
        contact: digest.contact.clone(),
        unsubscribe: leave.map(|to| unsubscribe(&to)),
        web_url: None,
        note: setup.template_faults.first().map(edition::fallback_note),
    }
}

fn unsubscribe(to: &Address) -> String {
    mail::unsubscribe_mailto(to, UNSUBSCRIBE_SUBJECT)
}

/// The exact bytes of one recipient's mail with these [`attachments`], and its Message-ID.
///
/// # Errors
/// When the letter cannot be written; never because of what a newspaper wrote.
pub fn letter(
    setup: &Setup,
    digest: &DigestConfig,
    composed: &Composed,
    attachments: &[Attachment],
    recipient: &str,
) -> Result<(String, Vec<u8>), LetterError> {
    let smtp = setup.config.smtp.as_ref();
    let sender = smtp.map(|smtp| &smtp.from);
    let from = sender
        .map_or_else(
            || digest.contact.as_deref().unwrap_or(NOBODY),
            |s| s.address.as_str(),
        )
        .parse::<Address>()?;
    let edition = &composed.edition;
    let message_id = mail::message_id(
        digest.name.as_str(),
        edition.number,
        recipient,
        from.domain(),
    );
    let contact = digest
        .contact
        .as_deref()
        .and_then(|contact| contact.parse::<Address>().ok());
    let leave = contact.as_ref().unwrap_or(&from);
    let envelope = Envelope {
        from_name: sender
            .and_then(|sender| sender.name.clone())
            .unwrap_or_else(|| digest.title.clone()),
        reply_to: smtp
            .and_then(|smtp| smtp.reply_to.as_ref())
            .and_then(|to| to.address.parse::<Address>().ok())
            .or(contact.clone()),
        recipient: recipient.parse()?,
        list_name: digest.title.clone(),
        list_id: format!("{}.{}", digest.name, from.domain()),
        unsubscribe_mailto: Some(unsubscribe(leave)),
        unsubscribe_https: None,
        message_id: message_id.clone(),
        date: edition
            .composed_at
            .to_zoned(setup.config.daemon.time_zone.clone()),
        from,
    };
    let letter = mail::build(&envelope, &composed.rendered, attachments)?;
    let wanted = smtp.and_then(|smtp| smtp.dkim.as_ref());
    let letter = match (&setup.signer, wanted) {
        (Some(signer), _) => signer.sign(&letter),
        (None, None) => letter,
        (None, Some(dkim)) => return Err(LetterError::NoKey(dkim.domain.clone())),
    };
    Ok((message_id, letter))
}

/// What goes with the mails of an edition: the Word file, where the digest's carry it.
///
/// # Errors
/// When its archive cannot be written.
pub fn attachments(
    setup: &Setup,
    digest: &DigestConfig,
    composed: &Composed,
) -> Result<Vec<Attachment>, LetterError> {
    if !digest.docx.attach {
        return Ok(Vec::new());
    }
    let edition = &composed.edition;
    Ok(vec![Attachment {
        name: format!(
            "{} số {} ({}).docx",
            digest.title,
            edition.number,
            edition.date.strftime("%d-%m-%Y")
        ),
        content_type: DOCX.to_owned(),
        bytes: word_file(setup, digest, edition)?,
    }])
}

/// The edition as a Word file; the same bytes each time.
///
/// # Errors
/// When its archive cannot be written.
pub fn word_file(
    setup: &Setup,
    digest: &DigestConfig,
    edition: &Edition,
) -> Result<Vec<u8>, edition::WordError> {
    edition::docx(edition, &digest.docx, &render_options(setup, digest))
}

/// Why a letter could not be written.
#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    /// An address is none.
    #[error(transparent)]
    Address(#[from] mail::AddressError),
    /// See [`BuildError`].
    #[error(transparent)]
    Build(#[from] BuildError),
    /// Its Word file could not be made.
    #[error(transparent)]
    Word(#[from] edition::WordError),
    /// The key comes with the service, and this process is not the service.
    #[error("[smtp] dkim: the key of {0} is not to be had here; let the service compose")]
    NoKey(String),
}
